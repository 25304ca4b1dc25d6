"""The rows of the table, and their measurements."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compare import Comparison
    from benchmarks.context import Context


@attrs.frozen
class Measured:
    """The measurement of a row.

    Args:
        value: Value to compare with the target, in the row's unit; None if it was not measured.
        ours: Median of this project, in the unit ``quantity``.
        theirs: Median of the other, in the same unit.
        quantity: Unit of ``ours`` and ``theirs``, such as ``s`` or ``MB``.
        official: Value of the official SDK; None if it is not installed.
        spread: Lower and upper quartile of the rounds.
        note: A remark for the report.
    """

    value: float | None
    ours: float | None = None
    theirs: float | None = None
    quantity: str = "s"
    official: float | None = None
    spread: tuple[float, float] | None = None
    note: str = ""

    @classmethod
    def of(cls, comparison: Comparison, *, official: float | None = None) -> Measured:
        """Return the measurement of a ratio of two times."""
        return cls(
            comparison.ratio,
            statistics.median(comparison.ours),
            statistics.median(comparison.theirs),
            official=official,
            spread=comparison.spread,
        )


@attrs.frozen
class Row:
    """One row of the table: a target, and a function that measures the value.

    Args:
        name: Name on the command line and in ``results.json``.
        what: Description of the measured value.
        against: Description of the reference.
        limit: Target value.
        unit: Unit of the target and the value: ``×``, ``MB``, ``ms``, ``s``, or an empty string.
        measure: Function that measures the value.
        at: Whether the target is the maximum (``most``) or the minimum (``least``).
    """

    name: str
    what: str
    against: str
    limit: float
    unit: str
    measure: Callable[[Context], Measured]
    at: Literal["most", "least"] = "most"

    @property
    def target(self) -> str:
        """The target as a text."""
        return f"{'≤' if self.at == 'most' else '≥'} {format_value(self.limit, self.unit)}"

    def met(self, measured: Measured) -> bool | None:
        """Return whether the target is met, or None if the row was not measured."""
        if measured.value is None:
            return None
        if self.at == "most":
            return measured.value <= self.limit
        return measured.value >= self.limit


def format_value(value: float | None, unit: str) -> str:
    """Format a value with its unit and a suitable number of digits."""
    if value is None:
        return "—"
    if unit == "s" and value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if unit == "s" and value < 1:
        return f"{value * 1e3:.3g} ms"
    digits = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return f"{digits} {unit}".rstrip()
