"""The Python code that readers see: in the README, the pages and the examples."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
from support.pages import all_pages, python_modules

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *all_pages()]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))


@attrs.frozen
class Module:
    """The code of a page, or of an example, as one module.

    Args:
        source: The page or the file, relative to the repository.
        name: The name of the module.
        code: The code; its lines have the numbers that they have in the source.
    """

    source: str
    name: str
    code: str


def modules() -> Iterator[Module]:
    """Yield the code of the pages, and the examples."""
    for page in PAGES:
        source = page.relative_to(ROOT).as_posix()
        for title, code in python_modules(page.read_text(encoding="utf-8")).items():
            yield Module(source, re.sub(r"\W", "_", f"{source}_{title or ''}"), code)
    for path in EXAMPLES:
        source = path.relative_to(ROOT).as_posix()
        yield Module(source, path.stem, path.read_text(encoding="utf-8"))


def called_methods(code: str) -> set[str]:
    """Return the names of the methods that code calls, of any object."""
    return {
        node.func.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def used_names(code: str) -> set[str]:
    """Return the names that code imports from ``bitfount_api``, and all attributes in it."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module == "bitfount_api":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found
