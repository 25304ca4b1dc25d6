"""Byte ranges of an object that have been received."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ByteRanges:
    """A set of byte ranges, merged where they touch. Not thread-safe.

    Args:
        stretches: Initial ranges, as pairs of first byte and byte after the last.
    """

    def __init__(self, stretches: Iterable[tuple[int, int]] = ()) -> None:
        self._stretches: list[tuple[int, int]] = []
        self.total = 0
        for start, end in stretches:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Add the range from ``start`` to before ``end``.

        Raises:
            ValueError: If the range is invalid.
        """
        if not 0 <= start <= end:
            raise ValueError(f"invalid byte range: {start} to {end}")
        # There are few ranges: about one for each request in progress. Try first to extend one.
        for index, (first, after) in enumerate(self._stretches):
            if start == after and (
                index + 1 == len(self._stretches) or end < self._stretches[index + 1][0]
            ):
                self._stretches[index] = (first, end)
                self.total += end - start
                return
        if start == end:
            return
        apart = [(a, b) for a, b in self._stretches if b < start or a > end]
        touched = [(a, b) for a, b in self._stretches if not (b < start or a > end)]
        joined = (
            min([start, *(a for a, _ in touched)]),
            max([end, *(b for _, b in touched)]),
        )
        self._stretches = sorted([*apart, joined])
        self.total = sum(b - a for a, b in self._stretches)

    @property
    def prefix(self) -> int:
        """The number of bytes without a gap from the beginning."""
        if self._stretches and self._stretches[0][0] == 0:
            return self._stretches[0][1]
        return 0

    def gaps(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield the missing ranges of an object of ``size`` bytes, in order."""
        position = 0
        for start, end in self._stretches:
            if position < min(start, size):
                yield position, min(start, size)
            position = end
        if position < size:
            yield position, size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._stretches)
