"""Arrows point down only: which module may import which."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = "bitfount_api"

# From the top down. A module imports from its own layer or from those below it.
LAYERS: list[set[str]] = [
    {"__main__", "cli", "pytest_plugin", "_pyinstaller"},
    {"pod_schema"},
    {"async_hub", "async_am", "async_smart_on_fhir", "hub", "am", "smart_on_fhir"},
    {"async_streams", "streams"},
    {"_client"},
    {"session", "_operations"},
    {"auth"},
    {"_io"},
    {"notebook", "redaction", "_core"},
    {"models", "schemas", "_transfer"},
    {
        *{
            "_generated",
            "_internal",
            "_version",
            "config",
            "events",
            "files",
            "hashes",
            "identifiers",
            "keys",
            "progress",
        },
        *{"profiles", "retries", "transfers", "types"},
    },
    {"exceptions"},
]


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), path


MODULES = dict(modules())


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules of ours that run when a module, or a function in it, does."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        yield from imported(node)


def arrows(name: str) -> set[str]:
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    ours = {target for target in imported(tree) if target.split(".")[0] == PACKAGE}
    return ours - {name, PACKAGE}


def noun(name: str) -> str:
    """The first part of a module's name within the package."""
    return name.split(".")[1]


def layer(name: str) -> int:
    (found,) = (number for number, names in enumerate(LAYERS) if noun(name) in names)
    return found


LAYERED = [name for name in MODULES if name != PACKAGE and noun(name) != "sandbox"]


@pytest.mark.parametrize("name", LAYERED)
def test_modules_import_only_downwards(name: str) -> None:
    upwards = {
        target
        for target in arrows(name)
        if noun(target) != "sandbox" and layer(target) < layer(name)
    }
    assert not upwards, f"{name} imports from a layer above its own"


def test_no_imports_are_circular() -> None:
    graph = {name: arrows(name) for name in MODULES}
    # What imports nothing that is left is taken away; a circle would be left over.
    while free := {name for name, targets in graph.items() if not targets & graph.keys()}:
        graph = {name: targets for name, targets in graph.items() if name not in free}
    assert not graph


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.startswith(f"{PACKAGE}.sandbox")]
)
def test_sandbox_imports_no_client(name: str) -> None:
    assert {
        target for target in arrows(name) if not target.startswith(f"{PACKAGE}.sandbox")
    } == set()


@pytest.mark.parametrize("name", LAYERED)
def test_only_its_starters_import_the_sandbox(name: str) -> None:
    if noun(name) not in ("cli", "pytest_plugin"):
        assert not {target for target in arrows(name) if noun(target) == "sandbox"}


def test_only_io_opens_connections() -> None:
    """Only ``_io`` sends requests through httpcore or httpx, so that a successor is small."""
    sending = {
        name
        for name, path in MODULES.items()
        if re.search(
            r"\.handle_(async_)?request\(|client\.send\(|Client\(transport", path.read_text("utf-8")
        )
        and noun(f"{name}.") != "sandbox"
    }
    assert sending == {
        f"bitfount_api._io.{name}" for name in ("sync_pool", "async_pool", "transports")
    }


@pytest.mark.parametrize("name", [name for name in MODULES if "._io" in name])
def test_io_uses_only_public_names_of_httpx_and_httpcore(name: str) -> None:
    """Private ones change without notice."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("httpx", "httpcore", "h11")
        ):
            assert not any(part.startswith("_") for part in str(node.module).split("."))
            assert not any(alias.name.startswith("_") for alias in node.names)
        if (
            isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and ast.unparse(node) != ASYNCIO
        ):
            assert ast.unparse(node.value) in ("self", "trust"), ast.unparse(node)


ASYNCIO = "transport._force_close"
"""What a transport of Python 3.11 lacks: without it, asyncio raises a ``TypeError``."""

MAX_LINES = 450
CODE_OF_THE_HUB = 600
"""The maximum number of lines of a class with three dozen operations, docstrings not counted."""
LONG_MODULES = dict.fromkeys(("bitfount_api.async_hub", "bitfount_api.hub"), CODE_OF_THE_HUB)


def docstring_lines(tree: ast.AST) -> int:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return sum(
        (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node)
    )


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_small_enough_to_read(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    lines = len(text.splitlines())
    if name in LONG_MODULES:
        lines -= docstring_lines(ast.parse(text))
    limit = LONG_MODULES.get(name, MAX_LINES)
    file = MODULES[name].relative_to(ROOT)
    assert lines <= limit, f"{file}: move a part to a new module: it has over {limit} lines"


def test_the_map_of_layers_is_complete() -> None:
    assert {noun(name) for name in LAYERED} == set().union(*LAYERS)
