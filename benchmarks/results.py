"""What a row of the table is, and what is measured for it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compare import Comparison
    from benchmarks.setting import Setting


@attrs.frozen
class Measured:
    """What a row comes to.

    Args:
        value: What the target is about, in the row's unit; None where it could not be measured.
        ours: What this project took, in the unit that ``quantity`` says; the median.
        theirs: What the other took.
        quantity: What ``ours`` and ``theirs`` are, such as ``s`` or ``MB``.
        official: What the official SDK took, where it is installed.
        spread: Between which values the middle half of the rounds lies.
        note: What else there is to say.
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
        """The ratio of two times."""
        return cls(
            comparison.ratio,
            statistics.median(comparison.ours),
            statistics.median(comparison.theirs),
            official=official,
            spread=comparison.spread,
        )


@attrs.frozen
class Row:
    """One row of the table: a target, and how to measure what it is about.

    Args:
        name: What it is called on the command line and in ``results.json``.
        what: What is measured.
        against: What it is compared with.
        limit: The target.
        unit: Of the target and the measured value: ``×``, ``MB``, ``ms``, ``s``, or none.
        measure: Measures it.
        at: Whether the target is the most or the least that is good.
    """

    name: str
    what: str
    against: str
    limit: float
    unit: str
    measure: Callable[[Setting], Measured]
    at: Literal["most", "least"] = "most"

    @property
    def target(self) -> str:
        """The target as a text."""
        return f"{'≤' if self.at == 'most' else '≥'} {told(self.limit, self.unit)}"

    def met(self, measured: Measured) -> bool | None:
        """Whether the target is met; None where nothing could be measured."""
        if measured.value is None:
            return None
        if self.at == "most":
            return measured.value <= self.limit
        return measured.value >= self.limit


def told(value: float | None, unit: str) -> str:
    """A value with its unit, with as many digits as say something."""
    if value is None:
        return "—"
    if unit == "s" and value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if unit == "s" and value < 1:
        return f"{value * 1e3:.3g} ms"
    digits = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return f"{digits} {unit}".rstrip()
