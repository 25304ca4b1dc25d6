"""One attempt of a call: what its connection has to observe, and finds out."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitfount_api._core.messages import RawHeaders
    from bitfount_api._io.deadlines import Limits

_MAX_HEAD_BYTES = 100 * 1024
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,20}")
_NO_BODY = frozenset({204, 304})
_INTERIM = b"HTTP/1.1 1"
"""How interim responses, such as 100 Continue, begin."""


class Attempt:
    """One attempt of a call.

    Args:
        limits: The deadline and the cancellation of the call.
        timeout: Seconds to connect, and between two bytes.
        connect: Seconds to connect; None for ``timeout``.
    """

    def __init__(self, limits: Limits, timeout: float, connect: float | None = None) -> None:
        self.limits = limits
        self.started = time.monotonic()
        self.timeout = timeout
        self.connect = timeout if connect is None else connect
        self.sent = False
        """Whether the service may have received a part of the request."""
        self.streams_body = False
        """Whether the body is sent in chunks, so that the service can answer before its end."""
        self.end = ResponseEnd()

    def timeouts(self) -> dict[str, float]:
        """Return the timeouts as an extension of httpcore's and httpx's requests."""
        return {**dict.fromkeys(("read", "write", "pool"), self.timeout), "connect": self.connect}


def is_answer(received: bytes) -> bool:
    """Whether received bytes are more than a few interim responses, such as 100 Continue."""
    rest = received[_skip_interim(received) :]
    is_interim = rest.startswith(_INTERIM) or _INTERIM.startswith(rest)
    return not is_interim or len(received) > _MAX_HEAD_BYTES


def _skip_interim(head: bytes) -> int:
    """Return where the first response that is not a complete interim one begins."""
    start = 0
    while head.startswith(_INTERIM, start) and (end := head.find(b"\r\n\r\n", start)) >= 0:
        start = end + 4
    return start


class ResponseEnd:
    """Finds out whether a connection has received more than one response.

    Bytes after the end of a response must not be taken for the response to the next request. The
    HTTP library keeps them without telling, so the bytes are counted here.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Expect the next response."""
        self._head: bytes | None = b""
        self._body_bytes = 0
        self._chunks: _Chunks | None = None

    def received(self, data: bytes) -> None:
        """Count received bytes."""
        if self._head is not None:
            data = self._read_head(self._head + data)
        self._body_bytes += len(data)
        if self._chunks is not None:
            self._chunks.received(data)

    def _read_head(self, head: bytes) -> bytes:
        """Return the bytes after the head of the response; none if it is not complete."""
        start = _skip_interim(head)
        end = head.find(b"\r\n\r\n", start)
        if end < 0:
            self._head = head[start : start + _MAX_HEAD_BYTES]
            return b""
        self._head = None
        if b"\r\ntransfer-encoding:" in head[start:end].lower():
            self._chunks = _Chunks()
        return head[end + 4 :]

    @property
    def has_body(self) -> bool:
        """Whether bytes were received after the head of the response."""
        return self._body_bytes > 0

    def is_clean(self, method: str, status: int, headers: RawHeaders) -> bool:
        """Whether exactly one response was received. The connection can be used again then.

        Args:
            method: The method of the request.
            status: The status of the response, which was read to its end.
            headers: The headers of the response.
        """
        if self._head is not None:
            return False  # it ends its lines in another way
        if method == "HEAD" or status in _NO_BODY:
            return self._body_bytes == 0
        if self._chunks is not None:
            return self._chunks.complete and not self._chunks.more
        values = {name.lower(): value for name, value in headers}
        length = values.get(b"content-length", b"").strip()
        return length.isdigit() and self._body_bytes == int(length)


class _Chunks:
    """Follows a chunked body (RFC 9112, section 7.1) to its end."""

    def __init__(self) -> None:
        self.complete = False
        self.more = False
        """Whether bytes were received after the end, or the body is not valid."""
        self._line = b""
        self._left = 0
        self._in_trailers = False

    def received(self, data: bytes) -> None:
        """Follow the next bytes."""
        position = 0
        while position < len(data) and not self.more:
            if self.complete:
                self.more = True
            elif self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
            else:
                end = data.find(b"\n", position)
                if end < 0:
                    self._line += data[position:]
                    self.more = len(self._line) > _MAX_HEAD_BYTES
                    return
                self._end_line(self._line + data[position:end])
                self._line = b""
                position = end + 1

    def _end_line(self, line: bytes) -> None:
        line = line.strip()
        if self._in_trailers:
            self.complete = not line
            return
        digits = line.partition(b";")[0].strip()
        if not _SIZE.fullmatch(digits):  # int() would accept a sign, and go back
            self.more = True
            return
        size = int(digits, 16)
        self._left = size + 2 if size else 0  # the bytes of a chunk end with CRLF
        self._in_trailers = size == 0
