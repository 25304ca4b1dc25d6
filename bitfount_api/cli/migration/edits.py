"""Edits of import statements, and of other ranges of bytes, in code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from bitfount_api.cli.migration.table import OURS

if TYPE_CHECKING:
    from bitfount_api.cli.migration.syntax import Binding, Code, Statement


@attrs.frozen(order=True)
class Edit:
    """A replacement of the bytes from ``start`` to ``end``."""

    start: int
    end: int
    new: str


def apply(data: bytes, edits: list[Edit]) -> bytes:
    """Return data with the edits made; all other bytes stay."""
    parts, position = [], 0
    for edit in edits:
        assert edit.start >= position  # noqa: S101 - overlapping edits would destroy code
        parts += [data[position : edit.start], edit.new.encode("utf-8")]
        position = edit.end
    return b"".join([*parts, data[position:]])


class Editor:
    """Collects the edits of a piece of code.

    Args:
        code: Code.
    """

    def __init__(self, code: Code) -> None:
        self._data = code.data
        self._edits: set[Edit] = set()
        found = re.search(rb"\r\n|\n|\r", self._data)
        self._newline = found[0].decode() if found else "\n"
        self._imported = min(
            (
                statement.start
                for statement in code.statements
                for binding in statement.bindings
                if binding.path == OURS and binding.local == OURS and statement.indent == ""
            ),
            default=len(self._data),
        )
        """Where ``import bitfount_api`` is run in any case: what follows needs no other one."""

    @property
    def edits(self) -> list[Edit]:
        """The edits, in order."""
        return sorted(self._edits)

    def edit(self, start: int, end: int, new: str) -> None:
        """Replace a range of bytes."""
        if self._data[start:end] != new.encode("utf-8"):
            self._edits.add(Edit(start, end, new))

    def needs_import(self, statement: Statement) -> bool:
        """Whether ``import bitfount_api`` has to be added where a statement is."""
        if statement.start >= self._imported:
            return False
        if statement.indent == "":
            self._imported = statement.start
        return True

    def is_alone(self, statement: Statement) -> bool:
        """Whether a statement has its line, at the top level, for itself."""
        rest = re.compile(rb"[^\r\n]*").match(self._data, statement.end)
        assert rest is not None  # noqa: S101 - it matches the empty text
        return statement.indent == "" and len(statement.bindings) == 1 and not rest[0].strip()

    def delete(self, statement: Statement) -> None:
        """Delete a statement with its line."""
        rest = re.compile(rb"[^\r\n]*(\r\n|\n|\r)?").match(self._data, statement.end)
        assert rest is not None  # noqa: S101 - it matches the empty text
        self.edit(statement.start, rest.end(), "")

    def rewrite(
        self,
        statement: Statement,
        home: str,
        names: dict[Binding, str],
        dropped: list[Binding],
        lines: list[str],
    ) -> None:
        """Edit ``from … import …``: some names stay, some are replaced, and some are dropped.

        Args:
            statement: Statement.
            home: Module to import the replacements from.
            names: What is imported instead of the names that are replaced.
            dropped: Names that need not be imported from there.
            lines: Other statements that are needed.
        """
        ours = f"import {OURS}"
        lines = list(dict.fromkeys(lines))
        if ours in lines and not self.needs_import(statement):
            lines.remove(ours)
        kept = [one for one in statement.bindings if one not in names and one not in dropped]
        if names and not kept:
            self.edit(statement.module_start, statement.module_end, home)
            for binding, new in names.items():
                self.edit(binding.start, binding.end, new)
            self._remove(statement, dropped)
            self.add_after(statement, lines)
        elif kept:
            self._remove(statement, [*names, *dropped])
            if names:
                lines = [f"from {home} import {', '.join(names.values())}", *lines]
            if lines:
                self.edit(statement.start, statement.start, self._joined(statement, [*lines, ""]))
        elif lines or not self.is_alone(statement):
            self.edit(statement.start, statement.end, self._joined(statement, lines or [ours]))
        else:
            self.delete(statement)

    def add_after(self, statement: Statement, lines: list[str]) -> None:
        """Add statements after a statement."""
        if lines:
            self.edit(statement.end, statement.end, self._joined(statement, ["", *lines]))

    def _joined(self, statement: Statement, lines: list[str]) -> str:
        if statement.indent is None:
            return "; ".join(lines)
        return f"{self._newline}{statement.indent}".join(lines)

    def _remove(self, statement: Statement, removed: list[Binding]) -> None:
        """Remove names from ``from … import``, but no comments."""
        if not removed:
            return
        first, last = statement.bindings[0], statement.bindings[-1]
        kept = [one for one in statement.bindings if one not in removed]
        data = self._data
        if b"#" not in data[first.start : last.end]:
            position = first.start
            for binding in kept:
                self.edit(position, binding.start, "")
                if binding is not kept[-1]:
                    position = statement.bindings[statement.bindings.index(binding) + 1].start
            self.edit(kept[-1].end, last.end, "")
            return
        for binding in removed:
            found = re.compile(rb"\s*,|").match(data, binding.end)
            start, end = binding.start, found.end() if found else binding.end
            line = re.compile(rb"[ \t]*(\r\n|\n|\r)").match(data, end)
            begin = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
            if line is not None and not data[begin:start].strip():
                start, end = begin, line.end()
            self.edit(start, end, "")
