"""Download objects from object storage, and resume interrupted downloads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api._call import Call, Flow, Pause, Together, Work
from bitfount_api._decode import refusal
from bitfount_api._flows import operations
from bitfount_api._services import STORAGE
from bitfount_api._transfer.part_file import PartFile
from bitfount_api._transfer.reach import ObjectChangedError, Reach
from bitfount_api._transfer.vessel import Memory
from bitfount_api._urls import presigned_url
from bitfount_api.exceptions import (
    BitfountError,
    ConnectError,
    HTTPError,
    RequestException,
    RequestTimeout,
    TransferError,
)
from bitfount_api.progress import Meter

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import httpx

    from bitfount_api._flows.remote import Remote
    from bitfount_api._transfer.vessel import Vessel
    from bitfount_api.transfers import Download, TransferOptions

    Renew = Callable[[], Flow[str | None]]
    """Requests a presigned URL from the Hub; returns None if it gives no URL."""

_FIRST_BYTES = 1024 * 1024
"""The size of the first range request for an object that may be large: the response has the
object's size and ETag, and shows whether the store supports range requests. A small object is
complete with it."""

_LARGE_BYTES = 16 * 1024 * 1024
"""The size from which pieces are downloaded concurrently."""

_PIECE_BYTES = 16 * 1024 * 1024
"""The largest piece: it takes some seconds over a slow link."""

_MOST_RENEWALS = 2
_MOST_CHANGES = 2


def fetch(remote: Remote, url: str, *, most: int | None = None) -> Flow[bytes]:
    """Download a small object into memory.

    Args:
        remote: The service whose connections and retries to use; no credentials are sent.
        url: The presigned URL.
        most: The maximum size in bytes.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object is larger than ``most``.
        RequestException: The download failed.
    """
    vessel = Memory(Meter(None, None, "object"), most)
    yield from fill(remote, url, vessel)
    return vessel.content()


def fetch_weights(
    remote: Remote, url: str, what: str, options: TransferOptions, renew: Renew | None = None
) -> Flow[bytes]:
    """Download a large object into memory (one copy), decompressed if it is stored compressed.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        what: The object's name for progress reports.
        options: The transfer options.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object exceeds the maximum size, or is damaged.
        RequestException: The download failed.
    """
    meter = Meter(options.progress, None, what)
    vessel = Memory(meter, options.max_bytes, unpack=True)
    try:
        yield from fill(remote, url, vessel, parts=options.parts_at_once, renew=renew)
        content: bytes = yield Work(vessel.content)
        yield Work(meter.close)
    finally:
        meter.close()
    return content


def download(
    remote: Remote,
    url: str,
    path: str | os.PathLike[str],
    options: TransferOptions,
    renew: Renew | None = None,
) -> Flow[Download]:
    """Stream an object to disk, resuming an earlier interrupted download.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        path: The file to write.
        options: The transfer options.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The file cannot be written, or the object exceeds the maximum size or is
            damaged. The partial file is deleted.
        RequestException: The download failed. The partial file is kept beside the target.
    """
    target = Path(path)
    meter = Meter(options.progress, None, target.name)
    part = PartFile(target, meter, options.max_bytes)
    try:
        yield Work(part.open)
        yield from fill(remote, url, part, parts=options.parts_at_once, renew=renew)
        while not (yield Work(partial(part.settle, 0.25))):
            yield Pause(0)  # checks the deadline
        result: Download = yield Work(part.finish)
        yield Work(meter.close)
    except OSError as error:
        yield Work(part.discard)
        raise TransferError(f"{target} cannot be written: {error.strerror or error}") from error
    except TransferError:
        yield Work(part.discard)
        raise
    except BitfountError:
        yield Work(part.keep)
        raise
    finally:
        # The only cleanup when the flow is cancelled. No request writes to the file any more.
        part.discard()
        meter.close()
    return result


def fill(
    remote: Remote, url: str, vessel: Vessel, *, parts: int = 1, renew: Renew | None = None
) -> Flow[None]:
    """Download the missing ranges of an object into a vessel.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        vessel: The destination.
        parts: The number of concurrent range requests; with 1, the whole object is requested.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object is not valid, or changes repeatedly during the download.
        RequestException: The download failed.
    """
    address = presigned_url(url)
    changes = renewals = 0
    while not vessel.whole:
        had = vessel.done.total
        try:
            yield from _fill_gaps(remote, address, vessel, 1 if changes == _MOST_CHANGES else parts)
        except ObjectChangedError:
            changes += 1
            if changes > _MOST_CHANGES:
                raise TransferError(
                    "the object changed repeatedly during the download: try again later"
                ) from None
            yield Work(partial(vessel.begin, None, None))
        except HTTPError as refused:
            renewals = 1 if vessel.done.total > had else renewals + 1
            # Object storage answers requests with an expired URL with one of these statuses.
            if renew is None or refused.status_code not in (400, 403) or renewals > _MOST_RENEWALS:
                raise
            fresh = yield from renew()
            if not fresh:
                raise
            address = presigned_url(fresh)


def _fill_gaps(remote: Remote, address: str, vessel: Vessel, parts: int) -> Flow[None]:
    start, end = next(vessel.gaps())
    if parts > 1:
        end = min(start + _FIRST_BYTES, end or start + _FIRST_BYTES)
    while True:
        yield from _pull(remote, address, Reach(vessel, start, end))
        if vessel.whole:
            return
        if parts > 1 and vessel.size is not None:
            missing = vessel.size - vessel.done.total
            if missing >= _LARGE_BYTES:
                break
        start, end = next(vessel.gaps())
    # The same number of pieces for each concurrent request, so that they finish together.
    turns = -(-missing // (_PIECE_BYTES * parts))
    most = -(-missing // (turns * parts))
    reaches = [
        Reach(vessel, piece, min(piece + most, after), alone=False)
        for first, after in vessel.done.gaps(vessel.size)
        for piece in range(first, after, most)
    ]
    yield Together([_pull(remote, address, reach) for reach in reaches], parts)


def _pull(remote: Remote, address: str, reach: Reach) -> Flow[None]:
    """Download one range; after an interruption, request only what is missing."""
    operation = operations.DOWNLOAD_OBJECT
    policy = remote.retry
    failures = 0
    failure: RequestException
    while not reach.whole:
        before = reach.position
        request = {"method": "get", "url": address, "headers": reach.wanted()}
        try:
            response: httpx.Response = yield Call(operation, STORAGE, request, sink=reach)
        except (ConnectError, RequestTimeout) as error:
            failure, may_repeat, retry_after = error, True, None
        else:
            # A store may return less than the requested range.
            if reach.whole or (response.is_success and reach.position > before):
                continue
            failure = refusal(response, operation, STORAGE)
            may_repeat = policy.repeats(response.status_code)
            retry_after = response.headers.get("retry-after")
        # Progress resets the failure count: only consecutive failures count.
        failures = 1 if reach.position > before else failures + 1
        if not may_repeat or failures > policy.most_retries():
            raise failure
        try:
            yield Pause(policy.pause(failures, retry_after))
        except RequestTimeout:
            raise failure from None  # the failure says more than "out of time"
