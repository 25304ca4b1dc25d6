"""What parts of a syntax tree run, and which names they bind."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNCERTAIN: Final = (
    *(ast.IfExp, ast.BoolOp, ast.Compare, ast.NamedExpr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""Expressions that bind names, or with parts that are not always evaluated."""


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and its parts, without the insides of functions and classes."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        for part in ast.iter_child_nodes(node):
            yield from executed(part)


def bound_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that code may bind or delete."""
    return {name for each in nodes for node in executed(each) for name in bound_by(node)}


def bound_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself may bind or delete, without its parts."""
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name.split(".")[0]
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.alias():
            pass
        case _:
            yield from (
                name
                for name in (getattr(node, "name", None), getattr(node, "rest", None))
                if isinstance(name, str)
            )


def always_bound(statements: Iterable[ast.stmt]) -> set[str]:
    """Return names that statements bind if none of them raises an exception."""
    simple = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign)
    return bound_names(each for each in statements if isinstance(each, simple))


def raises(statements: list[ast.stmt]) -> bool:
    """Whether statements end with an exception."""
    return bool(statements) and isinstance(statements[-1], ast.Raise)


def is_uncertain(nodes: Iterable[ast.AST]) -> bool:
    """Whether an expression binds names, or has parts that are not always evaluated."""
    return any(isinstance(node, _UNCERTAIN) for node in nodes)
