"""Request one byte range of an object until it has been received."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from bitfount_api._transfer.checkpoint import strong_etag
from bitfount_api.exceptions import ConnectError, RequestException, TransferError

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api._transfer.destinations import Destination

_CONTENT_RANGE = re.compile(
    r"\s*bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\s*", re.IGNORECASE
)
_EMPTY = re.compile(r"bytes \*/0")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


class ObjectChangedError(Exception):
    """The stored object has changed since its first bytes, or cannot be downloaded in ranges.

    Never leaves the download flows.
    """


class RangesRefusedError(ObjectChangedError):
    """The object cannot be downloaded in ranges: it must be requested as a whole.

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
        if self._asks_for_range:
            last = "" if self._end is None else self._end - 1
            headers["range"] = f"bytes={self.position}-{last}"
            if etag:
                headers["if-range"] = etag
        return headers

    def accept(self, response: HTTPResponse) -> bool:
        """Accept a response with a range of the object, or with all of it.

        Raises:
            ObjectChangedError: If the object has changed, or cannot be downloaded in ranges.
            ConnectError: If the response has a range although none was requested.
            RequestException: If the response is a web page.
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
        # The header may have been sent more than once.
        kinds = response.headers.get("content-type", "").lower().split(",")
        media_types = {kind.partition(";")[0].strip() for kind in kinds}
        if pages := media_types & _PAGES:
            raise RequestException(
                f"object storage, or a proxy before it, answered with a web page ({min(pages)}) "
                "instead of the object: does the network require a login?"
            )
        if "multipart/byteranges" in media_types:
            self._refuse_range()  # the boundaries of the parts are not the object's
        if status == 206:
            self._accept_piece(response)
        else:
            self._accept_whole(response)
        return True

    @property
    def _asks_for_range(self) -> bool:
        destination = self._destination
        return destination.ranges and (
            self._end is not None or bool(self.position and destination.etag)
        )

    def _accept_nothing(self, content_range: str) -> bool:
        # An empty object has no first byte, so a range request for it is answered with 416.
        if not self._asks_for_range:
            return False
        if self._destination.etag is not None or self.position:
            raise ObjectChangedError
        if not _EMPTY.fullmatch(content_range):
            raise RangesRefusedError
        self._destination.begin(None, 0)
        self.whole = True
        return False

    def _accept_piece(self, response: HTTPResponse) -> None:
        destination = self._destination
        etag = strong_etag(response.headers.get("etag"))
        # Anything else could be the wrong bytes, such as a length that is not that of the range.
        start, after, size = _content_range(response) or (-1, -1, None)
        if size is None and etag is not None and etag == destination.etag:
            size = destination.size  # known from an earlier response
        if start != self.position or size is None or not start < after <= size:
            self._refuse_range()
        if _content_length(response) not in (None, after - start):
            self._refuse_range()
        if etag is None:
            self._refuse_range()  # without an ETag, ranges could be of different objects
        if destination.etag is None:
            destination.begin(etag, size)
        elif (etag, size) != (destination.etag, destination.size):
            raise ObjectChangedError
        self._last = min(after, size if self._end is None else self._end)
        self._end = size if self._end is None else min(self._end, size)

    def _accept_whole(self, response: HTTPResponse) -> None:
        size = _content_length(response)
        found = _content_range(response)
        if size is None and found is not None:
            size = found[2]
        if "content-range" in response.headers and (found is None or found != (0, size, size)):
            self._refuse_range()  # a part of the object, whatever the status says
        if not self._exclusive:
            raise ObjectChangedError
        etag = strong_etag(response.headers.get("etag"))
        if etag is not None and etag == self._destination.etag:
            known = self._destination.size
            if None not in (size, known) and size != known:
                self._refuse_range()  # the same object has one size
            size = known if size is None else size
        self._destination.begin(etag, size)
        self.position, self._end, self._last = 0, size, size

    def _refuse_range(self) -> NoReturn:
        if self._asks_for_range:
            raise RangesRefusedError
        raise ConnectError("object storage answered with a range that was not requested")

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


def _content_range(response: HTTPResponse) -> tuple[int, int, int | None] | None:
    """Return the first byte, the byte after the last, and the object's size; None without them."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if found is None:
        return None
    return int(found[1]), int(found[2]) + 1, None if found[3] == "*" else int(found[3])


def _content_length(response: HTTPResponse) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length[:18]) if length.isascii() and length.isdigit() else None
