"""Ranges are a set of bytes, in whatever order they are added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._transfer.byte_ranges import ByteRanges

SIZE = 40
STRETCHES = st.lists(
    st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda pair: tuple(sorted(pair))),
    max_size=12,
)


@given(STRETCHES)
def test_ranges_are_the_set_of_their_bytes(stretches: list[tuple[int, int]]) -> None:
    ranges = ByteRanges(stretches)
    there = {byte for start, end in stretches for byte in range(start, end)}
    assert ranges.total == len(there)
    assert {byte for start, end in ranges for byte in range(start, end)} == there
    missing = [byte for start, end in ranges.gaps(SIZE) for byte in range(start, end)]
    assert missing == sorted(set(range(SIZE)) - there)
    assert ranges.prefix == (missing[0] if missing else SIZE)


@given(STRETCHES, st.integers(0, SIZE))
def test_gaps_end_with_the_object(stretches: list[tuple[int, int]], size: int) -> None:
    missing = [byte for a, b in ByteRanges(stretches).gaps(size) for byte in range(a, b)]
    there = {byte for start, end in stretches for byte in range(start, end)}
    assert missing == sorted(set(range(size)) - there)


@given(STRETCHES)
def test_ranges_neither_touch_nor_are_empty(stretches: list[tuple[int, int]]) -> None:
    joined = list(ByteRanges(stretches))
    assert all(start < end for start, end in joined)
    assert all(joined[i][1] < joined[i + 1][0] for i in range(len(joined) - 1))


@pytest.mark.parametrize("stretch", [(3, 2), (-1, 2)])
def test_invalid_range_is_rejected(stretch: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="invalid byte range"):
        ByteRanges([stretch])
