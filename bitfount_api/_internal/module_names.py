"""Follow what the top level of a module binds its names to, by its syntax tree.

Each name has the set of values that it may have, since a syntax tree does not show which branch of
an ``if`` runs, or where a ``try`` fails.
"""

from __future__ import annotations

import ast
import builtins
from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_VALUES: Final = 32
"""The most values that are followed for one name."""

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


class Special(Enum):
    """A value that is no class of the file, and not imported."""

    OTHER = "anything else"
    UNBOUND = "no value"


@attrs.frozen(eq=False)
class ClassValue:
    """A class that a ``class`` statement makes.

    Args:
        name: Its name.
        line: The line of the statement.
        bases: The possible values of each base.
        shown: The bases as text.
        names: The names that its body binds.
    """

    name: str
    line: int
    bases: tuple[Values, ...]
    shown: tuple[str, ...]
    names: dict[str, Values]


Value = str | ClassValue | Special
"""A dotted name of something imported, a class of the file, or something else."""

Values = frozenset[Value]

OTHER: Final[Values] = frozenset({Special.OTHER})
UNBOUND: Final[Values] = frozenset({Special.UNBOUND})


class Scope:
    """The names of a module, a class, or a block that may or may not run.

    Args:
        outer: The scope around it. The names of a block replace those of the scope around it when
            the two are joined.
        is_block: Whether it is a block, and not a class or the module.
    """

    def __init__(self, outer: Scope | None = None, *, is_block: bool = True) -> None:
        self.values: dict[str, Values] = {}
        self.past: dict[str, Values] = {}
        """All values that names had at any time in this scope."""
        self.failure: str | None = None
        """Why the end is not reached; None if it is. Empty for a jump out of a loop."""
        self.doubt: str | None = None
        """Why the end may not be reached; None if nothing shows that."""
        self.outer = outer
        self._is_block = is_block

    def get(self, name: str) -> Values:
        """Return the values that an expression gets."""
        values = self.get_own(name)
        whole = self._whole()
        if Special.UNBOUND in values and whole.outer is not None:
            values = (values - UNBOUND) | whole.outer.get(name)
        return values

    def get_own(self, name: str) -> Values:
        """Return the values in the module or the class, without those around the class."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer if scope._is_block else None
        return UNBOUND

    def for_class(self) -> Scope:
        """Return the scope of the body of a class; it does not see the names of another class."""
        whole = self._whole()
        return Scope(self if whole.outer is None else whole.outer, is_block=False)

    def _whole(self) -> Scope:
        scope = self
        while scope._is_block and scope.outer is not None:
            scope = scope.outer
        return scope

    def bind(self, name: str, values: Values) -> None:
        if len(values) > _MAX_VALUES:
            values = OTHER
        self.values[name] = values
        self.past[name] = self.past.get(name, frozenset()) | values

    def interrupted(self) -> Scope:
        """Return the scope after a failure at any place in this one."""
        scope = Scope(self.outer)
        for name, values in self.past.items():
            before = self.outer.get_own(name) if self.outer is not None else UNBOUND
            scope.bind(name, values | before)
        return scope

    def join(self, blocks: Iterable[Scope]) -> None:
        """Continue after blocks of which one has run."""
        blocks = list(blocks)
        reached = [block for block in blocks if block.failure is None]
        if not reached:
            self.failure = max((block.failure or "" for block in blocks), default="")
        doubts = [block.failure or block.doubt for block in blocks]
        self.doubt = self.doubt or next((doubt for doubt in doubts if doubt), None)
        for name in dict.fromkeys(name for block in reached for name in block.values):
            self.bind(name, frozenset().union(*(block.get_own(name) for block in reached)))
        for block in blocks:
            for name, values in block.past.items():
                self.past[name] = self.past.get(name, frozenset()) | values

    def flattened(self, outer: Scope) -> Scope:
        """Return one block in ``outer`` for this one and those around it."""
        chain: list[Scope] = []
        scope: Scope | None = self
        while scope is not None and scope is not outer:
            chain.append(scope)
            scope = scope.outer
        flat = Scope(outer)
        for part in reversed(chain):
            for name, values in part.values.items():
                flat.bind(name, values)
            for name, values in part.past.items():
                flat.past[name] = flat.past.get(name, frozenset()) | values
            flat.doubt = flat.doubt or part.doubt
        flat.failure = self.failure
        return flat


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
        for expression in _own_expressions(statement):
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
            case _ if hasattr(ast, "TypeAlias") and isinstance(statement, ast.TypeAlias):
                self._assign(statement.name, None, scope)

    def _make_class(self, statement: ast.ClassDef, scope: Scope) -> None:
        bases = tuple(self.resolve(base, scope) for base in statement.bases)
        shown = tuple(
            _shown(base, values) for base, values in zip(statement.bases, bases, strict=True)
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
            count = _item_count(statement.iter, scope)
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
        catches_all = any(_catches_all(handler) for handler in statement.handlers)
        blocks = []
        for handler in statement.handlers:
            failed = body.interrupted()
            if handler.name:
                failed.bind(handler.name, OTHER)
            self._run(handler.body, failed)
            if handler.name:
                failed.bind(handler.name, UNBOUND)
            if not catches_all:
                failed.doubt = failed.doubt or body.failure
            blocks.append(failed)
        self._run(statement.orelse, body)
        if statement.finalbody:
            self._finals.pop()
        if catches_all and body.failure is not None:
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
            known = _matches(statement.subject, case)
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
        for name in reversed(read if _is_straight(expression) else []):
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


def _item_count(iterated: ast.expr, scope: Scope) -> int | None:
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


def _catches_all(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case None | ast.Name(id="BaseException" | "Exception"):
            return True
        case _:
            return False


def _is_straight(expression: ast.expr) -> bool:
    """Whether all parts of an expression are always evaluated, in its own scope."""
    return not any(isinstance(node, _NOT_STRAIGHT) for node in ast.walk(expression))


def _matches(subject: ast.expr, case: ast.match_case) -> bool | None:
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


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
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


def _shown(base: ast.expr, values: Values) -> str:
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
