"""Byte ranges of an object that have been received."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ByteRanges:
    """A set of byte ranges, merged where they touch. Not thread-safe.

    Args:
        ranges: Initial ranges, as pairs of first byte and byte after the last.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        self.total = 0
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Add the range from ``start`` to before ``end``.

        Raises:
            ValueError: If the range is invalid.
        """
        if not 0 <= start <= end:
            raise ValueError(f"invalid byte range: {start} to {end}")
        # There are few ranges: about one for each request in progress. Try first to extend one.
        for index, (first, after) in enumerate(self._ranges):
            if start == after and (
                index + 1 == len(self._ranges) or end < self._ranges[index + 1][0]
            ):
                self._ranges[index] = (first, end)
                self.total += end - start
                return
        if start == end:
            return
        separate = [(a, b) for a, b in self._ranges if b < start or a > end]
        adjacent = [(a, b) for a, b in self._ranges if not (b < start or a > end)]
        merged = (
            min([start, *(a for a, _ in adjacent)]),
            max([end, *(b for _, b in adjacent)]),
        )
        self._ranges = sorted([*separate, merged])
        self.total = sum(b - a for a, b in self._ranges)

    @property
    def prefix(self) -> int:
        """The number of bytes without a gap from the beginning."""
        if self._ranges and self._ranges[0][0] == 0:
            return self._ranges[0][1]
        return 0

    def gaps(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield the missing ranges of an object of ``size`` bytes, in order."""
        position = 0
        for start, end in self._ranges:
            if position < min(start, size):
                yield position, min(start, size)
            position = end
        if position < size:
            yield position, size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)
