"""Compare A and B by alternating them, so that other load on the machine affects both.

The result is the median of the rounds' ratios.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@attrs.frozen
class Comparison:
    """The measurements of two alternating functions.

    Args:
        ours: The values of this project, one per round.
        theirs: The values of the other, one per round.
    """

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratio(self) -> float:
        """The ratio of ours to theirs: the median of the rounds."""
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def difference(self) -> float:
        """The difference of ours and theirs: the median of the rounds."""
        return statistics.median(a - b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The lower and upper quartile of the rounds' ratios."""
        ratios = sorted(a / b for a, b in zip(self.ours, self.theirs, strict=True))
        return ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]


def alternate(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int, warm: bool = True
) -> Comparison:
    """Measure two functions alternately: A B, B A, A B …

    Args:
        ours: Function that returns one measurement of this project.
        theirs: Function that returns one measurement of the other.
        rounds: Number of rounds.
        warm: Whether to run each function once before measuring.
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
