"""Upload objects to object storage, with one presigned form or in parts."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import attrs

from bitfount_api import config
from bitfount_api._core import storage_operations
from bitfount_api._core.effects import Flow, gather, run_endless, run_in_thread, sleep
from bitfount_api._core.responses import check_status
from bitfount_api._core.services import STORAGE
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.uploads import complete_upload as _complete_upload
from bitfount_api._generated.hub.models import (
    CompleteUploadRequest,
    CompleteUploadRequestObjectType,
    UploadedPart,
)
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.urls import presigned_url
from bitfount_api._transfer.request_bodies import FormBody, PartBody, Source
from bitfount_api.exceptions import (
    InvalidJSONError,
    RequestException,
    TransferError,
    model_upload_error,
    multi_part_error,
)
from bitfount_api.progress import ProgressReporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api._transfer.file_objects import Input
    from bitfount_api.transfers import TransferOptions

ObjectType = Literal["Model", "Schema"]

_logger = get_logger(__name__)

_MD5 = re.compile(r"[0-9a-f]{32}")


@attrs.frozen
class _Part:
    """One part of an object.

    Args:
        number: The number of the part, from 1.
        count: The number of parts of the object.
        size: The size of each part in bytes; the last one may be smaller.
    """

    number: int
    count: int
    size: int


def multipart(size: int) -> Literal[True] | Any:
    """Return the query parameter that requests a multipart upload, for large objects only.

    Version 13.0 of the official SDK always sends it, and version 5.3 never. The Hub's response
    differs for large objects only, so that small ones are requested as 5.3 does.
    """
    return True if size >= config.MULTIPART_THRESHOLD_BYTES else UNSET


def open_input(given: Input, limit: int) -> Flow[Source]:
    """Return the source of what is sent, after copying a file that can be read only once.

    Args:
        given: The argument with the contents.
        limit: The maximum size in bytes. A copy ends soon after it, so that its size exceeds it.

    Raises:
        TypeError: The file is opened in text mode.
        TransferError: The file cannot be read, or is empty.
    """
    source = yield from run_in_thread(given.open)
    if source is not None:
        return source
    while given.size <= limit and (chunk := (yield from run_endless(given.read))):
        yield from run_in_thread(given.keep, chunk)
        yield from sleep(0)  # checks the deadline
    return (yield from run_in_thread(given.copy))


@contextmanager
def upload_errors(given: Input) -> Iterator[None]:
    """Raise the errors of the block as a :class:`ModelUploadError`, or one of its subclasses."""
    try:
        yield
    except (RequestException, TransferError) as error:
        text = str(error)
        if not text.startswith(str(given)):  # which says which file it is
            text = f"{given.name} could not be stored: {text}"
        raise model_upload_error(text, error) from error


def upload(
    remote: ServiceClient,
    upload_response: Mapping[str, Any],
    source: Source,
    *,
    object_type: ObjectType,
    options: TransferOptions,
) -> Flow[None]:
    """Upload an object to the presigned URLs of a Hub response.

    Args:
        remote: The Hub.
        upload_response: The Hub's response, with ``uploadUrl`` and ``uploadFields``, or with
            ``uploadUrls`` and ``chunkSize``.
        source: The object.
        object_type: The object's type for the Hub.
        options: The transfer options.

    Raises:
        InvalidJSONError: The response has no presigned URL, though the object is new to the Hub.
        HTTPError: Object storage or the Hub refused the request.
        TransferError: The file changed during the upload, or the stored bytes differ from it.
    """
    reporter = ProgressReporter(options.progress, source.size, source.file_name)
    try:
        if upload_response.get("uploadUrl"):
            yield from _upload_form(remote, upload_response, source, reporter)
        elif upload_response.get("uploadUrls"):
            yield from _upload_parts(
                remote, upload_response, source, object_type, options, reporter
            )
        elif not upload_response.get("alreadyExisted"):
            raise InvalidJSONError("the Hub's response has no upload URL")
        yield from run_in_thread(reporter.close)
    finally:
        reporter.close()


def _upload_form(
    remote: ServiceClient,
    upload_response: Mapping[str, Any],
    source: Source,
    reporter: ProgressReporter,
) -> Flow[None]:
    url = presigned_url(upload_response["uploadUrl"])
    body = FormBody(upload_response.get("uploadFields") or {}, source, reporter)
    operation = storage_operations.UPLOAD_OBJECT
    request = {"method": "post", "url": url}
    response = yield from remote.send(operation, request, service=STORAGE, body=body)
    check_status(response, operation, STORAGE)


def _upload_parts(
    remote: ServiceClient,
    upload_response: Mapping[str, Any],
    source: Source,
    object_type: ObjectType,
    options: TransferOptions,
    reporter: ProgressReporter,
) -> Flow[None]:
    urls, size = upload_response["uploadUrls"], upload_response.get("chunkSize") or 0
    if size < 1 or not upload_response.get("uploadId") or not upload_response.get("key"):
        raise InvalidJSONError("the Hub's response lacks chunkSize, uploadId or key")
    needed = -(-source.size // size)
    if len(urls) != needed:
        raise InvalidJSONError(
            f"the Hub's response has {len(urls)} URLs for the {needed} parts of {size:,} bytes of "
            f"{source.file_name}"
        )
    flows = [
        _upload_part(remote, url, source, _Part(number, needed, size), reporter)
        for number, url in enumerate(urls, 1)
    ]
    etags = yield from gather(flows, options.parts_at_once)
    body = CompleteUploadRequest(
        object_type=CompleteUploadRequestObjectType(object_type),
        key=upload_response["key"],
        upload_id=upload_response["uploadId"],
        parts=[
            UploadedPart(e_tag=etag, part_number=number) for number, etag in enumerate(etags, 1)
        ],
    )
    operation = operations.COMPLETE_UPLOAD
    try:
        response = yield from remote.send(operation, _complete_upload.build_request(body=body))
        check_status(response, operation, remote.service)
    except RequestException as error:
        raise multi_part_error(error) from error


def _upload_part(
    remote: ServiceClient,
    url: str,
    source: Source,
    part: _Part,
    reporter: ProgressReporter,
) -> Flow[str]:
    """Upload one part and return its ETag."""
    offset = (part.number - 1) * part.size
    body = PartBody(source, offset, min(part.size, source.size - offset), reporter)
    operation = storage_operations.UPLOAD_PART
    request = {"method": "put", "url": presigned_url(url)}
    try:
        for left in range(remote.retry.max_retries(), -1, -1):
            response = yield from remote.send(operation, request, service=STORAGE, body=body)
            check_status(response, operation, STORAGE)
            etag: str = response.headers.get("etag", "").strip().removeprefix("W/").strip('"')
            if not etag:
                raise TransferError("object storage returned no ETag for it")
            # Only an MD5 can be compared; the ETags of parts that the store encrypts are not.
            if not _MD5.fullmatch(etag.lower()) or etag.lower() == body.md5:
                return etag
            _logger.info(
                "Part %d of %d was damaged during the upload; %d tries left",
                part.number,
                part.count,
                left,
            )
        raise TransferError("it was damaged during the upload, at every attempt")
    except (RequestException, TransferError) as error:
        error.args = (f"part {part.number} of {part.count} of {source.file_name}: {error}",)
        raise
