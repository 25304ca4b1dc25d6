"""Decode the content encoding of responses incrementally, up to a maximum size.

httpx decodes without a limit: three kilobytes, compressed twice, can decompress to gigabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from bitfount_api.exceptions import InvalidJSONError

if TYPE_CHECKING:
    from bitfount_api._core.messages import RawHeaders

ACCEPTED = "gzip, deflate"
"""The ``accept-encoding`` header of every request."""

MAX_INLINE_BYTES = 4096
"""The number of compressed bytes that can be decoded without blocking an event loop: they
decompress to at most some megabytes."""

_GZIP = 16 + zlib.MAX_WBITS
_DECODED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class DecodingError(Exception):
    """The compressed body is damaged, or incomplete."""


class BoundedDecoder:
    """Decoder for the compressed body of a response.

    Bytes after the end of the compressed body are ignored.

    Args:
        encodings: Content encodings of the body; see :func:`content_encodings`.
        limit: Maximum number of decompressed bytes.

    Raises:
        InvalidJSONError: If the content encoding was not requested.
    """

    def __init__(self, encodings: list[str], limit: int) -> None:
        (encoding, *more) = encodings
        if more or encoding not in ("gzip", "x-gzip", "deflate"):
            raise InvalidJSONError(
                "the response has a content encoding that was not requested; it was not read"
            )
        self._limit = limit
        self._content = bytearray()
        self._started = False
        self._first = b""
        self._inflater: Any = None if encoding == "deflate" else zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> None:
        """Decompress the next bytes.

        Raises:
            InvalidJSONError: If the decompressed body exceeds the limit.
            DecodingError: If the compressed body is damaged.
        """
        self._started = self._started or bool(data)
        if self._inflater is None:
            data = self._first + data
            if len(data) < 2:
                self._first = data
                return
            self._inflater = zlib.decompressobj(_wbits(data))
        elif self._inflater.eof:
            return  # zlib would copy all that it has ignored so far with each call
        try:
            self._content += self._inflater.decompress(data, self._room())
        except zlib.error as error:
            raise DecodingError(str(error)) from None
        check_size(len(self._content), self._limit)

    def _room(self) -> int:
        return self._limit - len(self._content) + 1

    def end(self) -> bytes:
        """Return the decompressed body.

        Raises:
            DecodingError: If the compressed body is incomplete.
        """
        if self._started and not (self._inflater and self._inflater.eof):
            raise DecodingError("the compressed body is incomplete")
        return bytes(self._content)


def _wbits(data: bytes) -> int:
    # Some services send raw deflate data under this name, without the two-byte zlib header.
    return (
        zlib.MAX_WBITS
        if data[0] & 15 == 8 and data[0] * 256 % 31 == -data[1] % 31
        else -zlib.MAX_WBITS
    )


def content_encodings(headers: RawHeaders) -> list[str]:
    """Return the content encodings of the body, in the order in which they were applied."""
    names = [
        name.strip().lower()
        for header, value in headers
        if header.lower() == b"content-encoding"
        for name in value.decode("latin-1").split(",")
    ]
    return [name for name in names if name not in ("", "identity")]


def without_encoding(headers: RawHeaders) -> RawHeaders:
    """Return the headers of the response with its decoded body."""
    return [(name, value) for name, value in headers if name.lower() not in _DECODED]


def check_size(size: int, limit: int) -> None:
    """Check that a body is no larger than the limit, in bytes.

    Raises:
        InvalidJSONError: If it is larger.
    """
    if size > limit:
        raise InvalidJSONError(
            f"the response is larger than {limit // 1024**2} MiB; reading it was stopped"
        )
