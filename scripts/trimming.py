"""Remove from a generated client what its request builders do not need.

The typed layer sends the requests and reads the responses itself. Of a generated client it uses the
function ``build_request`` of each endpoint, and the models of the request bodies. Everything else,
the clients and the parsers and models of responses, would be shipped without being used.

A definition at the top level of a module stays if a builder needs it: directly, or through other
definitions, also of other modules of the client. A module without such a definition is deleted.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

ROOT_NAME = "build_request"


@attrs.frozen
class _Definition:
    """A name of the top level of a module."""

    module: Path
    name: str


class _Module:
    """The definitions and imports of a module.

    Args:
        path: The module's file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.definitions: dict[str, ast.stmt] = {}
        self.imports: dict[str, _Definition] = {}
        for statement in ast.parse(self.text).body:
            match statement:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.definitions[name] = statement
                case ast.ClassDef(name=name):
                    self.definitions[name] = statement
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    self.definitions[name] = statement
        # Also the imports of functions, and those for type checkers.
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.ImportFrom) and node.level:
                target = _imported_module(path, node)
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = _Definition(target, alias.name)

    def needs(self, name: str) -> set[_Definition]:
        """Return what a definition needs: other definitions, here and in other modules."""
        found = set()
        for used in _names(self.definitions[name]):
            if used in self.imports:
                found.add(self.imports[used])
            elif used in self.definitions and used != name:
                found.add(_Definition(self.path, used))
        return found

    def without(self, unused: set[str]) -> str:
        """Return the module's text without some of its definitions."""
        lines = self.text.splitlines(keepends=True)
        for name in unused:
            statement = self.definitions[name]
            decorators = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(each.lineno for each in decorators)]) - 1
            # Comments above it are about it.
            while first and lines[first - 1].startswith("#"):
                first -= 1
            end = statement.end_lineno or statement.lineno
            lines[first:end] = [""] * (end - first)
        return "".join(lines)


def trim(package: Path) -> None:
    """Remove what no request builder needs, in place.

    Imports that are not used any more are left to the linter.

    Args:
        package: The folder of the generated client.
    """
    modules = {path: _Module(path) for path in package.rglob("*.py") if path.name != "__init__.py"}
    needed: set[_Definition] = set()
    waiting = {
        _Definition(path, ROOT_NAME)
        for path, module in modules.items()
        if ROOT_NAME in module.definitions
    }
    while waiting:
        definition = waiting.pop()
        needed.add(definition)
        waiting |= modules[definition.module].needs(definition.name) - needed
    for path, module in modules.items():
        kept = {each.name for each in needed if each.module == path}
        if not kept:
            path.unlink()
            continue
        text = module.without(module.definitions.keys() - kept)
        path.write_text(text, encoding="utf-8", newline="\n")
    front = package / "__init__.py"
    about = ast.get_docstring(ast.parse(front.read_text(encoding="utf-8")))
    # Without the imports of the client.
    front.write_text(f'"""{about}"""\n', encoding="utf-8", newline="\n")


def _imported_module(path: Path, node: ast.ImportFrom) -> Path:
    """Return the file of the module that a relative import imports from."""
    folder = path.parents[node.level - 1]
    return folder.joinpath(*(node.module or "").split(".")).with_suffix(".py")


def _names(statement: ast.stmt) -> set[str]:
    """Return all names in a statement, and those in its annotations that are texts."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and str(node.value).isidentifier():
            # Annotations are texts where a name is imported for type checkers only.
            found.add(str(node.value))
    return found
