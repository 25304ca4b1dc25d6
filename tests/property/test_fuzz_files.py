"""Malicious schemas and compressed objects raise errors of ours, in bounded memory.

The effects of small changes to valid ones are tested with the other properties of each; these are
decompression bombs, deep nesting, and declared lengths of missing data.
"""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.fuzzing import thoroughly

from bitfount_api import BitfountSchema, TransferError
from bitfount_api._transfer.frames import MAGIC
from bitfount_api._transfer.zstd import Compressor, Decompressor

MIB = 1024 * 1024


@contextmanager
def at_most(mebibytes: int) -> Iterator[None]:
    """Check that the block's peak memory is below a limit."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < mebibytes * MIB
    finally:
        tracemalloc.stop()


# --- YAML ----------------------------------------------------------------------------------------

YAML_PIECES = st.sampled_from(
    [
        "&a ", "*a", "&b ", "*b", "<<: *a", "<<: [*a, *b]", "a: ", "- ", "? ", ": ", "[", "]", "{",
        "}", ", ", "\n", "\n  ", "\n    ", "|\n  ", ">-\n  ", "'", '"', "# ", "---\n", "...\n",
        "%YAML 1.1\n", "%TAG ! tag:x,2000:\n", "!!python/object:os.system ", "!!binary ", "!!set ",
        "!!omap ", "!!timestamp ", "!!float ", "!!int ", "!x ", "0b1", "0o7", "1:30", "1e999",
        "9" * 5000, ".inf", "~", "yes", "2024-01-01", "=", "\t", "\ufeff", "\x85", "\u2028", "\0",
        "features: ", "featureName: ", "semanticType: image", "metadata: ", "schema_version: '4'",
        "tables: ", "table: ", "name: ", "encoder: {classes: ", "é", "\U0001f600", "\ud800",
    ]
)  # fmt: skip


def bomb(width: int, depth: int, merged: bool) -> str:
    """Aliases of aliases: in a few lines, ``width ** depth`` values."""
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, depth + 1):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        value = f"{{<<: [{aliases}]}}" if merged else f"[{aliases}]"
        lines.append(f"a{level}: &a{level} {value}")
    return "\n".join([*lines, f"features: *a{depth}"])


YAML = st.one_of(
    st.lists(YAML_PIECES, max_size=60).map("".join),
    st.builds(bomb, st.integers(1, 12), st.integers(1, 12), st.booleans()),
    st.builds(lambda piece, n: piece * n, YAML_PIECES, st.integers(1, 3000)),
)


@pytest.mark.timeout(0)
@thoroughly(150)
@given(YAML, st.sampled_from(["text", "utf-8", "utf-16", "utf-32", "latin-1"]))
@example("!!timestamp ''", "text")
@example("!!bool x", "text")
@example("!!int ''", "text")
@example(bomb(10, 12, merged=False), "text")
@example(bomb(10, 12, merged=True), "utf-8")
def test_any_yaml_is_a_schema_or_a_value_error(text: str, charset: str) -> None:
    source: str | bytes = text
    if charset != "text":
        source = text.encode(charset, "replace")
    try:
        schema = BitfountSchema.loads(source)
    except ValueError as error:
        assert len(str(error)) < 1000
    else:
        assert BitfountSchema.loads(schema.dumps()) == schema


@pytest.mark.parametrize("merged", [False, True])
def test_yaml_bomb_uses_little_memory(merged: bool) -> None:
    with at_most(16), pytest.raises(ValueError, match=r"\w"):
        BitfountSchema.loads(bomb(12, 30, merged))


# --- msgpack -------------------------------------------------------------------------------------

HEADS = st.sampled_from(
    [
        b"\x81", b"\x82", b"\x91", b"\x92", b"\xdc\xff\xff", b"\xdd\xff\xff\xff\xff",
        b"\xde\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xd9\xff", b"\xda\xff\xff",
        b"\xdb\xff\xff\xff\xff", b"\xc6\xff", b"\xc4\x01a", b"\xc7\x08\xff",
        b"\xd6\xff\0\0\0\0", b"\xd4\x05a", b"\xc9\xff\xff\xff\xff\x01", b"\xc0", b"\xc1", b"\xc2",
        b"\xca\x7f\xc0\0\0", b"\xcf" + b"\xff" * 8, b"\xd3\x80" + b"\0" * 7, b"\xa8features",
        b"\xabfeatureName", b"\xacsemanticType", b"\xa5image", b"\xa1a", b"\xa1\xff",
    ]
)  # fmt: skip
MSGPACK = st.one_of(
    st.lists(HEADS, max_size=40).map(b"".join),
    st.builds(lambda head, n, tail: head * n + tail, HEADS, st.integers(1, 100_000), HEADS),
)


@pytest.mark.timeout(0)
@thoroughly(150)
@given(MSGPACK)
def test_any_msgpack_is_a_schema_or_a_value_error(packed: bytes) -> None:
    try:
        BitfountSchema.unpack(packed)
    except ValueError as error:
        assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "head", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\x91\xdc\xff\xff"]
)
def test_false_msgpack_lengths_use_little_memory(head: bytes) -> None:
    with at_most(16), pytest.raises(ValueError, match=r"\w"):
        BitfountSchema.unpack(head * 1000)


# --- Zstandard -----------------------------------------------------------------------------------


def _frame(data: bytes) -> bytes:
    packer = Compressor(len(data))
    return packer.feed(data) + packer.finish()


FRAMES = st.sampled_from(
    [
        _frame(b""),
        _frame(b"abc" * 40),
        _frame(b"\0" * 300_000),
        MAGIC,
        b"\x50\x2a\x4d\x18\x02\0\0\0ab",
    ]
)


@pytest.mark.timeout(0)
@thoroughly(150)
@given(
    st.lists(st.one_of(FRAMES, st.binary(max_size=20)), max_size=8).map(b"".join),
    st.integers(0, 400_000),
    st.integers(0, 255),
    st.integers(1, 5000),
)
def test_any_zstd_object_decompresses_or_raises(
    packed: bytes, at: int, byte: int, step: int
) -> None:
    changed = bytearray(packed)
    if at < len(changed):
        changed[at] = byte
    unpacker = Decompressor(100_000)
    size = 0
    try:
        for start in range(0, len(changed), step):
            for piece in unpacker.feed(bytes(changed[start : start + step])):
                size += len(piece)
        unpacker.finish()
    except TransferError as error:
        assert len(str(error)) < 300
    assert size <= 100_000


def test_memory_meter_can_fail() -> None:
    with pytest.raises(AssertionError), at_most(1):
        io.BytesIO(bytes(2 * MIB)).getvalue()
