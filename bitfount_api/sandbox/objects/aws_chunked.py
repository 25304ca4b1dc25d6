"""Decode bodies with AWS's ``aws-chunked`` encoding, including trailers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_LINE: Final = 4096
_MAX_TRAILERS: Final = 10
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,10})(;.*)?")


class AwsChunked:
    """An incremental decoder that accepts pieces of any size.

    A chunk consists of its size in hex, CRLF, its bytes, CRLF. The last chunk has size 0; trailer
    lines of ``name:value`` follow it, and an empty line ends the body.
    """

    def __init__(self) -> None:
        self.trailers: dict[str, str] = {}
        self.ended: bool = False
        self._buffer = b""
        self._remaining = 0
        """Bytes of the current chunk that have not been received yet."""
        self._expects_crlf = False
        """Whether the CRLF after a chunk's bytes has not been received yet."""
        self._last = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Decode a piece of the body and yield its content.

        Raises:
            S3Error: ``InvalidRequest``, if the body is not valid ``aws-chunked``.
        """
        self._buffer += piece
        while self._buffer:
            if self._remaining:
                content, self._buffer = (
                    self._buffer[: self._remaining],
                    self._buffer[self._remaining :],
                )
                self._remaining -= len(content)
                self._expects_crlf = not self._remaining
                yield content
                continue
            line, crlf, rest = self._buffer.partition(b"\r\n")
            if not crlf:
                if len(self._buffer) > _MAX_LINE:
                    raise _malformed()
                return
            self._buffer = rest
            self._process_line(line)

    def _process_line(self, line: bytes) -> None:
        if self.ended:
            raise _malformed()
        if self._expects_crlf:
            if line:
                raise _malformed()
            self._expects_crlf = False
        elif self._last:
            text, colon, value = line.decode("latin-1").partition(":")
            name = text.strip().lower()
            if not line:
                self.ended = True
            elif not colon or name in self.trailers or len(self.trailers) == _MAX_TRAILERS:
                raise _malformed()
            else:
                self.trailers[name] = value.strip()
        else:
            match = _SIZE.fullmatch(line)
            if match is None:
                raise _malformed()
            self._remaining = int(match[1], 16)
            self._last = not self._remaining


def _malformed() -> S3Error:
    return S3Error(
        "InvalidRequest", "The body is not encoded in the chunks that the headers state."
    )
