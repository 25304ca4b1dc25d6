"""Download objects from object storage, and resume interrupted downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api._core import storage_operations
from bitfount_api._core.effects import Flow, Send, gather, run_endless, run_in_thread, send, sleep
from bitfount_api._core.responses import status_error
from bitfount_api._core.retrying import pause_before_retry
from bitfount_api._core.services import STORAGE, url_may_have_expired
from bitfount_api._internal.urls import presigned_url
from bitfount_api._transfer.destinations import MemoryDestination
from bitfount_api._transfer.file_objects import TemporaryDownload, write_to
from bitfount_api._transfer.part_file import PartFile
from bitfount_api._transfer.range_request import (
    ObjectChangedError,
    RangeRequest,
    RangesRefusedError,
)
from bitfount_api.exceptions import (
    BitfountError,
    ConnectError,
    HTTPError,
    RequestException,
    RequestTimeout,
    TransferError,
)
from bitfount_api.progress import ProgressReporter
from bitfount_api.transfers import WrittenDownload

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api._transfer.destinations import Destination
    from bitfount_api.transfers import Download, TransferOptions

    Renew = Callable[[], Flow[str | None]]
    """Requests a presigned URL from the Hub; returns None if it gives no URL."""

_FIRST_BYTES = 1024 * 1024
"""The size of the first range request for an object that may be large: the response has the
object's size and ETag, and shows whether the store supports range requests. A small object is
complete with it."""

_PARALLEL_BYTES = 16 * 1024 * 1024
"""The size from which pieces are downloaded concurrently."""

_MAX_RANGE_BYTES = 16 * 1024 * 1024
"""The largest piece: it takes some seconds over a slow link."""

_MAX_RENEWALS = 2
_MAX_CHANGES = 2


def fetch(remote: ServiceClient, url: str, *, limit: int) -> Flow[bytes]:
    """Download a small object into memory.

    Args:
        remote: The service whose connections and retries to use; no credentials are sent.
        url: The presigned URL.
        limit: The maximum size in bytes.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object is larger than ``limit``.
        RequestException: The download failed.
    """
    destination = MemoryDestination(ProgressReporter(None, None, "object"), limit)
    yield from download_into(remote, url, destination)
    return destination.content()


def fetch_weights(
    remote: ServiceClient,
    url: str,
    label: str,
    options: TransferOptions,
    renew: Renew | None = None,
) -> Flow[bytes]:
    """Download a large object into memory (one copy), decompressed if it is stored compressed.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        label: The object's name for progress reports.
        options: The transfer options.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object exceeds the maximum size, or is damaged.
        RequestException: The download failed.
    """
    reporter = ProgressReporter(options.progress, None, label)
    destination = MemoryDestination(reporter, options.max_bytes, unpack=True)
    try:
        yield from download_into(remote, url, destination, parts=options.parts_at_once, renew=renew)
        content = yield from run_in_thread(destination.content)
        yield from run_in_thread(reporter.close)
    finally:
        reporter.close()
    return content


def download(
    remote: ServiceClient,
    url: str,
    path: str | os.PathLike[str],
    options: TransferOptions,
    renew: Renew | None = None,
    label: str | None = None,
) -> Flow[Download]:
    """Stream an object to disk, resuming an earlier interrupted download.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        path: The file to write.
        options: The transfer options.
        renew: Requests a new URL when ``url`` has expired.
        label: The object's name for progress reports; default: the name of the file.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The file cannot be written, or the object exceeds the maximum size or is
            damaged. The partial file is deleted.
        RequestException: The download failed. The partial file is kept next to the target.
    """
    target = Path(path)
    reporter = ProgressReporter(options.progress, None, label or target.name)
    part = PartFile(target, reporter, options.max_bytes)
    try:
        yield from run_in_thread(part.open)
        yield from download_into(remote, url, part, parts=options.parts_at_once, renew=renew)
        while not (yield from run_in_thread(part.wait_finished, 0.25)):
            yield from sleep(0)  # checks the deadline
        result = yield from run_in_thread(part.finish)
        yield from run_in_thread(reporter.close)
    except OSError as error:
        yield from run_in_thread(part.discard)
        raise TransferError(f"{target} cannot be written: {error.strerror or error}") from error
    except TransferError:
        yield from run_in_thread(part.discard)
        raise
    except BitfountError:
        yield from run_in_thread(part.keep)
        raise
    finally:
        # The only cleanup when the flow is cancelled. No request writes to the file any more.
        part.discard()
        reporter.close()
    return result


def download_to_file_object(
    remote: ServiceClient,
    url: str,
    file: object,
    name: str,
    options: TransferOptions,
    renew: Renew | None = None,
) -> Flow[WrittenDownload]:
    """Download an object to a temporary file, and when it is complete, write it to a file object.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        file: The file object.
        name: The object's name for progress reports.
        options: The transfer options.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: A file cannot be written, or the object exceeds the maximum size or is
            damaged.
        RequestException: The download failed.
    """
    temporary = TemporaryDownload()
    try:
        path = yield from run_in_thread(temporary.prepare)
        found = yield from download(remote, url, path, options, renew, name)
        while chunk := (yield from run_in_thread(temporary.read)):
            yield from run_endless(write_to, file, chunk)
            yield from sleep(0)  # checks the deadline
        yield from run_in_thread(temporary.discard)
    finally:
        temporary.discard()
    return WrittenDownload(found.size, found.sha256)


def download_into(
    remote: ServiceClient,
    url: str,
    destination: Destination,
    *,
    parts: int = 1,
    renew: Renew | None = None,
) -> Flow[None]:
    """Download the missing ranges of an object into a destination.

    Args:
        remote: The service whose connections and retries to use.
        url: The presigned URL.
        destination: The destination.
        parts: The number of concurrent range requests; with 1, the whole object is requested.
        renew: Requests a new URL when ``url`` has expired.

    Raises:
        HTTPError: Object storage refused the request.
        TransferError: The object is not valid, or changes repeatedly during the download.
        RequestException: The download failed.
    """
    address = presigned_url(url)
    changes = renewals = 0
    while not destination.whole:
        received_before = destination.done.total
        try:
            yield from _fill_gaps(
                remote, address, destination, 1 if changes == _MAX_CHANGES else parts
            )
        except RangesRefusedError:
            destination.ranges, parts = False, 1
            yield from run_in_thread(destination.begin, None, None)
        except ObjectChangedError:
            changes += 1
            if changes > _MAX_CHANGES:
                raise TransferError(
                    "the object changed repeatedly during the download: try again later"
                ) from None
            yield from run_in_thread(destination.begin, None, None)
        except HTTPError as refused:
            renewals = 1 if destination.done.total > received_before else renewals + 1
            if renew is None or not url_may_have_expired(refused) or renewals > _MAX_RENEWALS:
                raise
            fresh = yield from renew()
            if not fresh:
                raise
            address = presigned_url(fresh)


def _fill_gaps(
    remote: ServiceClient, address: str, destination: Destination, parts: int
) -> Flow[None]:
    start, end = next(destination.gaps())
    if parts > 1:
        end = min(start + _FIRST_BYTES, end or start + _FIRST_BYTES)
    while True:
        yield from _download_range(remote, address, RangeRequest(destination, start, end))
        if destination.whole:
            return
        if parts > 1 and destination.size is not None:
            missing = destination.size - destination.done.total
            if missing >= _PARALLEL_BYTES:
                break
        start, end = next(destination.gaps())
    # The same number of pieces for each concurrent request, so that they finish together.
    rounds = -(-missing // (_MAX_RANGE_BYTES * parts))
    length = -(-missing // (rounds * parts))
    range_requests = [
        RangeRequest(destination, piece, min(piece + length, after), exclusive=False)
        for first, after in destination.done.gaps(destination.size)
        for piece in range(first, after, length)
    ]
    flows = [_download_range(remote, address, each) for each in range_requests]
    yield from gather(flows, parts)


def _download_range(remote: ServiceClient, address: str, range_request: RangeRequest) -> Flow[None]:
    """Download one range; after an interruption, request only what is missing."""
    operation = storage_operations.DOWNLOAD_OBJECT
    failures = attempt = 0
    failure: RequestException
    while not range_request.whole:
        attempt += 1
        before = range_request.position
        request = {"method": "get", "url": address, "headers": range_request.headers()}
        call = Send(
            operation, STORAGE, request, sink=range_request, hooks=remote.hooks, attempt=attempt
        )
        try:
            response = yield from send(call)
        except (ConnectError, RequestTimeout) as error:
            failure, is_temporary, retry_after = error, True, None
        else:
            # A store may return less than the requested range.
            if range_request.whole or (response.is_success and range_request.position > before):
                continue
            failure = status_error(response, operation, STORAGE)
            is_temporary = remote.retry.should_retry(response.status_code)
            retry_after = response.headers.get("retry-after")
        # Progress resets the failure count: only consecutive failures count.
        failures = 1 if range_request.position > before else failures + 1
        if not is_temporary or not (
            yield from pause_before_retry(
                remote.retry, failures, str(failure), retry_after, call=call
            )
        ):
            raise failure
