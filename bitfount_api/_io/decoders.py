"""Decode the content encoding of responses incrementally, up to a maximum size.

httpx decodes without a limit: three kilobytes, compressed twice, can decompress to gigabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import httpx

from bitfount_api.exceptions import InvalidJSONError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPTED = "gzip, deflate"
"""The ``accept-encoding`` header of every request."""

_GZIP = 16 + zlib.MAX_WBITS


class BoundedDecoder:
    """Decoder for the compressed body of a response.

    Args:
        response: Response whose raw body is passed to :meth:`feed`.
        limit: Maximum number of decompressed bytes.

    Raises:
        InvalidJSONError: If the content encoding was not requested.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        (encoding, *more) = content_encodings(response)
        if more or encoding not in ("gzip", "x-gzip", "deflate"):
            raise InvalidJSONError(
                "the answer has a content encoding that was not requested; it was not read"
            )
        self._response = response
        self._limit = limit
        self._content = bytearray()
        self._begun = bytearray()
        self._inflater: Any = None if encoding == "deflate" else zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> None:
        """Decompress the next bytes.

        Raises:
            InvalidJSONError: If the decompressed body exceeds the limit.
            httpx.DecodingError: If the compressed body is damaged.
        """
        if self._inflater is None:
            self._begun += data
            if len(self._begun) < 2:
                return
            data = bytes(self._begun)
            self._inflater = zlib.decompressobj(_deflated_as(data))
        try:
            self._content += self._inflater.decompress(data, self._room())
        except zlib.error as error:
            raise self._damaged(str(error)) from None
        self._begun += data[:1]
        check_size(len(self._content), self._limit)

    def _room(self) -> int:
        return self._limit - len(self._content) + 1

    def end(self) -> httpx.Response:
        """Return the response with its decompressed body.

        Raises:
            httpx.DecodingError: If the compressed body is incomplete.
        """
        if self._begun and not (self._inflater and self._inflater.eof):
            raise self._damaged("the compressed body is incomplete")
        response = self._response
        return httpx.Response(
            response.status_code,
            headers=list(_kept(response)),
            content=bytes(self._content),
            request=response.request,
        )

    def _damaged(self, text: str) -> httpx.DecodingError:
        return httpx.DecodingError(text, request=self._response.request)


def _deflated_as(data: bytes) -> int:
    # Some services send raw deflate data under this name, without the two-byte zlib header.
    return (
        zlib.MAX_WBITS
        if data[0] & 15 == 8 and data[0] * 256 % 31 == -data[1] % 31
        else -zlib.MAX_WBITS
    )


def content_encodings(response: httpx.Response) -> list[str]:
    """Return the content encodings of the body, in the order in which they were applied."""
    listed = response.headers.get_list("content-encoding", split_commas=True)
    names = [name.strip().lower() for name in listed]
    return [name for name in names if name not in ("", "identity")]


def check_size(size: int, limit: int) -> None:
    """Check that a body is no larger than the limit, in bytes.

    Raises:
        InvalidJSONError: If it is larger.
    """
    if size > limit:
        raise InvalidJSONError(
            f"the answer is larger than {limit // 1024**2} MiB; reading it was stopped"
        )


def _kept(response: httpx.Response) -> Iterator[tuple[bytes, bytes]]:
    for name, value in response.headers.raw:
        if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding"):
            yield name, value
