"""Compressed responses are decompressed within limits, and only if that was requested."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._io import decoders
from bitfount_api._io.decoders import (
    BoundedDecoder,
    DecodingError,
    content_encodings,
    without_encoding,
)
from bitfount_api.exceptions import InvalidJSONError

LIMIT = 1024 * 1024
CONTENT = b'{"a": [1, 2, 3]}' * 100
PACKED = gzip.compress(CONTENT, mtime=0)


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def unpack(encoding: str, data: bytes, step: int = 10**6, limit: int = LIMIT) -> bytes:
    encodings = content_encodings([(b"Content-Encoding", encoding.encode())])
    packed = BoundedDecoder(encodings, limit)
    for start in range(0, len(data), step):
        packed.feed(data[start : start + step])
    return packed.end()


@pytest.mark.parametrize("step", [1, 7, 10**6])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", PACKED),
        ("GZip", PACKED),
        ("x-gzip", PACKED),
        ("identity, gzip", PACKED),
        ("deflate", zlib.compress(CONTENT)),
        ("deflate", _bare(CONTENT)),
    ],
)
def test_compressed_response_is_decompressed(encoding: str, packed: bytes, step: int) -> None:
    assert unpack(encoding, packed, step) == CONTENT


def test_headers_of_a_decoded_body_have_no_encoding() -> None:
    kept = [(b"X-A", b"\xe9\xff"), (b"content-type", b"text/plain")]
    headers = [(b"Content-Encoding", b"gzip"), kept[0], (b"Content-Length", b"20"), kept[1]]
    assert without_encoding([*headers, (b"TRANSFER-ENCODING", b"chunked")]) == kept


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([b"identity"], []),
        ([b""], []),
        ([b" GZIP ,, Identity"], ["gzip"]),
        ([b"deflate", b"br, gzip"], ["deflate", "br", "gzip"]),
        ([b"\xff"], ["ÿ"]),
    ],
)
def test_content_encodings_of_all_headers_are_returned(
    values: list[bytes], expected: list[str]
) -> None:
    headers = [(b"x-a", b"gzip"), *((b"Content-Encoding", value) for value in values)]
    assert content_encodings(headers) == expected


def test_empty_body_stays_empty() -> None:
    assert unpack("gzip", b"") == b""
    assert unpack("deflate", b"") == b""


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "gzip, gzip", "compress", "deflate,gzip", "gzip;q=1", "ÿ"]
)
def test_unrequested_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(InvalidJSONError, match="not requested"):
        unpack(encoding, b"")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("damage", [b"", b"\0" * 50, b"{}"])
def test_damaged_body_is_an_error(encoding: str, damage: bytes) -> None:
    packed = PACKED if encoding == "gzip" else zlib.compress(CONTENT)
    with pytest.raises(DecodingError):
        unpack(encoding, packed[:20] + damage)
    with pytest.raises(DecodingError):
        unpack(encoding, packed[:10] + damage + b"\xff" * 20, step=5)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_incomplete_body_is_an_error(encoding: str) -> None:
    packed = PACKED if encoding == "gzip" else zlib.compress(CONTENT)
    for end in range(1, len(packed)):
        with pytest.raises(DecodingError, match="incomplete"):
            unpack(encoding, packed[:end])


@pytest.mark.parametrize("more", [b"\0", b"x" * 100, PACKED], ids=["padding", "junk", "member"])
@pytest.mark.parametrize("step", [1, 10**6])
def test_bytes_after_the_compressed_body_are_ignored(more: bytes, step: int) -> None:
    assert unpack("gzip", PACKED + more, step) == CONTENT
    assert unpack("deflate", zlib.compress(CONTENT) + more, step) == CONTENT


def test_bytes_after_the_end_are_not_given_to_zlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep a copy of them, and copy all of them again with each call."""
    given = []

    class Inflater:
        def __init__(self, wbits: int) -> None:
            self._inflater = zlib.decompressobj(wbits)

        @property
        def eof(self) -> bool:
            return self._inflater.eof

        def decompress(self, data: bytes, maximum: int) -> bytes:
            given.append(len(data))
            return self._inflater.decompress(data, maximum)

    class Zlib:
        MAX_WBITS = zlib.MAX_WBITS
        error = zlib.error
        decompressobj: Any = Inflater

    monkeypatch.setattr(decoders, "zlib", Zlib)
    packed = BoundedDecoder(["gzip"], LIMIT)
    packed.feed(PACKED + b"x")
    chunk = bytes(64 * 1024)
    for _ in range(8 * 1024 * 1024 // len(chunk)):
        packed.feed(chunk)
    assert packed.end() == CONTENT
    assert given == [len(PACKED) + 1]


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
    assert len(unpack("gzip", gzip.compress(b"\0" * LIMIT))) == LIMIT


@given(st.sampled_from(["gzip", "deflate"]), st.binary(), st.integers(0, 40), st.integers(1, 9))
def test_any_bytes_decode_or_raise(encoding: str, data: bytes, at: int, step: int) -> None:
    packed = PACKED if encoding == "gzip" else zlib.compress(CONTENT)
    for candidate in (data, packed[:at] + data, packed[:at] + data + packed[at:]):
        with contextlib.suppress(DecodingError, InvalidJSONError):
            assert len(unpack(encoding, candidate, step, 2000)) <= 2000
