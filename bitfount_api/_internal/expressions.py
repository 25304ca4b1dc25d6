"""What the syntax tree of an expression shows about its value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from bitfount_api._internal.name_scopes import UNBOUND, Special

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api._internal.name_scopes import Scope, Values

_NOT_STRAIGHT: Final = (
    ast.Lambda,
    ast.IfExp,
    ast.BoolOp,
    ast.Compare,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def truth(test: ast.expr, scope: Scope) -> bool | None:
    """Return whether a condition is met; None if that depends on more than the syntax tree."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return None if any(isinstance(part, ast.Starred) for part in parts) else bool(parts)
        case ast.Dict(keys=keys) if None not in keys:
            return bool(keys)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = truth(operand, scope)
            return None if known is None else not known
        case ast.BoolOp(op=operator, values=operands):
            known_all = [truth(operand, scope) for operand in operands]
            decisive = isinstance(operator, ast.Or)
            if decisive in known_all:
                return decisive
            return None if None in known_all else not decisive
        case ast.Name(id="__debug__"):
            return True
        case ast.Name() | ast.Attribute():
            return False if _dotted(test, scope) == "typing.TYPE_CHECKING" else None
        case ast.Compare(
            left=ast.Name(id="__name__"),
            ops=[ast.Eq() | ast.NotEq() as operator],
            comparators=[ast.Constant(value="__main__")],
        ):
            return isinstance(operator, ast.NotEq)  # a loaded model is not the main program
        case _:
            return None


def _dotted(expression: ast.expr, scope: Scope) -> str | None:
    match expression:
        case ast.Name(id=name):
            values = scope.get(name)
        case ast.Attribute(value=ast.Name(id=name), attr=part):
            values = frozenset(
                f"{value}.{part}" if isinstance(value, str) else Special.OTHER
                for value in scope.get(name)
            )
        case _:
            return None
    (value, *more) = values
    return value if isinstance(value, str) and not more else None


def item_count(iterated: ast.expr, scope: Scope) -> int | None:
    match iterated:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return None if any(isinstance(part, ast.Starred) for part in parts) else len(parts)
        case ast.Constant(value=str() | bytes() as text):
            return len(text)
        case ast.Call(
            func=ast.Name(id="range"), args=[ast.Constant(value=int(count))], keywords=[]
        ):
            return max(count, 0) if scope.get("range") == UNBOUND else None
        case _:
            return None


def catches_all(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case None | ast.Name(id="BaseException" | "Exception"):
            return True
        case _:
            return False


def is_straight(expression: ast.expr) -> bool:
    """Whether all parts of an expression are always evaluated, in its own scope."""
    return not any(isinstance(node, _NOT_STRAIGHT) for node in ast.walk(expression))


def case_matches(subject: ast.expr, case: ast.match_case) -> bool | None:
    known: bool | None = None
    match case.pattern:
        case ast.MatchAs(pattern=None):
            known = True
        case ast.MatchValue(value=ast.Constant(value=value)) | ast.MatchSingleton(value=value):
            if isinstance(subject, ast.Constant):
                known = type(value) is type(subject.value) and value == subject.value
    if known is False:
        return False
    return known if case.guard is None else None


def own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, without those of its blocks."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from statement.decorator_list
        yield from statement.args.defaults
        yield from (default for default in statement.args.kw_defaults if default is not None)
        return
    for name, field in ast.iter_fields(statement):
        if name == "annotation":
            continue
        for node in field if isinstance(field, list) else [field]:
            if isinstance(node, ast.expr):
                yield node
            elif isinstance(node, ast.withitem):
                yield node.context_expr
            elif isinstance(node, ast.keyword):
                yield node.value


def shown_base(base: ast.expr, values: Values) -> str:
    """Return a base class as text: a dotted name, or ``?``."""
    names = sorted(
        value if isinstance(value, str) else value.name
        for value in values
        if not isinstance(value, Special)
    )
    if names:
        return " or ".join(name.removeprefix("*.") for name in names)
    parts: list[str] = []
    while True:
        match base:
            case ast.Subscript(value=inner):
                base = inner
            case ast.Attribute(value=inner, attr=part):
                parts.append(part)
                base = inner
            case ast.Name(id=name):
                return ".".join([name, *reversed(parts)])
            case _:
                return "?"
