"""Send objects: conditional requests, ranges and streaming."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import re
from typing import TYPE_CHECKING, BinaryIO, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from bitfount_api.sandbox.objects.values import StoredObject

CHUNK_BYTES: Final = 256 * 1024
"""Number of bytes that are read at a time."""

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


def is_not_modified(headers: Mapping[str, str], stored: StoredObject) -> bool:
    """Return whether the client already has the object (status 304).

    Args:
        headers: Headers of the request, by lower-case name.
        stored: Object.

    Raises:
        S3Error: ``PreconditionFailed``, if the object does not match the request's conditions.
    """
    matches = headers.get("if-match")
    since = _moment(headers.get("if-unmodified-since"))
    failed = None
    if matches is not None:
        failed = None if _contains(matches, stored.etag, weak=False) else "If-Match"
    elif since is not None and _modified(stored) > since:
        failed = "If-Unmodified-Since"
    if failed:
        raise S3Error(
            "PreconditionFailed",
            f"At least one of the pre-conditions you specified did not hold: {failed}",
        )
    none_matches = headers.get("if-none-match")
    since = _moment(headers.get("if-modified-since"))
    if none_matches is not None:
        return _contains(none_matches, stored.etag, weak=True)
    return since is not None and _modified(stored) <= since


def requested_range(headers: Mapping[str, str], stored: StoredObject) -> tuple[int, int] | None:
    """Return the requested range of bytes.

    Args:
        headers: Headers of the request, by lower-case name.
        stored: Object.

    Returns:
        The start and the end (exclusive) of the range; None for the whole object, if no range or
        several ranges are requested, or the object does not match ``If-Range``.

    Raises:
        S3Error: ``InvalidRange``, if the object has no bytes in the range.
    """
    match = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if match is None or not any(match.groups()) or not _unchanged(headers.get("if-range"), stored):
        return None
    # Longer numbers than any size needs would take long to parse, without changing the result.
    first, last = (group and int(group[:18]) for group in match.groups())
    if first == "":
        start, stop = max(stored.size - int(last), 0), stored.size
    else:
        start, stop = int(first), stored.size
        if last != "":
            stop = min(int(last) + 1, stop)
            if int(last) < start:
                return None
    if start >= stored.size:
        raise S3Error(
            "InvalidRange",
            f"The requested range is not satisfiable: the object has {stored.size} bytes.",
            {"content-range": f"bytes */{stored.size}"},
        )
    return start, stop


def http_date(moment: dt.datetime) -> str:
    """Return a time in HTTP's format."""
    return email.utils.format_datetime(moment, usegmt=True)


class FileResponse(Response):
    """A response with a range of a file's bytes, read as fast as the client receives them.

    Args:
        file: File, which is always closed at the end.
        start: Offset of the first byte.
        size: Number of bytes.
        status: HTTP status.
        headers: Headers other than Content-Length.
    """

    def __init__(
        self, file: BinaryIO, start: int, size: int, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(None, status, {**headers, "content-length": str(size)})
        self._file = file
        self._start = start
        self._remaining = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        del scope
        # Servers accept data for a client that has disconnected, so watch for the disconnect.
        disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await run_in_threadpool(self._file.seek, self._start)
            while not disconnected.done():
                chunk = await run_in_threadpool(self._file.read, min(CHUNK_BYTES, self._remaining))
                self._remaining -= len(chunk)
                more = bool(chunk) and self._remaining > 0
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
                if not more:
                    break
        finally:
            disconnected.cancel()
            self._file.close()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _unchanged(condition: str | None, stored: StoredObject) -> bool:
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == f'"{stored.etag}"'
    return _moment(condition) == _modified(stored)


def _contains(tags: str, etag: str, *, weak: bool) -> bool:
    for tag in tags.split(","):
        text = tag.strip()
        if weak:
            text = text.removeprefix("W/")
        # S3 also accepts ETags without quotes.
        if text in ("*", f'"{etag}"', etag):
            return True
    return False


def _modified(stored: StoredObject) -> dt.datetime:
    """Return the time of storage in whole seconds, the resolution of HTTP's dates."""
    return stored.modified.replace(microsecond=0)


def _moment(text: str | None) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
