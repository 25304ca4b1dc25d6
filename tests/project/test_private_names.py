"""The command line and the pytest plugin use the library as its users can: by public names."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "bitfount_api"
FILES = [*sorted((PACKAGE / "cli").rglob("*.py")), PACKAGE / "pytest_plugin.py"]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_names(tree: ast.AST) -> Iterator[str]:
    """Return the private names of the library in use: imports, attributes, names in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [word for word in node.value.split() if word.startswith("bitfount_api.")]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            # Whose it is cannot be seen here: no private attribute of another object is used.
            names = [node.attr]
        else:
            continue
        yield from (name for name in names if any(map(is_private, name.split("."))))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_module_uses_no_private_name(path: Path) -> None:
    assert list(private_names(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "_operations").glob("*.py")), ids=lambda path: path.stem
)
def test_operation_uses_generated_code_by_public_names(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        name
        for name in private_names(tree)
        if not name.startswith("bitfount_api.")  # an operation may use the package's own
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("endpoint._get_kwargs()", "_get_kwargs"),
        ("from bitfount_api._core import services", "bitfount_api._core.services"),
        (
            "from bitfount_api._internal.files import atomic_write",
            "bitfount_api._internal.files.atomic_write",
        ),
        ("def f():\n    import bitfount_api._core.effects", "bitfount_api._core.effects"),
        ("hub._run(1)", "_run"),
        ("client._owns_session = True", "_owns_session"),
        ("NAME = 'bitfount_api._operations.models'", "bitfount_api._operations.models"),
    ],
)
def test_private_name_is_found(code: str, found: str) -> None:
    assert list(private_names(ast.parse(code))) == [found]


@pytest.mark.parametrize(
    "code", ["from bitfount_api import __version__", "self._sessions", "_mine = 1; _mine.public"]
)
def test_public_or_own_name_is_not_found(code: str) -> None:
    assert list(private_names(ast.parse(code))) == []
