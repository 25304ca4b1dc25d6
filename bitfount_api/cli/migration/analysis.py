"""Decides what each use of the official SDK needs, and edits the code."""

from __future__ import annotations

import enum
import re
from typing import Final

import attrs

from bitfount_api.cli.migration import table
from bitfount_api.cli.migration.edits import Edit, Editor
from bitfount_api.cli.migration.resolution import MOVE_MODEL, Resolved, is_model_base, resolve
from bitfount_api.cli.migration.syntax import Binding, Code, Reference, Statement, Text, parse
from bitfount_api.cli.migration.table import OURS, PACKAGE

_TAKEN: Final = f"the code uses the name {OURS} for something else"
_MODEL_CODE: Final = "model code stays as it is: it runs in the official SDK"


class Result(enum.StrEnum):
    """What a use of the official SDK needs."""

    SUPPORTED = "supported"
    EDIT = "edit"
    LOOK = "look"
    NOT_OFFERED = "not offered"
    UNREADABLE = "unreadable"

    @property
    def needs_hands(self) -> bool:
        """Whether a person has to do something."""
        return self not in (Result.SUPPORTED, Result.EDIT)


@attrs.frozen(order=True)
class Use:
    """A use of the official SDK.

    Args:
        start: Offset in bytes, in UTF-8.
        name: Path of the name, such as ``bitfount.hub.api.BitfountHub``.
        result: What it needs.
        text: The replacement, or the reason and what to do.
    """

    start: int
    name: str
    result: Result
    text: str


@attrs.frozen
class Analysis:
    """The uses of the official SDK in a piece of code, and the edits, in order."""

    uses: list[Use]
    edits: list[Edit]


def analyse(text: str) -> Analysis:
    """Find the uses of the official SDK in Python code, which is not run.

    Raises:
        Unparsable: If it is not valid Python.
    """
    analyser = _Analyser(parse(text))
    analyser.run()
    return Analysis(sorted(analyser.uses), analyser.edits)


class _Analyser:
    def __init__(self, code: Code) -> None:
        self.uses: set[Use] = set()
        self._code = code
        self._spelled = {
            text.value for text in code.texts if not (text.names_module or text.names_logger)
        }
        """Texts that may be names, such as those in ``__all__``."""
        self._editor = Editor(code)

    @property
    def edits(self) -> list[Edit]:
        return self._editor.edits

    def run(self) -> None:
        self._read_annotations()
        official = self._statements(PACKAGE)
        if self._is_model_code(official):
            for statement in official:
                for binding in statement.bindings:
                    if _root(binding) == PACKAGE:
                        self._use(binding.start, binding.imported, Result.SUPPORTED, _MODEL_CODE)
            return
        for statement in official:
            self._statement(statement)
        for text in self._code.texts:
            self._text(text)
        ours = self._statements(OURS)
        fitting = {Result.SUPPORTED, Result.EDIT}
        if ours or any(use.result in fitting for use in self.uses):
            self._requests(self._statements("requests"))
        elif not official:
            self._handlers_elsewhere(self._statements("requests"))

    def _statements(self, root: str) -> list[Statement]:
        """Return the statements that import a package or something in it."""
        return [
            statement
            for statement in self._code.statements
            if any(_root(binding) == root for binding in statement.bindings)
        ]

    def _use(self, start: int, name: str, result: Result, text: str) -> None:
        self.uses.add(Use(start, name, result, text))

    # --- Model code ------------------------------------------------------------------------------

    def _is_model_code(self, statements: list[Statement]) -> bool:
        """Whether code only defines models, which the official SDK runs."""
        bases = False
        for statement in statements:
            for binding in statement.bindings:
                found = self._resolved(binding)
                used = [(one.path, one.reference.role, one.ours) for one in found]
                if not table.is_module(binding.path):
                    row = table.find(binding.path)
                    ours = row.ours if row is not None else None
                    used = [*used, (binding.path, "load", ours)]
                for path, role, ours in used:
                    if role == "base" and is_model_base(path):
                        bases = True
                    elif ours is not None and not is_model_base(path):
                        return False
        return bases

    def _resolved(self, binding: Binding) -> list[Resolved]:
        return [resolve(self._code.data, binding, one) for one in binding.references]

    # --- Import statements -----------------------------------------------------------------------

    def _statement(self, statement: Statement) -> None:
        if statement.module is None:
            for binding in statement.bindings:
                if _root(binding) == PACKAGE:
                    self._import(statement, binding)
        else:
            self._import_from(statement)

    def _import(self, statement: Statement, binding: Binding) -> None:
        """Handle ``import bitfount.hub.api``, with or without ``as``."""
        group = self._group(binding)
        renamed = (
            binding.renamed
            or self._code.taken
            or binding.local in self._code.declared | self._spelled
            or any(one.rebound or self._needs_name(one) for one in group)
        )
        clean = all(self._is_clean(one) for one in group)
        edited = self._module(binding, binding.local if renamed and clean else OURS, clean)
        if clean:
            new = f"{OURS} as {binding.local}" if renamed else OURS
            self._use(binding.start, binding.imported, Result.EDIT, f"import {new}")
            index = statement.bindings.index(binding)
            if renamed or self._editor.needs_import(statement):
                self._editor.edit(binding.start, binding.end, new)
            elif index > 0:
                self._editor.edit(statement.bindings[index - 1].end, binding.end, "")
            elif self._editor.is_alone(statement):
                self._editor.delete(statement)
            else:
                self._editor.edit(binding.start, binding.end, new)
        elif edited and self._editor.needs_import(statement):
            self._editor.edit(binding.end, binding.end, f", {OURS}")

    def _group(self, binding: Binding) -> list[Binding]:
        """Return the bindings of the same name that the same uses may refer to."""
        starts = {one.start for one in binding.references}
        others = [
            other
            for statement in self._code.statements
            for other in statement.bindings
            if statement.module is None and other.local == binding.local
        ]
        return [
            other
            for other in others
            if other is binding or starts & {one.start for one in other.references}
        ]

    def _needs_name(self, binding: Binding) -> bool:
        """Whether the name has to stay, since the module itself is used."""
        return any(one.itself for one in self._resolved(binding))

    def _is_clean(self, binding: Binding) -> bool:
        """Whether a module, or a class of functions, is not needed once its uses are edited."""
        if not _is_offered(binding):
            return False
        return all(one.is_clean for one in self._resolved(binding))

    def _import_from(self, statement: Statement) -> None:
        """Handle ``from bitfount.hub import BitfountHub, api``."""
        home = OURS
        names: dict[Binding, str] = {}
        """Bindings of names that have a replacement in ``home``, and what imports it."""
        others: dict[str, list[str]] = {}
        """What to import from other modules of ours."""
        dropped: list[Binding] = []
        lines: list[str] = []
        for binding in statement.bindings:
            row = table.find(binding.path)
            if binding.local == "*":
                self._star(binding)
            elif table.is_module(binding.path):
                clean = self._is_clean(binding)
                edited = self._module(binding, binding.local if clean else OURS, clean)
                if clean:
                    self._use(
                        binding.start, binding.imported, Result.EDIT,
                        f"import {OURS} as {binding.local}",
                    )  # fmt: skip
                    dropped.append(binding)
                    lines.append(f"import {OURS} as {binding.local}")
                elif edited:
                    lines.append(f"import {OURS}")
            elif row is None or (row.ours is None and not row.members):
                self._not_offered(binding.start, binding.path)
            elif row.members:
                clean = self._is_clean(binding) and not self._code.taken
                edited = self._module(binding, OURS, clean)
                if clean:
                    new = f"import {OURS}" if edited else "no import is needed"
                    self._use(binding.start, binding.imported, Result.EDIT, new)
                    dropped.append(binding)
                if edited:
                    lines.append(f"import {OURS}")
            elif is_model_base(binding.path) and any(
                one.role == "base" for one in binding.references
            ):
                self._use(binding.start, binding.path, Result.NOT_OFFERED, MOVE_MODEL)
            else:
                assert row.ours is not None  # noqa: S101 - one of the cases above
                new = _alias(row.ours, binding.local)
                self._use(binding.start, binding.path, Result.EDIT, f"from {row.home} import {new}")
                home = home if names else row.home
                if row.home == home:
                    names[binding] = new
                else:
                    dropped.append(binding)
                    others.setdefault(row.home, []).append(new)
        lines += [f"from {module} import {', '.join(new)}" for module, new in others.items()]
        self._editor.rewrite(statement, home, names, dropped, lines)

    def _star(self, binding: Binding) -> None:
        self._use(
            binding.start, binding.path, Result.LOOK,
            f"import the names that are used: from {OURS} import BitfountHub, …",
        )  # fmt: skip

    def _not_offered(self, start: int, path: str) -> None:
        self._use(start, path, Result.NOT_OFFERED, table.reason(path))

    # --- Names of modules ------------------------------------------------------------------------

    def _module(self, binding: Binding, root: str, clean: bool) -> bool:
        """Handle the uses of a name that is bound to a module, or to a class of functions.

        Args:
            binding: Binding.
            root: Name that our package is going to have.
            clean: Whether the import of the official SDK is going to be replaced.

        Returns:
            Whether uses of our package were written.
        """
        if not _is_offered(binding):
            self._not_offered(binding.start, binding.imported)
        elif not clean:
            self._use(
                binding.start, binding.imported, Result.LOOK,
                "this import stays, because names without a replacement need it",
            )  # fmt: skip
        edited = False
        for found in self._resolved(binding):
            edited |= self._reference(found, root)
        return edited

    def _reference(self, found: Resolved, root: str) -> bool:
        start = found.reference.start
        if found.problem == MOVE_MODEL:
            self._use(start, found.path, Result.NOT_OFFERED, MOVE_MODEL)
        elif found.ours is None and not table.is_module(found.path):
            self._not_offered(start, found.path)
        elif found.ours is None:
            if found.reference.role != "test":
                problem = "the module itself is used: see which names are read from it"
                self._use(start, found.path, Result.LOOK, problem)
        elif found.problem is not None:
            self._use(start, found.path, Result.LOOK, f"{OURS}.{found.ours}: {found.problem}")
        elif root == OURS and self._code.taken and not found.is_literal:
            self._use(start, found.path, Result.LOOK, f"{OURS}.{found.ours}: {_TAKEN}")
        else:
            new = found.ours if found.is_literal else f"{root}.{found.ours}"
            old = self._code.data[start : found.end].decode("utf-8")
            result = Result.SUPPORTED if old == new else Result.EDIT
            self._use(start, found.path, result, new)
            self._editor.edit(start, found.end, new)
            for argument in found.arguments:
                self._editor.edit(*argument)
            return not found.is_literal
        return False

    # --- Texts -----------------------------------------------------------------------------------

    def _read_annotations(self) -> None:
        """Add the names in annotations that are texts to the references."""
        for statement in self._code.statements:
            for binding in statement.bindings:
                pattern = re.compile(rf"(?<![\w.]){re.escape(binding.local)}(?:\.\w+)*\b(?!\()")
                for text in self._code.texts:
                    if text.annotation:
                        for match in pattern.finditer(text.value):
                            binding.references.append(_reference_in(text, match))

    def _text(self, text: Text) -> None:
        if text.annotation:
            return
        found = re.match(rf"{PACKAGE}(?:\.(\w+))?[\w.]*", text.value)
        if found is None:
            return
        known = found[1] is not None and table.is_module(f"{PACKAGE}.{found[1]}")
        if text.names_logger and text.value == PACKAGE:
            self._use(text.start, PACKAGE, Result.EDIT, f"getLogger('{OURS}')")
            self._editor.edit(text.start, text.start + len(PACKAGE), OURS)
        elif (text.names_module and found[0] == text.value) or known:
            self._use(
                text.start, found[0], Result.LOOK, "a text that names a module of the official SDK"
            )

    # --- requests --------------------------------------------------------------------------------

    def _requests(self, statements: list[Statement]) -> None:
        """Handle the exceptions of requests, which the official SDK raises and ours does not."""
        sends = self._sends(statements)
        for statement in statements:
            bindings = [
                one for one in statement.bindings if _root(one) == "requests" and one.references
            ]
            if sends:
                for binding in bindings:
                    self._catch_both(statement, binding)
            elif statement.module is None:
                for binding in bindings:
                    self._import(statement, binding)
            elif bindings:
                self._import_from(statement)

    def _sends(self, statements: list[Statement]) -> bool:
        """Whether the code uses more of requests than its exceptions."""
        bindings = [one for each in statements for one in each.bindings if _root(one) == "requests"]
        names = [table.find(one.path) for one in bindings if not table.is_module(one.path)]
        uses = [found.ours for binding in bindings for found in self._resolved(binding)]
        return None in names or None in uses

    def _handlers_elsewhere(self, statements: list[Statement]) -> None:
        """Report handlers in code that sends no requests, so that another file may send them."""
        if self._sends(statements):
            return
        for binding in (one for each in statements for one in each.bindings):
            for found in self._resolved(binding):
                if found.ours is not None:
                    advice = f"if it is for errors of this library, it is {OURS}.{found.ours} there"
                    self._use(found.reference.start, found.path, Result.LOOK, advice)

    def _catch_both(self, statement: Statement, binding: Binding) -> None:
        """Catch the exceptions of both libraries."""
        for resolved in self._resolved(binding):
            reference = resolved.reference
            if resolved.ours is None:
                continue
            new = f"{OURS}.{resolved.ours}"
            if any(name.startswith(f"{OURS}.") for name in reference.siblings or ()):
                continue
            if reference.role != "handler" or self._code.taken:
                problem = f"errors of this library are {new}"
                if self._code.taken:
                    problem += f", but {_TAKEN}"
                self._use(reference.start, resolved.path, Result.LOOK, problem)
                continue
            self._use(reference.start, resolved.path, Result.EDIT, f"also catch {new}")
            if reference.siblings is None:
                self._editor.edit(reference.start, reference.start, "(")
                self._editor.edit(resolved.end, resolved.end, f", {new})")
            else:
                self._editor.edit(resolved.end, resolved.end, f", {new}")
            if self._editor.needs_import(statement):
                self._editor.add_after(statement, [f"import {OURS}"])


def _reference_in(text: Text, match: re.Match[str]) -> Reference:
    offset = text.start + len(text.value[: match.start()].encode("utf-8"))
    parts, ends, end = match[0].split("."), [], offset - 1
    for part in parts:
        end += 1 + len(part.encode("utf-8"))
        ends.append(end)
    return Reference(tuple(parts), tuple(ends), offset)


def _alias(name: str, local: str) -> str:
    return name if name == local else f"{name} as {local}"


def _root(binding: Binding) -> str:
    return binding.imported.partition(".")[0]


def _is_offered(binding: Binding) -> bool:
    """Whether the module, or class of functions, that is imported has names that we offer."""
    if not binding.references and not binding.rebound:
        return binding.imported in table.SUPPORTED or table.find(binding.imported) is not None
    return table.is_module(binding.imported) or table.find(binding.imported) is not None
