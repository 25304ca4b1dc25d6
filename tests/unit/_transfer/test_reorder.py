"""Bytes that arrive out of order are decompressed in order, and freed early."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._transfer.reorder import ReorderBuffer
from bitfount_api._transfer.zstd import Compressor, Decompressor
from bitfount_api.exceptions import TransferError

MIB = 1024 * 1024


def packed(content: bytes) -> bytes:
    packer = Compressor(len(content))
    return packer.feed(content) + packer.finish()


CONTENT = os.urandom(3 * MIB) + bytes(5 * MIB)
OBJECT = packed(CONTENT)


@given(st.lists(st.integers(1, len(OBJECT) - 1), max_size=8, unique=True), st.randoms())
def test_the_order_of_arrival_makes_no_difference(cuts: list[int], random: Any) -> None:
    ends = [*sorted(cuts), len(OBJECT)]
    pieces = list(zip([0, *ends[:-1]], ends, strict=True))
    random.shuffle(pieces)
    found = bytearray()
    in_order = ReorderBuffer(Decompressor(len(CONTENT)), found.extend, len(OBJECT))
    for start, end in pieces:
        in_order.write_at(start, OBJECT[start:end])
    in_order.end()
    assert found == CONTENT


def test_repeated_bytes_are_ignored() -> None:
    found = bytearray()
    in_order = ReorderBuffer(Decompressor(len(CONTENT)), found.extend, len(OBJECT))
    for start, end in [(0, MIB), (MIB // 2, len(OBJECT)), (0, MIB)]:
        in_order.write_at(start, OBJECT[start:end])
    in_order.end()
    assert found == CONTENT


def test_damaged_or_incomplete_data_raises() -> None:
    in_order = ReorderBuffer(Decompressor(len(CONTENT)), len, len(OBJECT))
    in_order.write_at(len(OBJECT) - 10, OBJECT[-10:])
    in_order.write_at(0, OBJECT[: len(OBJECT) // 2])
    with pytest.raises(TransferError, match="ends within a frame"):
        in_order.end()
    damaged = OBJECT[: MIB // 2] + bytes(100) + OBJECT[MIB // 2 + 100 :]
    in_order = ReorderBuffer(Decompressor(len(CONTENT)), len, len(OBJECT))
    in_order.write_at(100, damaged[100:])
    with pytest.raises(TransferError, match="damaged"):
        in_order.write_at(0, damaged[:100])


def resident() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells its memory")
def test_decompressed_bytes_are_freed() -> None:
    whole = packed(os.urandom(96 * MIB))
    before = resident()
    in_order = ReorderBuffer(Decompressor(len(whole)), len, len(whole))
    for start in range(MIB, len(whole), MIB):
        in_order.write_at(start, whole[start : start + MIB])
    kept = resident() - before
    in_order.write_at(0, whole[:MIB])
    in_order.end()
    assert kept > 80 * MIB
    assert resident() - before < 16 * MIB
