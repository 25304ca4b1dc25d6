"""The values that names may have in a module that has not run."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_VALUES: Final = 32
"""The most values that are followed for one name."""


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
        self.is_block = is_block

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
            scope = scope.outer if scope.is_block else None
        return UNBOUND

    def for_class(self) -> Scope:
        """Return the scope of the body of a class; it does not see the names of another class."""
        whole = self._whole()
        return Scope(self if whole.outer is None else whole.outer, is_block=False)

    def _whole(self) -> Scope:
        scope = self
        while scope.is_block and scope.outer is not None:
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
