"""Compressed responses are decompressed within limits, and only if that was requested."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._io.decoders import BoundedDecoder
from bitfount_api.exceptions import InvalidJSONError

LIMIT = 1024 * 1024
CONTENT = b'{"a": [1, 2, 3]}' * 100


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def unpack(encoding: str, data: bytes, step: int = 10**6, limit: int = LIMIT) -> httpx.Response:
    headers = [
        (b"Content-Encoding", encoding.encode()),
        (b"Content-Length", b"%d" % len(data)),
        (b"X-A", b"\xe9\xff"),
    ]
    request = httpx.Request("GET", "https://hub.test/x")
    packed = BoundedDecoder(httpx.Response(201, headers=headers, request=request), limit)
    for start in range(0, len(data), step):
        packed.feed(data[start : start + step])
    return packed.end()


@pytest.mark.parametrize("step", [1, 7, 10**6])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(CONTENT, mtime=0)),
        ("GZip", gzip.compress(CONTENT, mtime=0)),
        ("x-gzip", gzip.compress(CONTENT, mtime=0)),
        ("identity, gzip", gzip.compress(CONTENT, mtime=0)),
        ("deflate", zlib.compress(CONTENT)),
        ("deflate", _bare(CONTENT)),
    ],
)
def test_compressed_response_is_decompressed(encoding: str, packed: bytes, step: int) -> None:
    answer = unpack(encoding, packed, step)
    assert (answer.status_code, answer.content) == (201, CONTENT)
    assert answer.headers["x-a"] == "éÿ"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.request.url == "https://hub.test/x"


def test_empty_body_stays_empty() -> None:
    assert unpack("gzip", b"").content == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "deflate,gzip"])
def test_unrequested_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(InvalidJSONError, match="not requested"):
        unpack(encoding, b"")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("damage", [b"", b"\0" * 50, b"{}"])
def test_damaged_body_is_an_error(encoding: str, damage: bytes) -> None:
    packed = gzip.compress(CONTENT, mtime=0) if encoding == "gzip" else zlib.compress(CONTENT)
    with pytest.raises(httpx.DecodingError):
        unpack(encoding, packed[:20] + damage)
    with pytest.raises(httpx.DecodingError):
        unpack(encoding, packed[:10] + damage + b"\xff" * 20, step=5)


def test_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 200 * LIMIT)
    assert len(bomb) < LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(InvalidJSONError, match="larger than 1 MiB"):
            unpack("gzip", bomb)
        assert tracemalloc.get_traced_memory()[1] < 5 * LIMIT
    finally:
        tracemalloc.stop()
    assert len(unpack("gzip", gzip.compress(b"\0" * LIMIT)).content) == LIMIT


@given(st.sampled_from(["gzip", "deflate"]), st.binary(), st.integers(0, 40), st.integers(1, 9))
def test_any_bytes_decode_or_raise(encoding: str, data: bytes, at: int, step: int) -> None:
    packed = gzip.compress(CONTENT, mtime=0) if encoding == "gzip" else zlib.compress(CONTENT)
    for candidate in (data, packed[:at] + data, packed[:at] + data + packed[at:]):
        with contextlib.suppress(httpx.DecodingError, InvalidJSONError):
            assert len(unpack(encoding, candidate, step, 2000).content) <= 2000
