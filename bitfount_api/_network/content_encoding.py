"""Answers that come packed for the way: unpacked within limits, piece by piece.

httpx would do it, but without any: three kilobytes, packed twice, can stand for gigabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import httpx

from bitfount_api.exceptions import InvalidJSONError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPTED = "gzip, deflate"
"""The ``accept-encoding`` of every call."""

_GZIP = 16 + zlib.MAX_WBITS


class Packed:
    """The body of an answer that is packed.

    Args:
        response: The answer; its body is to be read raw.
        limit: The most bytes that may come out.

    Raises:
        InvalidJSONError: It is packed in a way that was not asked for.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        (encoding, *more) = encodings(response)
        if more or encoding not in ("gzip", "x-gzip", "deflate"):
            raise InvalidJSONError(
                "the answer is packed in a way that was not asked for, and was not read"
            )
        self._response = response
        self._limit = limit
        self._content = bytearray()
        self._begun = bytearray()
        self._inflater: Any = None if encoding == "deflate" else zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            InvalidJSONError: More comes out than may.
            httpx.DecodingError: They are damaged.
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
        """The answer with its body as it was before it was packed.

        Raises:
            httpx.DecodingError: The body is not all there.
        """
        if self._begun and not (self._inflater and self._inflater.eof):
            raise self._damaged("the packed body ends too soon")
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
    # There are services that mean the bare format by that name, without the two bytes of zlib's.
    return (
        zlib.MAX_WBITS
        if data[0] & 15 == 8 and data[0] * 256 % 31 == -data[1] % 31
        else -zlib.MAX_WBITS
    )


def encodings(response: httpx.Response) -> list[str]:
    """How the body is packed, if at all; the innermost way first."""
    listed = response.headers.get_list("content-encoding", split_commas=True)
    names = [name.strip().lower() for name in listed]
    return [name for name in names if name not in ("", "identity")]


def check_size(size: int, limit: int) -> None:
    """Let a body pass of at most that many bytes.

    Raises:
        InvalidJSONError: It has more.
    """
    if size > limit:
        raise InvalidJSONError(
            f"the answer is larger than {limit // 1024**2} MiB, and was not read on"
        )


def _kept(response: httpx.Response) -> Iterator[tuple[bytes, bytes]]:
    for name, value in response.headers.raw:
        if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding"):
            yield name, value
