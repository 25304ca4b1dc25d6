"""Finds what a use of an imported name refers to, and how it is written with this library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from bitfount_api.cli.migration import table

if TYPE_CHECKING:
    from bitfount_api.cli.migration.syntax import Binding, Reference

MOVE_MODEL: Final = (
    "model code runs in the official SDK: move the class to its own file, which stays as it is"
)


@attrs.frozen
class Resolved:
    """A reference, and what it refers to.

    Args:
        reference: Reference.
        path: Path of the name.
        end: Where the part ends that the replacement replaces.
        ours: Name of ours, or a literal in quotes; None if there is no replacement.
        arguments: Edits of the arguments of the call: start, end and new text.
        itself: Whether it refers to the bound module, and to no name in it.
        problem: Why it cannot be edited; None if it can.
    """

    reference: Reference
    path: str
    end: int
    ours: str | None
    arguments: tuple[tuple[int, int, str], ...] = ()
    itself: bool = False
    problem: str | None = None

    @property
    def is_literal(self) -> bool:
        """Whether the replacement is a literal."""
        return self.ours is not None and self.ours.startswith('"')

    @property
    def is_clean(self) -> bool:
        """Whether it does not need the official SDK."""
        return self.itself or (self.ours is not None and self.problem is None)

    @property
    def is_model_base(self) -> bool:
        """Whether it is the base class of a model."""
        return self.reference.role == "base" and is_model_base(self.path)


def resolve(data: bytes, binding: Binding, reference: Reference) -> Resolved:
    """Find what a reference refers to."""
    path, index = binding.path, 0
    while table.is_module(path) and index + 1 < len(reference.parts):
        index += 1
        path = f"{path}.{reference.parts[index]}"
    row = table.find(path)
    if row is not None and row.members and index + 1 < len(reference.parts):
        index += 1
        path = f"{path}.{reference.parts[index]}"
        row = table.find(path)
    found = Resolved(reference, path, reference.ends[index], None)
    if row is None or row.ours is None:
        itself = len(reference.parts) == 1 and table.is_module(binding.path)
        return attrs.evolve(found, itself=itself)
    found = attrs.evolve(found, ours=row.ours)
    if row.home != table.OURS:
        problem = f"import it with 'from {row.home} import {row.ours}'"
        return attrs.evolve(found, problem=problem)
    source = re.sub(rb"\s", b"", data[reference.start : found.end])
    if source.decode("utf-8") != ".".join(reference.parts[: index + 1]):
        return attrs.evolve(found, problem="parentheses or comments are between its parts")
    if found.is_literal and index + 1 < len(reference.parts):
        return attrs.evolve(found, problem=f"the text has no {reference.parts[index + 1]!r}")
    if found.is_model_base:
        return attrs.evolve(found, problem=MOVE_MODEL)
    try:
        return attrs.evolve(found, arguments=_arguments(row, reference))
    except ValueError as error:
        return attrs.evolve(found, problem=str(error))


def _arguments(row: table.Row, reference: Reference) -> tuple[tuple[int, int, str], ...]:
    """Return the edits of a call's arguments.

    Raises:
        ValueError: If the code does not show which argument is which.
    """
    if not row.keywords:
        return ()
    if reference.arguments is None:
        if row.by_name:
            raise ValueError("its parameters may be in another order")
        return ()
    official = list(row.keywords)
    edits = []
    for index, argument in enumerate(reference.arguments):
        name = argument.keyword or "".join(official[index : index + 1])
        if argument.starred or name not in row.keywords:
            raise ValueError("the code does not show its arguments: compare the parameters")
        new = row.keywords[name]
        if argument.keyword is not None:
            edits.append((argument.start, argument.start + len(argument.keyword), new))
        elif row.by_name:
            edits.append((argument.start, argument.start, f"{new}="))
    return tuple(edits)


def is_model_base(path: str) -> bool:
    """Return whether a path is that of a class that models derive from."""
    return table.MODEL_CLASSES.fullmatch(path.rpartition(".")[2]) is not None
