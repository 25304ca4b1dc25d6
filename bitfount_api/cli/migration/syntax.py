"""Reads the imports, names and texts of Python code that matter, without running the code.

All positions are offsets in bytes, in the UTF-8 encoding of the text.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

import attrs
import libcst as cst
from libcst import metadata

from bitfount_api.cli.migration.table import OURS, PACKAGE, REQUESTS_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS: Final = frozenset({PACKAGE, OURS, REQUESTS_MODULES[0]})

_IMPORTING: Final = frozenset(
    {"import_module", "__import__", "find_spec", "importorskip", "patch", "setattr", "getLogger"}
    | {"version", "distribution"}
)
"""Functions whose arguments name modules and packages."""


_HANDLERS: Final = (cst.ExceptHandler, cst.ExceptStarHandler)
_MAX_BRACKETS: Final = 200
_TOO_DEEP: Final = "its expressions are nested too deeply"


class Unparsable(Exception):
    """Code is not valid Python.

    Args:
        line: Number of the line, from 1.
        reason: What is wrong.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@attrs.frozen
class Argument:
    """An argument of a call: its start, and the keyword's end if it has one."""

    start: int
    keyword: str | None
    starred: bool


@attrs.frozen
class Reference:
    """A use of an imported name, with the attributes that follow it.

    Args:
        parts: The names, such as ``bf``, ``hub`` and ``BitfountHub``.
        ends: Where each part ends.
        start: Where the first part begins.
        role: ``load``; ``base`` of a class; the exception of a ``handler``; or ``test``, where only
            its truth matters.
        siblings: In a tuple: the names in it.
        arguments: Arguments, if it is called.
    """

    parts: tuple[str, ...]
    ends: tuple[int, ...]
    start: int
    role: str = "load"
    siblings: tuple[str, ...] | None = None
    arguments: tuple[Argument, ...] | None = None


@attrs.define(eq=False)
class Binding:
    """A name that an import statement binds.

    Args:
        path: Path of what it is bound to, such as ``bitfount.hub.api``; ``….*`` for all names.
        imported: Path of what is imported: ``import bitfount.hub`` binds only ``bitfount``.
        local: Name in the code.
        renamed: Whether the statement gives it that name, with ``as``.
        start: Where its part of the statement begins.
        end: Where that ends.
        rebound: Whether other statements bind the name, too.
        references: Uses of the name.
    """

    path: str
    imported: str
    local: str
    renamed: bool
    start: int
    end: int
    rebound: bool = False
    references: list[Reference] = attrs.field(factory=list)


@attrs.define(eq=False)
class Statement:
    """An import statement.

    Args:
        module: Module whose names it imports; None for ``import x``.
        start: Where it begins.
        end: Where it ends.
        module_start: Where the name of the module begins.
        module_end: Where that ends.
        indent: What precedes it on its line, if it is the only statement there; otherwise None.
        bindings: The names it binds, in order.
    """

    module: str | None
    start: int
    end: int
    module_start: int
    module_end: int
    indent: str | None
    bindings: list[Binding] = attrs.field(factory=list)


@attrs.frozen
class Text:
    """A string literal.

    Args:
        value: Source, without quotes.
        start: Where that begins.
        annotation: Whether it is, or is in, an annotation.
        names_module: Whether it is the argument of a function that imports or patches.
        names_logger: Whether it is the argument of ``getLogger``.
    """

    value: str
    start: int
    annotation: bool
    names_module: bool
    names_logger: bool


@attrs.frozen
class Code:
    """What matters of a piece of code.

    Args:
        data: The code in UTF-8.
        statements: Import statements of the packages that matter.
        texts: String literals, without docstrings.
        taken: Whether the name of our package is used for something else.
        declared: Names in ``global`` and ``nonlocal`` statements.
    """

    data: bytes
    statements: list[Statement]
    texts: list[Text]
    taken: bool
    declared: frozenset[str]


def parse(text: str) -> Code:
    """Read Python code.

    Raises:
        Unparsable: If it is not valid Python.
    """
    _check_depth(text)
    try:
        module = cst.parse_module(text)
        wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
        reader = _Reader(text.encode("utf-8"))
        wrapper.visit(reader)
    except cst.ParserSyntaxError as error:
        reason = error.message.removeprefix("parser error: ").partition("\n")[0]
        raise Unparsable(error.raw_line, f"not valid Python: {reason}") from None
    except (RecursionError, KeyError) as error:
        context: BaseException | None = error
        while context is not None and not isinstance(context, RecursionError):
            context = context.__context__  # libcst replaces some of them
        if context is None:
            raise
        raise Unparsable(1, _TOO_DEEP) from None
    return Code(
        reader.data, reader.statements, reader.texts, reader.taken, frozenset(reader.declared)
    )


def _check_depth(text: str) -> None:
    """Refuse nesting that is so deep that libcst would crash the process.

    Python's own parser reports such code. If it reports another error, the code may be written for
    a newer Python, and only its brackets are counted.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError:
        depth = 0
        for bracket in re.findall(r"[(){}\[\]]", text):
            depth += 1 if bracket in "([{" else -1
            if depth > _MAX_BRACKETS:
                raise Unparsable(1, _TOO_DEEP) from None
    except (RecursionError, MemoryError):
        raise Unparsable(1, _TOO_DEEP) from None
    except ValueError as error:  # null bytes
        raise Unparsable(1, f"not valid Python: {error}") from None


class _Reader(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (
        metadata.ByteSpanPositionProvider,
        metadata.ExpressionContextProvider,
        metadata.ParentNodeProvider,
        metadata.ScopeProvider,
    )

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data
        self.statements: list[Statement] = []
        self.texts: list[Text] = []
        self.taken = False
        self.declared: set[str] = set()
        self._bindings: dict[tuple[int, str], list[Binding]] = {}
        self._names: list[cst.Name] = []

    def _about(self, node: cst.CSTNode, provider: Any) -> Any:
        """Return what a provider knows about a node; None if that is nothing."""
        return self.get_metadata(provider, node, None)

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        span: metadata.CodeSpan = self._about(node, metadata.ByteSpanPositionProvider)
        return span.start, span.start + span.length

    def _parent(self, node: cst.CSTNode) -> cst.CSTNode:
        parent: cst.CSTNode = self._about(node, metadata.ParentNodeProvider)
        return parent

    # --- Import statements -----------------------------------------------------------------------

    def visit_Import(self, node: cst.Import) -> bool:
        names = [_dotted(alias.name) for alias in node.names]
        if any(name.partition(".")[0] in _ROOTS for name in names):
            statement = self._statement(node, None, self._span(node))
            for alias, name in zip(node.names, names, strict=True):
                local = _local(alias)
                root = name.partition(".")[0]
                self._bind(node, statement, alias, name if local else root, local or root)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        if node.relative or node.module is None:
            return False
        module = _dotted(node.module)
        if module.partition(".")[0] not in _ROOTS:
            return False
        statement = self._statement(node, module, self._span(node.module))
        if isinstance(node.names, cst.ImportStar):
            start, end = self._span(node)
            statement.bindings.append(Binding(f"{module}.*", f"{module}.*", "*", False, start, end))
            return False
        for alias in node.names:
            name = _dotted(alias.name)
            local = _local(alias)
            self._bind(node, statement, alias, f"{module}.{name}", local or name)
        return False

    def _statement(
        self, node: cst.Import | cst.ImportFrom, module: str | None, span: tuple[int, int]
    ) -> Statement:
        line = self._parent(node)
        indent = None
        start, end = self._span(node)
        if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
            begin = max(self.data.rfind(b"\n", 0, start), self.data.rfind(b"\r", 0, start)) + 1
            before = self.data[begin:start].decode("utf-8")
            indent = before if not before.strip() else None
        statement = Statement(module, start, end, *span, indent)
        self.statements.append(statement)
        return statement

    def _bind(
        self,
        node: cst.Import | cst.ImportFrom,
        statement: Statement,
        alias: cst.ImportAlias,
        path: str,
        local: str,
    ) -> None:
        name = _dotted(alias.name)
        imported = name if statement.module is None else f"{statement.module}.{name}"
        start, _ = self._span(alias.name)
        _, end = self._span(alias.asname.name if alias.asname else alias.name)
        binding = Binding(path, imported, local, alias.asname is not None, start, end)
        self.taken |= local == OURS and path != OURS
        statement.bindings.append(binding)
        self._bindings.setdefault((id(node), local), []).append(binding)
        scope: metadata.Scope | None = self._about(node, metadata.ScopeProvider)
        if scope is not None:
            binding.rebound = any(
                not isinstance(other, metadata.ImportAssignment) for other in scope[local]
            )

    # --- Names -----------------------------------------------------------------------------------

    def visit_Name(self, node: cst.Name) -> None:
        self._names.append(node)

    def visit_NameItem(self, node: cst.NameItem) -> None:
        self.declared.add(node.name.value)

    def leave_Module(self, original_node: cst.Module) -> None:
        # Only now are all import statements known, which may follow the functions that need them.
        for node in self._names:
            parent = self._parent(node)
            if isinstance(parent, cst.Attribute) and parent.attr is node:
                continue
            if isinstance(parent, cst.Arg) and parent.keyword is node:
                continue
            bindings = list(self._bindings_of(node))
            self.taken |= node.value == OURS and not bindings
            for binding in bindings:
                binding.references.append(self._reference(node))

    def _bindings_of(self, node: cst.Name) -> Iterator[Binding]:
        scope: metadata.Scope | None = self._about(node, metadata.ScopeProvider)
        context = self._about(node, metadata.ExpressionContextProvider)
        if scope is None or context is metadata.ExpressionContext.STORE:
            return
        found = set(scope[node.value])
        if isinstance(scope, metadata.ClassScope):
            found |= scope.parent[node.value]  # until the class assigns the name
        for assignment in found:
            if isinstance(assignment, metadata.ImportAssignment):
                yield from self._bindings.get((id(assignment.node), node.value), ())

    def _reference(self, name: cst.Name) -> Reference:
        start, end = self._span(name)
        parts, ends = [name.value], [end]
        node: cst.CSTNode = name
        parent = self._parent(node)
        while isinstance(parent, cst.Attribute) and parent.value is node:
            parts.append(parent.attr.value)
            ends.append(self._span(parent.attr)[1])
            node, parent = parent, self._parent(parent)
        role, siblings, arguments = "load", None, None
        if isinstance(parent, _HANDLERS) and parent.type is node:
            role = "handler"
        elif isinstance(parent, cst.Element):
            group = self._parent(parent)
            if isinstance(group, cst.Tuple):
                siblings = tuple(_dotted(element.value) for element in group.elements)
                role = "handler" if isinstance(self._parent(group), _HANDLERS) else role
        elif isinstance(parent, cst.Arg) and isinstance(self._parent(parent), cst.ClassDef):
            role = "base"
        elif isinstance(parent, (cst.If, cst.IfExp, cst.UnaryOperation, cst.Comparison)):
            role = "test"
        elif isinstance(parent, cst.Call) and parent.func is node:
            arguments = tuple(
                Argument(
                    self._span(argument.keyword or argument)[0],  # with its parentheses
                    argument.keyword.value if argument.keyword else None,
                    bool(argument.star),
                )
                for argument in parent.args
            )
        return Reference(tuple(parts), tuple(ends), start, role, siblings, arguments)

    # --- Texts -----------------------------------------------------------------------------------

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        start, _ = self._span(node)
        before = len(node.prefix) + len(node.quote)
        self._text(node, node.raw_value, start + before)

    def visit_FormattedStringText(self, node: cst.FormattedStringText) -> None:
        self._text(node, node.value, self._span(node)[0])

    def _text(self, node: cst.CSTNode, value: str, start: int) -> None:
        parent = self._parent(node)
        if isinstance(parent, cst.Expr):
            return  # a docstring
        annotation, function = False, ""
        if isinstance(parent, cst.Arg):
            call = self._parent(parent)
            if isinstance(call, cst.Call):
                function = _dotted(call.func).rpartition(".")[2]
        names_module = function in _IMPORTING
        while not isinstance(parent, (cst.Module, cst.BaseStatement)):
            if isinstance(parent, cst.Annotation):
                annotation = True
            elif isinstance(parent, cst.Subscript):
                names_module |= _dotted(parent.value) == "sys.modules"
            parent = self._parent(parent)
        self.texts.append(Text(value, start, annotation, names_module, function == "getLogger"))


def _dotted(node: cst.CSTNode) -> str:
    """Return a dotted name; ``…`` stands for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return "…"


def _local(alias: cst.ImportAlias) -> str | None:
    """Return the name that ``as`` gives."""
    return None if alias.asname is None else _dotted(alias.asname.name)
