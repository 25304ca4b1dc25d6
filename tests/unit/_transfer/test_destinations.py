"""Destinations of downloads, and the order in which bytes may arrive."""

from __future__ import annotations

import os

import pytest

from bitfount_api._transfer.destinations import Destination, MemoryDestination
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.progress import ProgressReporter

ETAG = '"abc"'


def packed(data: bytes) -> bytes:
    packer = Compressor(len(data))
    return packer.feed(data) + packer.finish()


def test_compressed_ranges_may_arrive_in_any_order() -> None:
    data = packed(os.urandom(100_000))
    destination = MemoryDestination(ProgressReporter(None, None, "w"), 10**6, unpack=True)
    destination.begin(ETAG, len(data))
    destination.write_at(0, data[:1000])
    destination.write_at(50_000, data[50_000:])
    destination.write_at(1000, data[1000:50_000])
    assert destination.whole
    assert len(destination.content()) == 100_000


def test_destination_base_class_is_abstract() -> None:
    destination = Destination(ProgressReporter(None, None, "w"), 10**6)
    with pytest.raises(NotImplementedError):
        destination.begin(ETAG, 1)
    with pytest.raises(NotImplementedError):
        destination.write_at(0, b"x")


@pytest.mark.parametrize("step", [3, 100_000])
def test_object_behind_a_skippable_frame_is_decompressed(step: int) -> None:
    contents = os.urandom(1000)
    data = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes" + packed(contents)
    destination = MemoryDestination(ProgressReporter(None, None, "w"), 10**6, unpack=True)
    destination.begin(ETAG, len(data))
    for start in range(0, len(data), step):
        destination.write_at(start, data[start : start + step])
    assert destination.content() == contents
