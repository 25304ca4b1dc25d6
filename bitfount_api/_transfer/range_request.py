"""Request one byte range of an object until it has been received."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bitfount_api._transfer.checkpoint import strong_etag
from bitfount_api.exceptions import ConnectError, TransferError

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api._transfer.destinations import Destination

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_EMPTY = re.compile(r"bytes \*/0")


class ObjectChangedError(Exception):
    """The stored object has changed since its first bytes, or cannot be downloaded in ranges.

    Never leaves the download flows.
    """


class RangeRequest:
    """A request for one byte range, which is received in one or more responses.

    Args:
        destination: Destination of the bytes.
        start: Offset of the first byte.
        end: Offset after the last byte; None for the rest of the object.
        exclusive: Whether this is the only current request for the object. If so, a response with
            the whole object is accepted, although a range was requested.
    """

    def __init__(
        self, destination: Destination, start: int, end: int | None, *, exclusive: bool = True
    ) -> None:
        self.position = start
        self.whole = False
        self._destination = destination
        self._end = end
        self._exclusive = exclusive
        self._last: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that request the missing bytes, if the object has not changed."""
        headers = {"accept-encoding": "identity"}
        etag = self._destination.etag
        if self._end is not None or (self.position and etag):
            last = "" if self._end is None else self._end - 1
            headers["range"] = f"bytes={self.position}-{last}"
            if etag:
                headers["if-range"] = etag
        return headers

    def accept(self, response: HTTPResponse) -> bool:
        """Accept a response with a range of the object, or with all of it.

        Raises:
            ObjectChangedError: If the object has changed, or cannot be downloaded in ranges.
            ConnectError: If the response has a range other than the one requested.
            TransferError: If the object is too large, or has a content encoding.
            OSError: If there is no space for the object.
        """
        status = response.status_code
        if status == 416:
            return self._accept_nothing(response.headers.get("content-range", ""))
        if status not in (200, 206):
            return False
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity", "aws-chunked"):
            raise TransferError(
                "object storage, or a proxy before it, answered with content-encoding "
                f"{encoding!r}, although none was requested"
            )
        if status == 206:
            self._accept_piece(response)
        else:
            self._accept_whole(response)
        return True

    def _accept_nothing(self, content_range: str) -> bool:
        # An empty object has no first byte, so a range request for it is answered with 416.
        if (
            self._destination.etag is not None
            or self.position
            or not _EMPTY.fullmatch(content_range)
        ):
            raise ObjectChangedError
        self._destination.begin(None, 0)
        self.whole = True
        return False

    def _accept_piece(self, response: HTTPResponse) -> None:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != self.position or int(found[2]) >= int(found[3]):
            raise ConnectError("object storage answered with a range that was not requested")
        etag, size = strong_etag(response.headers.get("etag")), int(found[3])
        destination = self._destination
        if etag is None:
            raise ObjectChangedError  # without an ETag, ranges could be of different objects
        if destination.etag is None:
            destination.begin(etag, size)
        elif (etag, size) != (destination.etag, destination.size):
            raise ObjectChangedError
        self._last = min(int(found[2]) + 1, size if self._end is None else self._end)
        self._end = size if self._end is None else min(self._end, size)

    def _accept_whole(self, response: HTTPResponse) -> None:
        if not self._exclusive:
            raise ObjectChangedError
        length = response.headers.get("content-length", "")
        size = int(length[:18]) if length.isascii() and length.isdigit() else None
        self._destination.begin(strong_etag(response.headers.get("etag")), size)
        self.position, self._end, self._last = 0, size, size

    def write(self, chunk: bytes) -> None:
        """Write the next bytes to the destination.

        Raises:
            ConnectError: If the response has more bytes than requested.
            TransferError: If the object is too large, or damaged.
            OSError: If the bytes cannot be written.
        """
        end = self.position + len(chunk)
        if self._last is not None and end > self._last:
            raise ConnectError("object storage sent more bytes than requested")
        self._destination.write_at(self.position, chunk)
        self.position = end

    def close(self, *, whole: bool) -> None:
        """Note whether the range is complete."""
        if whole and self._end is None:
            self._end = self.position
            self._destination.set_size(self.position)
        self.whole = self.position == self._end
