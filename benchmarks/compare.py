"""A beside B: in turns, so that what else the machine does falls on both; medians of ratios."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@attrs.frozen
class Comparison:
    """What came of measuring two things in turns.

    Args:
        ours: What each round gave for this project.
        theirs: What it gave for the other.
    """

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratio(self) -> float:
        """How many times theirs ours is: the median of the rounds."""
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def difference(self) -> float:
        """How much more ours is: the median of the rounds."""
        return statistics.median(a - b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The ratios between which the middle half of the rounds lies."""
        ratios = sorted(a / b for a, b in zip(self.ours, self.theirs, strict=True))
        return ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]


def in_turns(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int, warm: bool = True
) -> Comparison:
    """Measure two things in turns: A B, B A, A B …

    Args:
        ours: Measures one.
        theirs: Measures the other.
        rounds: How often.
        warm: Whether each is done once before it counts.
    """
    if warm:
        ours()
        theirs()
    pairs = []
    for number in range(rounds):
        if number % 2:
            other = theirs()
            pairs.append((ours(), other))
        else:
            pairs.append((ours(), theirs()))
    return Comparison([a for a, _ in pairs], [b for _, b in pairs])
