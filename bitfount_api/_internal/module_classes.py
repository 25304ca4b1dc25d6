"""Find the classes that a module defines by its syntax tree, without running the module.

Statements that always run are followed in their order. Whatever else they contain (loops, unknown
conditions, handlers of exceptions, code that changes names) is not followed: the names that it may
bind may then have any value, and what may fail in it is a doubt.
"""

from __future__ import annotations

import ast
import builtins
from abc import ABCMeta
from collections import ChainMap
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import attrs

from bitfount_api._internal.bound_names import (
    always_bound,
    bound_by,
    bound_names,
    executed,
    is_uncertain,
    raises,
)
from bitfount_api._internal.model_rule import METHODS, MODEL_BASE, has_attribute
from bitfount_api._internal.stand_ins import (
    ABSTRACT,
    METHOD,
    NOT_CLASSES,
    OTHER,
    UNBOUND,
    UNKNOWN,
    Special,
    StandIns,
    Values,
    abstract_method,
    attribute,
    in_namespace,
    method,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODULE_NAMES: Final = (*vars(ModuleType("")), "__file__", "__builtins__", "__annotations__")
_CLASS_NAMES: Final[dict[str, Values]] = dict.fromkeys(
    ("__module__", "__qualname__", "__firstlineno__", "__static_attributes__"), UNKNOWN
)

_DYNAMIC: Final = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "delattr"})
"""Functions that can change names."""

_CHANGES_CLASSES: Final = frozenset(
    {"__module__", "__qualname__", "__init_subclass__", "__classcell__", "__abstractmethods__"}
)
"""Names in the body of a class with which Python makes another class, or none."""

_DECORATORS: Final = frozenset({"dataclasses", "attr", "attrs", "typing"})
"""Packages whose decorators return the class, or a copy of it."""


@attrs.frozen
class FoundClass:
    """A class that a ``class`` statement makes.

    Args:
        made: The stand-in.
        line: The line of the statement.
        bases: Its bases as text; empty without bases.
    """

    made: type
    line: int
    bases: str


@attrs.define
class _Scope:
    """The module, or the body of a class.

    Args:
        names: The possible values of its names, and in a class, then those of the module.
        failure: Why the end is never reached; None if nothing shows that.
    """

    names: ChainMap[str, Values]
    failure: str | None = None

    def get(self, name: str) -> Values:
        return self.names.get(name, UNBOUND)

    def fail(self, node: ast.AST, reason: str) -> None:
        self.failure = self.failure or f"line {getattr(node, 'lineno', 1)}: {reason}"


class ModuleClasses:
    """The classes of a module.

    Args:
        tree: The module. ``RecursionError`` is raised if it is nested too deeply.

    Raises:
        TooManyBasesError: The classes derive from too many others.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.classes: list[FoundClass] = []
        """All that may be made at the top level, in the order of their statements."""
        self.doubt: str | None = None
        """Why the module may fail, or its names may differ; None if nothing shows that."""
        self.stand_ins = StandIns()
        self._evaluates_annotations = True
        self._has_star = False
        nodes = list(ast.walk(tree))
        for node in nodes:
            if not {"__name__", "__builtins__"}.isdisjoint(bound_by(node)):
                self._note(node, "it changes __name__ or __builtins__")
        # It is not shown whether, and when, a function runs.
        self._hidden = {
            name for node in nodes if isinstance(node, ast.Global) for name in node.names
        }
        loaded = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.is_dynamic = not loaded.isdisjoint({"exec", "eval", "globals"})
        """Whether names may be bound that no statement binds."""
        scope = _Scope(ChainMap(dict.fromkeys(_MODULE_NAMES, OTHER)))
        self._run(tree.body, scope)
        self.failure = scope.failure
        """Why the module always fails; None if nothing shows that."""
        self.names = scope.names.maps[0]
        for name in self._hidden:
            self.names[name] = scope.get(name) | UNKNOWN

    def _note(self, node: ast.AST, doubt: str) -> None:
        self.doubt = self.doubt or f"line {getattr(node, 'lineno', 1)}: {doubt}"

    # --- Statements ------------------------------------------------------------------------------

    def _run(self, statements: Iterable[ast.stmt], scope: _Scope) -> None:
        for statement in statements:
            if scope.failure is None:
                self._run_one(statement, scope)

    def _run_one(self, statement: ast.stmt, scope: _Scope) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom():
                self._import(statement, scope)
            case ast.ClassDef():
                self._make_class(statement, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._make_function(statement, scope)
            case ast.Assign(targets=targets, value=value) if all(map(_is_name, targets)):
                self._visit([value], scope)
                self._assign(targets, value, scope)
            case ast.AnnAssign(target=ast.Name() as target, value=value, annotation=annotation):
                if value is not None:
                    self._visit([value], scope)
                    self._assign([target], value, scope)
                self._annotations([annotation], scope)
            case ast.Delete(targets=targets) if all(map(_is_name, targets)):
                for each in filter(_is_name, targets):
                    self._require(each, scope)
                    scope.names[each.id] = UNBOUND
            case ast.Expr(value=value):
                self._visit([value], scope)
            case ast.Raise():
                scope.fail(statement, "it always raises an exception")
            case ast.Assert(test=test) if self._truth(test, scope) is False:
                scope.fail(statement, "its assertion always fails")
            case ast.If(test=test) if (known := self._truth(test, scope)) is not None:
                self._run(statement.body if known else statement.orelse, scope)
            case ast.For(iter=head) | ast.While(test=head) if self._truth(head, scope) is False:
                self._run(statement.orelse, scope)
            case _:
                self._run_uncertain(statement, scope)

    def _import(self, statement: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            reason = "a model is a single file, so none of its imports can be relative"
            scope.fail(statement, reason)
            return
        for alias in statement.names:
            name = value = alias.name
            if isinstance(statement, ast.ImportFrom):
                value = f"{statement.module}.{name}"
                self._has_star |= name == "*"
                self._evaluates_annotations &= value != "__future__.annotations"
            elif not alias.asname:
                name = value = name.split(".")[0]
            scope.names[alias.asname or name] = frozenset({value})

    def _run_uncertain(self, statement: ast.stmt | ast.expr, scope: _Scope) -> None:
        """Run what may run never, once, in part, or many times."""
        nodes = list(executed(statement))
        bound = bound_names([statement])
        self._blur(nodes, scope)
        handlers = [node for node in nodes if isinstance(node, ast.ExceptHandler)]
        # It is not shown that a handler runs, so it is no doubt that it raises.
        handled = {id(node) for handler in handlers for node in ast.walk(handler)}
        for node in nodes:
            match node:
                case ast.Name() if node.id not in bound or isinstance(node.ctx, ast.Del):
                    self._require(node, scope, is_sure=False)
                case ast.Attribute(value=inner, attr=name, ctx=ast.Store() | ast.Del()) if (
                    name in METHODS or name == "__abstractmethods__"
                ):
                    self._note(node, f"it changes {name}")
                    for each in self._resolve(inner, scope) - NOT_CLASSES:
                        self.stand_ins.add_doubt(each, f"line {node.lineno} changes its {name}")
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=parts)):
                    if len(names) != len(parts):
                        self._note(node, f"it may not unpack {len(parts)} values")
                case ast.AugAssign(target=ast.Name(id=name)):
                    if not scope.get(name) <= OTHER | UNKNOWN:
                        self._note(node, "it may raise an exception")
                case ast.Import() | ast.ImportFrom() | ast.ClassDef():
                    before = {name: scope.names[name] for name in bound_by(node)}
                    part = attrs.evolve(scope)
                    self._run_one(node, part)
                    self.doubt = self.doubt or part.failure
                    for name, values in before.items():
                        scope.names[name] |= values if part.failure is None else UNKNOWN
                case ast.Raise() | ast.Assert() if id(node) not in handled:
                    self._note(node, "it may raise an exception")
                case ast.While(test=ast.Constant()):
                    self._note(node, "its loop may never end")
                case ast.Global():
                    self._note(node, "the body of a class binds names of the module")
        self._blur(nodes, scope)
        branches: list[list[ast.stmt]] = []
        if isinstance(statement, ast.If):
            branches = [statement.body, statement.orelse]
        elif isinstance(statement, ast.Try | ast.TryStar) and handlers:
            caught = [handler.body for handler in statement.handlers]
            branches = [statement.body + statement.orelse, *caught]
        # Usually, a name is imported in two ways, of which one succeeds.
        reached = [always_bound(each) for each in branches if not raises(each)]
        for name in bound.intersection(*reached) if reached else ():
            scope.names[name] -= UNBOUND

    # --- Names -----------------------------------------------------------------------------------

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr, scope: _Scope) -> None:
        values = self._resolve(value, scope)
        if Special.UNBOUND in values:
            values = (values - UNBOUND) | UNKNOWN
        for target in filter(_is_name, targets):
            scope.names[target.id] = values

    def _require(self, name: ast.Name, scope: _Scope, *, is_sure: bool = True) -> None:
        """Note it if a name is not defined."""
        names = scope.names if isinstance(name.ctx, ast.Load) else scope.names.maps[0]
        values = names.get(name.id, UNBOUND)
        if name.id in _DYNAMIC and values == UNBOUND:
            self._note(name, f"{name.id}() may change names")
        if self._has_star or self.is_dynamic or name.id in self._hidden:
            return
        is_builtin = hasattr(builtins, name.id) and isinstance(name.ctx, ast.Load)
        if values == UNBOUND and is_sure and not is_builtin:
            advice = f"; import it, for example 'from bitfount_api import {name.id}'"
            is_base = MODEL_BASE.fullmatch(name.id) is not None
            scope.fail(name, f"{name.id} is not defined{advice if is_base else ''}")
        elif Special.UNBOUND in values and not is_builtin:
            self._note(name, f"{name.id} may not be defined")

    # --- Expressions -----------------------------------------------------------------------------

    def _visit(self, expressions: Iterable[ast.expr], scope: _Scope) -> None:
        """Bind the names that expressions bind, and find names that are not defined."""
        for expression in expressions:
            nodes = list(executed(expression))
            if is_uncertain(nodes):
                self._run_uncertain(expression, scope)
                continue
            for node in nodes:
                if isinstance(node, ast.Name):
                    self._require(node, scope)

    def _annotations(self, annotations: Iterable[ast.expr | None], scope: _Scope) -> None:
        # Whether Python evaluates annotations depends on its version.
        for each in annotations:
            if each is not None and self._evaluates_annotations:
                self._run_uncertain(each, scope)

    def _truth(self, test: ast.expr, scope: _Scope) -> bool | None:
        """Return whether a value is true; None if the syntax tree does not show that."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.Tuple(elts=[]) | ast.List(elts=[]):
                return False
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = self._truth(operand, scope)
                return None if known is None else not known
            case ast.Name() | ast.Attribute():
                values = self._resolve(test, scope)
                return False if values == frozenset({"typing.TYPE_CHECKING"}) else None
        # A loaded model is not the main program.
        return False if ast.unparse(test) == "__name__ == '__main__'" else None

    def _resolve(self, expression: ast.expr, scope: _Scope) -> Values:
        """Return the possible values of an expression."""
        match expression:
            case ast.Name(id=name):
                values = scope.get(name)
                if values == UNBOUND and hasattr(builtins, name):
                    builtin = getattr(builtins, name)
                    return frozenset({builtin}) if isinstance(builtin, type) else UNKNOWN
                if values == UNBOUND and self._has_star:
                    return frozenset({f"*.{name}"})
                return values | UNKNOWN if name in self._hidden else values
            case ast.Attribute(value=inner, attr=name):
                return frozenset(attribute(each, name) for each in self._resolve(inner, scope))
            case ast.NamedExpr(value=inner):
                return self._resolve(inner, scope)
            case ast.Subscript(value=inner):
                values = self._resolve(inner, scope)
                classes = [
                    self.stand_ins.stand_in(each) for each in values if each not in NOT_CLASSES
                ]
                if not all(map(self._is_generic, classes)):
                    self._note(expression, f"{ast.unparse(inner)} may not take parameters")
                return UNKNOWN if Special.OTHER in values else values
            case ast.IfExp(body=body, orelse=orelse):
                return self._resolve(body, scope) | self._resolve(orelse, scope)
            case ast.Constant(value=None):
                return frozenset({None})
            case ast.Constant() | ast.List() | ast.Tuple() | ast.Dict() | ast.JoinedStr():
                return OTHER
            case _:
                return self._anything(executed(expression), scope)

    def _blur(self, nodes: Iterable[ast.AST], scope: _Scope) -> None:
        """Expect any value in the names that code may bind, except by imports and classes."""
        anything = self._anything(nodes, scope)
        for node in nodes:
            is_named = isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef)
            for name in bound_by(node):
                scope.names[name] = scope.get(name) | (frozenset() if is_named else anything)

    def _anything(self, nodes: Iterable[ast.AST], scope: _Scope) -> Values:
        """Return the values that code may give: unknown ones, and the classes that it names."""
        named = [scope.get(node.id) for node in nodes if isinstance(node, ast.Name)]
        return UNKNOWN.union(each for each in UNKNOWN.union(*named) if isinstance(each, type))

    def _is_generic(self, made: type) -> bool:
        return has_attribute(made, "__class_getitem__") or self.stand_ins.is_unseen(made)

    # --- Functions and classes -------------------------------------------------------------------

    def _make_function(
        self, statement: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope
    ) -> None:
        arguments = statement.args
        defaults = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
        self._visit([*statement.decorator_list, *defaults], scope)
        given = [node for node in ast.walk(arguments) if isinstance(node, ast.arg)]
        if not getattr(statement, "type_params", []):
            self._annotations([*(each.annotation for each in given), statement.returns], scope)
        decorators = [self._resolve(each, scope) for each in statement.decorator_list]
        is_abstract = frozenset({"abc.abstractmethod"}) in decorators
        values = ABSTRACT if is_abstract else UNKNOWN if decorators else METHOD
        scope.names[statement.name] = values

    def _make_class(self, statement: ast.ClassDef, scope: _Scope) -> None:
        parameters = [each.name for each in getattr(statement, "type_params", [])]
        module = scope.names.maps[-1]
        module.update(dict.fromkeys(parameters, UNKNOWN))
        keywords = [keyword.value for keyword in statement.keywords]
        self._visit([*statement.decorator_list, *statement.bases, *keywords], scope)
        bases = [self._base(base, scope) for base in statement.bases]
        body = _Scope(ChainMap({}, _CLASS_NAMES, module), scope.failure)
        self._run(statement.body, body)
        scope.failure = body.failure
        if scope.failure is not None:
            return
        own = body.names.maps[0]
        namespace: dict[str, Any] = {"__class_getitem__": method} if parameters else {}
        namespace |= {name: in_namespace(values) for name, values in own.items()}
        doubts = [f"its {name} may change it" for name in own if name in _CHANGES_CLASSES]
        doubts += [
            f"its {name} depends on a condition"
            for name, values in own.items()
            if len(values) > 1 and (name in METHODS or abstract_method in values)
        ]
        if doubts:
            self._note(statement, doubts[0])
        if not all(self._keeps_class(each, scope) for each in statement.decorator_list):
            doubts.append("its decorator may replace it")
        self.stand_ins.check_bases(bases)
        metaclass = self._metaclass(statement, scope)
        if metaclass is None:
            doubts.append("its keywords may change it")
        for name in {*_CHANGES_CLASSES, "__slots__"} & namespace.keys():
            del namespace[name]
        try:
            made = (metaclass or type)(statement.name, tuple(bases), namespace)
        except TypeError as error:
            if not doubts and not any(isinstance(base, ast.Subscript) for base in statement.bases):
                scope.fail(statement, f"Python cannot make the class {statement.name}: {error}")
                return
            doubts.append("its bases may not fit together")
            self._note(statement, doubts[-1])
            for base in bases:
                self.stand_ins.add_doubt(base, doubts[0])
            made = type(statement.name, (self.stand_ins.unseen(),), namespace)
        if doubts:
            self.stand_ins.add_doubt(made, doubts[0])
        shown = ", ".join(ast.unparse(base) for base in statement.bases)
        self.classes.append(FoundClass(made, statement.lineno, shown))
        scope.names[statement.name] = frozenset({made})

    def _base(self, expression: ast.expr, scope: _Scope) -> type:
        text = ast.unparse(expression)
        values = self._resolve(expression, scope)
        made = self.stand_ins.base(values, text)
        if made is None:
            scope.fail(expression, f"{text} is not a class")
        elif len(values) > 1 and not self.stand_ins.is_known(made):
            self._note(expression, f"{text} depends on a condition")
        return made or object

    def _keeps_class(self, decorator: ast.expr, scope: _Scope) -> bool:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        return all(
            isinstance(value, str) and value.split(".")[0] in _DECORATORS
            for value in self._resolve(function, scope)
        )

    def _metaclass(self, statement: ast.ClassDef, scope: _Scope) -> type | None:
        match statement.keywords:
            case []:
                return type
            case [ast.keyword(arg="metaclass", value=value)]:
                is_abc = self._resolve(value, scope) == frozenset({"abc.ABCMeta"})
                return ABCMeta if is_abc else None
        return None


def _is_name(target: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(target, ast.Name)
