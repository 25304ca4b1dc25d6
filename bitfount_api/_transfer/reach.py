"""One stretch of an object, asked for until it is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bitfount_api._transfer.part_state import strong_etag
from bitfount_api.exceptions import ConnectError, TransferError

if TYPE_CHECKING:
    import httpx

    from bitfount_api._transfer.vessel import Vessel

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_EMPTY = re.compile(r"bytes \*/0")


class ObjectChangedError(Exception):
    """What is stored is no longer what the first bytes are of, or cannot be got in pieces.

    Never leaves the flows of downloads.
    """


class Reach:
    """A sink for the bytes from one to before another, whatever number of answers they come in.

    Args:
        vessel: Where they go.
        start: The first byte.
        end: The byte after the last; None for all there are.
        alone: Whether this is the only request for the object at the time. Then an answer with all
            of the object is welcome, though a piece was asked for.
    """

    def __init__(self, vessel: Vessel, start: int, end: int | None, *, alone: bool = True) -> None:
        self.position = start
        self.whole = False
        self._vessel = vessel
        self._end = end
        self._alone = alone
        self._last: int | None = None

    def wanted(self) -> dict[str, str]:
        """The headers that ask for what is missing, if it still is of the same object."""
        headers = {"accept-encoding": "identity"}
        etag = self._vessel.etag
        if self._end is not None or (self.position and etag):
            last = "" if self._end is None else self._end - 1
            headers["range"] = f"bytes={self.position}-{last}"
            if etag:
                headers["if-range"] = etag
        return headers

    def accept(self, response: httpx.Response) -> bool:
        """Take a piece of the object, or all of it.

        Raises:
            ObjectChangedError: It is not, or no longer, to be had so.
            ConnectError: The answer is not to what was asked.
            TransferError: The object is too large, or comes compressed for the way.
            OSError: There is no room for it.
        """
        status = response.status_code
        if status == 416:
            return self._accept_nothing(response.headers.get("content-range", ""))
        if status not in (200, 206):
            return False
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity", "aws-chunked"):
            raise TransferError(
                f"object storage, or a proxy on the way to it, sends the object as {encoding!r}, "
                "though it was asked for as it is"
            )
        if status == 206:
            self._accept_piece(response)
        else:
            self._accept_whole(response)
        return True

    def _accept_nothing(self, content_range: str) -> bool:
        # An empty object has no first byte to ask for.
        if self._vessel.etag is not None or self.position or not _EMPTY.fullmatch(content_range):
            raise ObjectChangedError
        self._vessel.begin(None, 0)
        self.whole = True
        return False

    def _accept_piece(self, response: httpx.Response) -> None:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != self.position or int(found[2]) >= int(found[3]):
            raise ConnectError("object storage gave another range than it was asked for")
        etag, size = strong_etag(response.headers.get("etag")), int(found[3])
        vessel = self._vessel
        if etag is None:
            raise ObjectChangedError  # pieces could be of different objects
        if vessel.etag is None:
            vessel.begin(etag, size)
        elif (etag, size) != (vessel.etag, vessel.size):
            raise ObjectChangedError
        self._last = min(int(found[2]) + 1, size if self._end is None else self._end)
        self._end = size if self._end is None else min(self._end, size)

    def _accept_whole(self, response: httpx.Response) -> None:
        if not self._alone:
            raise ObjectChangedError
        length = response.headers.get("content-length", "")
        size = int(length[:18]) if length.isascii() and length.isdigit() else None
        self._vessel.begin(strong_etag(response.headers.get("etag")), size)
        self.position, self._end, self._last = 0, size, size

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            ConnectError: There are more than there should be.
            TransferError: The object is too large, or damaged.
            OSError: They cannot be stored.
        """
        end = self.position + len(chunk)
        if self._last is not None and end > self._last:
            raise ConnectError("object storage gave more than it was asked for")
        self._vessel.take(self.position, chunk)
        self.position = end

    def close(self, *, whole: bool) -> None:
        """Note whether that was all."""
        if whole and self._end is None:
            self._end = self.position
            self._vessel.end(self.position)
        self.whole = self.position == self._end
