"""Compressed weights, complete and damaged."""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._transfer.frames import MAGIC, FrameFinder, is_compressed
from bitfount_api._transfer.zstd import Compressor, Decompressor
from bitfount_api.exceptions import TransferError

zstd = importlib.import_module(
    "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
)
SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"


def unpack(packed: bytes, *, limit: int = 10**9, step: int | None = None) -> bytes:
    unpacker = Decompressor(limit)
    step = step or len(packed) or 1
    pieces = [
        piece
        for start in range(0, len(packed), step)
        for piece in unpacker.feed(packed[start : start + step])
    ]
    unpacker.finish()
    assert unpacker.size == sum(map(len, pieces))
    return b"".join(pieces)


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 400))
def test_data_round_trips_in_any_chunks(frames: list[bytes], step: int) -> None:
    packed = b""
    for frame in frames:
        packer = Compressor(len(frame))
        packed += packer.feed(frame) + packer.finish()
    assert unpack(packed, step=step) == b"".join(frames)


def test_compressed_objects_start_with_the_magic_number() -> None:
    packer = Compressor(3)
    assert (packer.feed(b"abc") + packer.finish()).startswith(MAGIC)


@pytest.mark.parametrize("step", [1, 7, 10**6])
def test_frames_may_lack_their_size_and_be_skippable(step: int) -> None:
    compressor = zstd.ZstdCompressor()  # without the size in advance
    data = os.urandom(3000) * 2
    unsized = compressor.compress(data[:1000], mode=zstd.ZstdCompressor.FLUSH_BLOCK)
    unsized += compressor.compress(data[1000:]) + compressor.flush()
    assert zstd.get_frame_info(unsized).decompressed_size is None
    packed = unsized + SKIPPABLE + zstd.compress(b"") + zstd.compress(b"end")
    assert unpack(packed, step=step) == data + b"end"


def test_large_output_is_returned_in_pieces() -> None:
    unpacker = Decompressor(10**9)
    pieces = list(unpacker.feed(zstd.compress(bytes(50_000_000))))
    unpacker.finish()
    assert sum(map(len, pieces)) == 50_000_000
    assert max(map(len, pieces)) <= 1024 * 1024


@pytest.mark.parametrize("kept", [1, 4, 5, 20, -1])
def test_truncated_object_raises(kept: int) -> None:
    packed = zstd.compress(os.urandom(1000))
    with pytest.raises(TransferError, match="ends within a frame"):
        unpack(packed[:kept])


def test_changed_byte_is_detected() -> None:
    packer = Compressor(100_000)
    packed = bytearray(packer.feed(os.urandom(100_000)) + packer.finish())
    packed[50_000] ^= 1
    with pytest.raises(TransferError, match="damaged"):
        unpack(bytes(packed))


def test_bytes_after_a_frame_must_be_a_frame() -> None:
    with pytest.raises(TransferError, match="damaged"):
        unpack(zstd.compress(b"x") + b"no frame at all")


def test_bomb_is_stopped_at_the_limit() -> None:
    bomb = zstd.compress(bytes(30_000_000))
    assert len(bomb) < 10_000
    with pytest.raises(TransferError, match="more than the 1,000,000 bytes"):
        unpack(bomb, limit=1_000_000)
    assert len(unpack(bomb, limit=30_000_000)) == 30_000_000


def test_window_size_of_a_frame_is_limited() -> None:
    parameter = zstd.CompressionParameter
    greedy = zstd.ZstdCompressor(options={parameter.window_log: 28})
    packed = greedy.compress(bytes(1000), mode=zstd.ZstdCompressor.FLUSH_BLOCK) + greedy.flush()
    with pytest.raises(TransferError, match="damaged"):
        unpack(packed)


EMPTY = [
    zstd.compress(b""),
    *(
        zstd.compress(
            b"",
            options={
                zstd.CompressionParameter.checksum_flag: checksum,
                zstd.CompressionParameter.content_size_flag: size,
            },
        )
        for checksum in (0, 1)
        for size in (0, 1)
    ),
    MAGIC + b"\x00\x58\x01\x00\x00",  # of unknown size
    MAGIC + b"\xa0" + bytes(4) + b"\x01\x00\x00",  # a size of 4 bytes
    MAGIC + b"\xe4" + bytes(8) + b"\x01\x00\x00\x99\xe9\xd8\x51",  # of 8 bytes, checksum
    b"\x5f\x2a\x4d\x18" + bytes(4),
    b"\x50\x2a\x4d\x18\x00\x00\x01\x00" + bytes(65536),
    SKIPPABLE,
]


@given(
    st.lists(st.sampled_from([*EMPTY, zstd.compress(b"x"), zstd.compress(b"data" * 99)])),
    st.integers(1, 40),
)
def test_frames_without_contents_are_skipped(frames: list[bytes], step: int) -> None:
    packed = b"".join([zstd.compress(b"first"), *frames, zstd.compress(b"end")])
    texts = {zstd.compress(b"x"): b"x", zstd.compress(b"data" * 99): b"data" * 99}
    expected = b"first" + b"".join(texts.get(frame, b"") for frame in frames) + b"end"
    assert unpack(packed, step=step if len(packed) < 2000 else 1000 * step) == expected


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the list of the decompressors that are made, by their options."""
    made: list[Any] = []
    real = zstd.ZstdDecompressor

    def make(**options: Any) -> Any:
        made.append(options)
        return real(**options)

    monkeypatch.setattr(zstd, "ZstdDecompressor", make)
    return made


@pytest.mark.parametrize("frame", EMPTY)
def test_library_agrees_on_frames_without_contents(frame: bytes) -> None:
    assert zstd.decompress(frame + zstd.compress(b"end")) == b"end"
    assert unpack(zstd.compress(b"") + frame) == b""
    for kept in range(1, min(len(frame), 30)):
        with pytest.raises(TransferError, match="ends within a frame"):
            unpack(zstd.compress(b"x") + frame[:kept])


@pytest.mark.parametrize("frame", EMPTY)
def test_frames_without_contents_cost_no_decompressor(frame: bytes, made: list[Any]) -> None:
    assert unpack(zstd.compress(b"x") + frame * 100 + zstd.compress(b"y")) == b"xy"
    assert len(made) == 2


@pytest.mark.parametrize(
    "frame",
    [
        MAGIC + b"\x24\x00\x01\x00\x00\x00\x00\x00\x00",  # a wrong checksum
        MAGIC + b"\x20\x01\x01\x00\x00",  # a size of 1
        MAGIC + b"\x60\x00\x00\x01\x00\x00",  # a size of 256
        MAGIC + b"\x20\x00\x07\x00\x00",  # a block of a reserved type
        MAGIC + b"\x28\x00\x01\x00\x00",  # a reserved bit
        MAGIC + b"\x21\x07\x00\x01\x00\x00",  # an unknown dictionary
    ],
)
def test_damaged_frame_without_contents_is_rejected(frame: bytes) -> None:
    with pytest.raises(TransferError, match="damaged"):
        unpack(zstd.compress(b"x") + frame + zstd.compress(b"y"))


TINY = [
    MAGIC + b"\x20\x00\x03\x00\x00z",  # a repeated byte, zero times
    MAGIC + b"\x00\x58\x03\x00\x00z",  # of unknown size
    MAGIC + b"\x21\x00\x00\x01\x00\x00",  # a dictionary id of 0
    MAGIC + b"\x30\x00\x01\x00\x00",  # the unused bit
    MAGIC + b"\x20\x00\x00\x00\x00\x01\x00\x00",  # two empty blocks
    MAGIC + b"\x20\x01\x09\x00\x00z",  # one byte
    MAGIC + b"\x20\x01\x0b\x00\x00z",  # a repeated byte, once
    zstd.compress(bytes(10)),
]


@pytest.mark.parametrize("frame", TINY)
@pytest.mark.parametrize("step", [1000, 10**7])
def test_absurd_number_of_frames_is_rejected(frame: bytes, step: int, made: list[Any]) -> None:
    """Each costs the library's 12 µs: a second for a mebibyte."""
    assert unpack(frame * 10_000, step=step) == zstd.decompress(frame) * 10_000
    made.clear()
    with pytest.raises(TransferError, match=r"frames in its first .* one for 128 bytes"):
        unpack(frame * 200_000, step=step)
    assert len(made) < 15_000


def test_frames_of_128_bytes_are_read() -> None:
    frame = zstd.compress(os.urandom(120))
    assert unpack(frame * 30_000, step=999) == zstd.decompress(frame) * 30_000


@pytest.mark.parametrize("step", [1000, 10**7])
def test_small_frames_of_more_contents_are_read(step: int) -> None:
    """As seekable formats have them, of which weights with many zeros leave few bytes."""
    size, count = 1024, 30_000
    frame = zstd.compress(bytes(size))
    index = b"".join(struct.pack("<II", len(frame), size) for _ in range(count))
    table = index + struct.pack("<IBI", count, 0, 0x8F92EAB1)
    packed = frame * count + struct.pack("<II", 0x184D2A5E, len(table)) + table
    assert unpack(packed, step=step) == bytes(size * count)


def test_many_small_frames_take_linear_time() -> None:
    assert unpack(zstd.compress(b"") * 100_000 + zstd.compress(b"end")) == b"end"


def test_compressor_requires_the_announced_size() -> None:
    packer = Compressor(3)
    packer.feed(b"ab")
    with pytest.raises(zstd.ZstdError):
        packer.finish()


def test_zstd_library_is_loaded_on_first_use() -> None:
    # From Python 3.14 on, the standard library's own shutil loads compression.zstd.
    code = (
        "import shutil, sys; before = set(sys.modules); import bitfount_api.hub;"
        "print([name for name in sys.modules.keys() - before if 'zstd' in name])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "backports" not in run.stdout
    assert "compression" not in run.stdout


PACKED = zstd.compress(b"contents")


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PACKED, True),
        (SKIPPABLE + PACKED, True),
        (SKIPPABLE * 3 + SKIPPABLE[:4] + bytes(4) + PACKED, True),
        (SKIPPABLE + b"\x04\x22\x4d\x18 an LZ4 frame", False),
        (SKIPPABLE, None),
        (SKIPPABLE + MAGIC[:3], None),
        (MAGIC[:3] + b"x", False),
        (b"weights", False),
        (b"wei", None),
        (b"", None),
    ],
)
def test_first_frame_is_found(data: bytes, found: bool | None, step: int) -> None:
    finder = FrameFinder()
    from_there = b""
    for start in range(0, len(data), step):
        view = memoryview(data)[start : start + step]
        from_there += view if finder.found else finder.feed(view)
    assert finder.found is found
    assert from_there == (PACKED if found else b"")
    assert is_compressed(data) is (found is True)
