"""Follow what the top level of a module binds its names to, by its syntax tree.

Each name has the set of values that it may have, since a syntax tree does not show which branch of
an ``if`` runs, or where a ``try`` fails.
"""

from __future__ import annotations

import ast
import builtins
import sys
from typing import Final

import attrs

from bitfount_api._internal.expressions import (
    case_matches,
    catches_all,
    is_straight,
    item_count,
    own_expressions,
    shown_base,
    truth,
)
from bitfount_api._internal.name_scopes import (
    OTHER,
    UNBOUND,
    ClassValue,
    Scope,
    Special,
    Value,
    Values,
)

_MAX_TURNS: Final = 3
"""The most turns of a loop that are followed."""

_DYNAMIC: Final = frozenset({"globals", "locals", "vars", "exec", "eval", "setattr", "__import__"})
"""Functions that may bind names."""

_DEFINED: Final = frozenset(
    {
        *("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__"),
        *("__builtins__", "__annotations__", "__module__", "__qualname__", "__annotate__"),
        *("__conditional_annotations__", "__firstlineno__", "__static_attributes__"),
    }
)


@attrs.define
class _Loop:
    """A loop whose body is being followed."""

    outer: Scope
    finals: int
    breaks: list[Scope] = attrs.field(factory=list)
    continues: list[Scope] = attrs.field(factory=list)


class ModuleNames:
    """The names of a module after its code has run.

    Args:
        tree: The module.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.scope = Scope(is_block=False)
        self.classes: list[ClassValue] = []
        """All classes that may be made at the top level, in the order of their statements."""
        self.has_star = False
        self._loops: list[_Loop] = []
        self._finals: list[list[ast.stmt]] = []
        self._knows_all = True
        hidden: set[str] = set()
        for node in ast.walk(tree):
            # Whether, and when, a function runs is unknown.
            if isinstance(node, ast.Global):
                hidden.update(node.names)
            elif isinstance(node, ast.Name) and node.id in _DYNAMIC:
                self._knows_all = False
        self._hidden = hidden
        self._run(tree.body, self.scope)
        for name in hidden:
            self.scope.bind(name, self.scope.get(name) | OTHER)

    # --- Statements ------------------------------------------------------------------------------

    def _run(self, statements: list[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            if scope.failure is not None:
                return
            self._run_one(statement, scope)

    def _run_one(self, statement: ast.stmt, scope: Scope) -> None:
        for expression in own_expressions(statement):
            self._evaluate(expression, scope)
        if scope.failure is not None and not isinstance(statement, ast.ClassDef):
            return
        match statement:
            case ast.Import(names=aliases):
                for alias in aliases:
                    first = alias.name.split(".")[0]
                    value = alias.name if alias.asname else first
                    scope.bind(alias.asname or first, frozenset({value}))
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for alias in aliases:
                    if alias.name == "*":
                        self.has_star = True
                    else:
                        value = f"{module}.{alias.name}"
                        scope.bind(alias.asname or alias.name, frozenset({value}))
            case ast.ImportFrom(lineno=line):
                scope.failure = (
                    f"line {line}: a model is a single file, so none of its imports can be relative"
                )
            case ast.ClassDef():
                self._make_class(statement, scope)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                scope.bind(name, OTHER)
            case ast.Assign(targets=targets, value=assigned):
                for target in targets:
                    self._assign(target, assigned, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as assigned):
                self._assign(target, assigned, scope)
            case ast.AugAssign(target=target):
                self._assign(target, None, scope)
            case ast.Delete(targets=targets):
                self._delete(targets, scope)
            case ast.Raise(lineno=line):
                scope.failure = f"line {line}: it always raises an exception"
            case ast.Assert(test=test, lineno=line) if truth(test, scope) is False:
                scope.failure = f"line {line}: its assertion always fails"
            case ast.If():
                self._run_if(statement, scope)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._run_loop(statement, scope)
            case ast.Try() | ast.TryStar():
                self._run_try(statement, scope)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                self._run_with(items, body, scope)
            case ast.Match():
                self._run_match(statement, scope)
            case ast.Break() | ast.Continue() if self._loops:
                self._jump(statement, scope)
            case _ if sys.version_info >= (3, 12) and isinstance(statement, ast.TypeAlias):
                self._assign(statement.name, None, scope)

    def _make_class(self, statement: ast.ClassDef, scope: Scope) -> None:
        bases = tuple(self.resolve(base, scope) for base in statement.bases)
        shown = tuple(
            shown_base(base, values) for base, values in zip(statement.bases, bases, strict=True)
        )
        body = scope.for_class()
        if scope.failure is None:
            self._run(statement.body, body)
            scope.failure, scope.doubt = body.failure, scope.doubt or body.doubt
        made = ClassValue(statement.name, statement.lineno, bases, shown, body.values)
        self.classes.append(made)
        scope.bind(statement.name, frozenset({made}))

    def _delete(self, targets: list[ast.expr], scope: Scope) -> None:
        for target in targets:
            match target:
                case ast.Name(id=name):
                    if not self._may_be_hidden(name):
                        self._require(scope.get_own(name), target, scope)
                    scope.bind(name, UNBOUND)
                case ast.Tuple(elts=parts) | ast.List(elts=parts):
                    self._delete(parts, scope)

    def _run_if(self, statement: ast.If, scope: Scope) -> None:
        # A loop instead of recursion: elif chains may be thousands long.
        blocks: list[Scope] = []
        rest: list[ast.stmt] = [statement]
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            statement = rest[0]
            if blocks:
                self._evaluate(statement.test, scope)
            known = truth(statement.test, scope)
            rest = statement.orelse
            if known is not False:
                blocks.append(self._block(statement.body, scope))
            if known is True:
                break
        else:
            blocks.append(self._block(rest, scope))
        scope.join(blocks)

    def _run_loop(self, statement: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> None:
        endless = False
        if isinstance(statement, ast.While):
            known = truth(statement.test, scope)
            endless = known is True
            count = 0 if known is False else None
        else:
            count = item_count(statement.iter, scope)
        loop = _Loop(scope, len(self._finals))
        ended = [] if endless or count else [Scope(scope)]
        state = Scope(scope)
        for number in range(_MAX_TURNS if count is None else min(count, _MAX_TURNS)):
            if number and (len(self._loops) > 1 or state.failure is not None):
                break  # turns of loops in loops would be too many
            turn = Scope(state)
            if not isinstance(statement, ast.While):
                self._assign(statement.target, None, turn)
            self._loops.append(loop)
            self._run(statement.body, turn)
            self._loops.pop()
            following = Scope(scope)
            following.join([turn.flattened(scope), *loop.continues])
            loop.continues.clear()
            state = following
            if count is None:
                ended.append(state)
        if count:
            ended.append(state)
        done = Scope(scope)
        done.join(ended)
        if endless:
            never = "" if loop.breaks else f"line {statement.lineno}: its loop never ends"
            done.failure = done.failure or never
        self._run(statement.orelse, done)
        scope.join([done, *loop.breaks])

    def _jump(self, statement: ast.stmt, scope: Scope) -> None:
        loop = self._loops[-1]
        end = scope.flattened(loop.outer)
        finals = self._finals[loop.finals :]
        while finals:
            self._run(finals.pop(), end)
        (loop.breaks if isinstance(statement, ast.Break) else loop.continues).append(end)
        scope.failure = ""

    def _run_try(self, statement: ast.Try | ast.TryStar, scope: Scope) -> None:
        if statement.finalbody:
            self._finals.append(statement.finalbody)
        body = self._block(statement.body, scope)
        catches = any(catches_all(handler) for handler in statement.handlers)
        blocks = []
        for handler in statement.handlers:
            failed = body.interrupted()
            if handler.name:
                failed.bind(handler.name, OTHER)
            self._run(handler.body, failed)
            if handler.name:
                failed.bind(handler.name, UNBOUND)
            if not catches:
                failed.doubt = failed.doubt or body.failure
            blocks.append(failed)
        self._run(statement.orelse, body)
        if statement.finalbody:
            self._finals.pop()
        if catches and body.failure is not None:
            body.failure = ""
        scope.join([body, *blocks])
        # It runs after a failure too, and may end it by a jump.
        failure, scope.failure = scope.failure, None
        self._run(statement.finalbody, scope)
        scope.failure = failure if scope.failure is None else scope.failure

    def _run_with(self, items: list[ast.withitem], body: list[ast.stmt], scope: Scope) -> None:
        block = Scope(scope)
        for item in items:
            if item.optional_vars is not None:
                self._assign(item.optional_vars, None, block)
        self._run(body, block)
        # A context manager may suppress exceptions.
        if block.failure:
            failure, block = block.failure, block.interrupted()
            block.doubt = failure
        scope.join([block])

    def _run_match(self, statement: ast.Match, scope: Scope) -> None:
        blocks: list[Scope] = []
        for case in statement.cases:
            known = case_matches(statement.subject, case)
            if known is False:
                continue
            block = Scope(scope)
            for node in ast.walk(case.pattern):
                name = getattr(node, "name", None) or getattr(node, "rest", None)
                if isinstance(name, str):
                    block.bind(name, OTHER)
            self._run(case.body, block)
            blocks.append(block)
            if known is True:
                break
        else:
            blocks.append(Scope(scope))
        scope.join(blocks)

    def _block(self, statements: list[ast.stmt], scope: Scope) -> Scope:
        block = Scope(scope)
        self._run(statements, block)
        return block

    # --- Expressions -----------------------------------------------------------------------------

    def _assign(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                values = OTHER if value is None else self.resolve(value, scope)
                if Special.UNBOUND in values:
                    values = (values - UNBOUND) | OTHER
                scope.bind(name, values)
            case ast.Starred(value=inner):
                self._assign(inner, None, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts: list[ast.expr] | list[None] = [None] * len(targets)
                if isinstance(value, ast.Tuple | ast.List) and not any(
                    isinstance(part, ast.Starred) for part in [*targets, *value.elts]
                ):
                    parts = value.elts
                for each, part in zip(targets, parts, strict=False):
                    self._assign(each, part, scope)

    def _evaluate(self, expression: ast.expr, scope: Scope) -> None:
        """Bind the names that an expression binds, and find those that are not defined."""
        waiting: list[ast.AST] = [expression]
        bound, read = [], []
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.NamedExpr):
                bound.append(node)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                read.append(node)
            if not isinstance(node, ast.Lambda):
                waiting.extend(ast.iter_child_nodes(node))
        targets = {node.target.id for node in bound}
        for name in reversed(read if is_straight(expression) else []):
            known = name.id in targets or self._may_be_hidden(name.id)
            if not known:
                self._require(scope.get(name.id), name, scope)
        for node in reversed(bound):
            self._assign(node.target, node.value, scope)

    def _require(self, values: Values, name: ast.Name, scope: Scope) -> None:
        if scope.failure is not None:
            return
        if values == UNBOUND:
            scope.failure = f"line {name.lineno}: {name.id} is not defined"
        elif Special.UNBOUND in values:
            scope.doubt = scope.doubt or f"line {name.lineno}: {name.id} may not be defined"

    def _may_be_hidden(self, name: str) -> bool:
        """Whether a name may be defined although no statement at the top level binds it."""
        return (
            self.has_star
            or not self._knows_all
            or name in self._hidden
            or name in _DEFINED
            or hasattr(builtins, name)
        )

    def resolve(self, expression: ast.expr, scope: Scope) -> Values:
        """Return the possible values of an expression."""
        parts: list[str] = []
        while True:
            match expression:
                case ast.Subscript(value=inner) | ast.NamedExpr(value=inner):  # Base[int] is a Base
                    expression = inner
                case ast.Attribute(value=inner, attr=part):
                    parts.append(part)
                    expression = inner
                case ast.Name(id=name):
                    values = scope.get(name)
                    break
                case ast.IfExp(test=test, body=body, orelse=orelse):
                    known = truth(test, scope)
                    values = frozenset()
                    if known is not False:
                        values |= self.resolve(body, scope)
                    if known is not True:
                        values |= self.resolve(orelse, scope)
                    break
                case ast.BoolOp(values=operands):
                    values = frozenset().union(*(self.resolve(each, scope) for each in operands))
                    break
                case _:
                    return OTHER
        if values == UNBOUND and self.has_star and isinstance(expression, ast.Name):
            values = frozenset({f"*.{expression.id}"})
        parts.reverse()
        return frozenset().union(*(_attribute(value, parts) for value in values))


def _attribute(value: Value, parts: list[str]) -> Values:
    if isinstance(value, str):
        return frozenset({".".join([value, *parts])})
    if not parts:
        return frozenset({value})
    if isinstance(value, ClassValue) and parts[0] in value.names:
        found = (_attribute(each, parts[1:]) for each in value.names[parts[0]])
        return frozenset().union(*found)
    return OTHER
