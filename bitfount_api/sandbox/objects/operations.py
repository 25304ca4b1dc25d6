"""Operations on the store: one method for each S3 operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.get_object import FileResponse, is_not_modified, requested_range
from bitfount_api.sandbox.objects.headers import response_headers, stored_headers
from bitfount_api.sandbox.objects.payload import Incoming, read_body, stream_body
from bitfount_api.sandbox.objects.signing import encoded
from bitfount_api.sandbox.objects.values import MAX_PARTS, no_such_key
from bitfount_api.sandbox.objects.xml import Node, document, parse

if TYPE_CHECKING:
    from bitfount_api.sandbox.objects.request import ObjectRequest
    from bitfount_api.sandbox.objects.store import ObjectStore
    from bitfount_api.sandbox.objects.values import StoredObject
    from bitfount_api.sandbox.objects.writer import Writer

MAX_LIST_BYTES: Final = 2 * 1024 * 1024
"""The maximum size of a list of parts, in bytes: 10,000 parts need about 1 MB."""

_PAGE: Final = 1000
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


class Operations:
    """The operations on one bucket.

    Args:
        store: Store of the objects.
        bucket: Name of the bucket.
    """

    def __init__(self, store: ObjectStore, bucket: str) -> None:
        self._store = store
        self._bucket = bucket

    # --- The bucket ------------------------------------------------------------------------------

    async def create_bucket(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """Do nothing: the bucket already exists, which is not an error in us-east-1."""
        del request, payload, incoming
        return Response(headers={"location": f"/{self._bucket}"})

    async def head_bucket(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """Confirm that the bucket exists."""
        del request, payload, incoming
        return Response()

    async def list_objects(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """List the keys with a prefix, one page at a time."""
        del payload, incoming
        query = request.query
        if query["list-type"] != "2":
            raise S3Error("NotImplemented", "Only ListObjectsV2 is implemented.")
        prefix = query.get("prefix", "")
        limit = min(_number(query.get("max-keys", str(_PAGE)), "max-keys"), _PAGE)
        after = query.get("continuation-token") or query.get("start-after", "")
        found = await run_in_threadpool(self._store.listing, prefix, after=after, limit=limit + 1)
        page, more = found[:limit], len(found) > limit and limit > 0
        in_url = query.get("encoding-type") == "url"

        def shown(text: str) -> str:
            return encoded(text, safe="/") if in_url else text

        nodes: list[Node] = [
            ("Name", self._bucket),
            ("Prefix", shown(prefix)),
            ("MaxKeys", str(limit)),
            ("KeyCount", str(len(page))),
            ("IsTruncated", "true" if more else "false"),
            *([("EncodingType", "url")] if in_url else []),
            *([("NextContinuationToken", page[-1].key)] if more else []),
        ]
        for each in page:
            fields: list[Node] = [
                ("Key", shown(each.key)),
                ("LastModified", f"{each.modified:%Y-%m-%dT%H:%M:%S.000Z}"),
                ("ETag", f'"{each.etag}"'),
                ("Size", str(each.size)),
                ("StorageClass", "STANDARD"),
            ]
            nodes.append(("Contents", fields))
        return _xml("ListBucketResult", nodes)

    # --- Objects ---------------------------------------------------------------------------------

    async def get(self, request: ObjectRequest, payload: str, incoming: Incoming) -> Response:
        """Return an object, or a range of it."""
        del payload, incoming
        stored, file = await run_in_threadpool(self._store.open_read, request.key)
        try:
            headers = response_headers(stored, request.query)
            if is_not_modified(request.headers, stored):
                file.close()
                return Response(None, 304, headers)
            status, start, size, headers = _ranged(request, stored, headers)
        except BaseException:
            file.close()
            raise
        return FileResponse(file, start, size, status, headers)

    async def head(self, request: ObjectRequest, payload: str, incoming: Incoming) -> Response:
        """Return the headers of an object, or of a range of it."""
        del payload, incoming
        stored = await run_in_threadpool(self._store.head, request.key)
        if stored is None:
            raise no_such_key(request.key)
        headers = response_headers(stored, request.query)
        if is_not_modified(request.headers, stored):
            return Response(None, 304, headers)
        status, _, size, headers = _ranged(request, stored, headers)
        return Response(None, status, {**headers, "content-length": str(size)})

    async def put(self, request: ObjectRequest, payload: str, incoming: Incoming) -> Response:
        """Store an object."""
        content_type, headers = stored_headers(request.headers)
        writer = await run_in_threadpool(self._store.open_write, request.key, content_type, headers)
        return await _written(writer, request, payload, incoming)

    async def delete(self, request: ObjectRequest, payload: str, incoming: Incoming) -> Response:
        """Delete an object, if it exists."""
        del payload, incoming
        await run_in_threadpool(self._store.delete, request.key)
        return Response(status_code=204)

    # --- Multipart uploads -----------------------------------------------------------------------

    async def create_upload(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """Create a multipart upload."""
        del payload, incoming
        content_type, headers = stored_headers(request.headers)
        upload_id = await run_in_threadpool(
            self._store.create_upload, request.key, content_type, headers
        )
        nodes = [("Bucket", self._bucket), ("Key", request.key), ("UploadId", upload_id)]
        return _xml("InitiateMultipartUploadResult", nodes)

    async def put_part(self, request: ObjectRequest, payload: str, incoming: Incoming) -> Response:
        """Store a part."""
        stored_headers(request.headers)
        number = _number(request.query["partNumber"], "partNumber")
        writer = await run_in_threadpool(
            self._store.open_part, request.key, request.query["uploadId"], number
        )
        return await _written(writer, request, payload, incoming)

    async def list_parts(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """List the stored parts, one page at a time."""
        del payload, incoming
        query = request.query
        limit = min(_number(query.get("max-parts", str(_PAGE)), "max-parts"), _PAGE)
        after = _number(query.get("part-number-marker", "0"), "part-number-marker")
        parts = await run_in_threadpool(self._store.parts, request.key, query["uploadId"])
        remaining = [part for part in parts if part.number > after]
        page = remaining[:limit]
        nodes: list[Node] = [
            ("Bucket", self._bucket),
            ("Key", request.key),
            ("UploadId", query["uploadId"]),
            ("StorageClass", "STANDARD"),
            ("PartNumberMarker", str(after)),
            ("NextPartNumberMarker", str(page[-1].number if page else after)),
            ("MaxParts", str(limit)),
            ("IsTruncated", "true" if len(remaining) > len(page) else "false"),
        ]
        for part in page:
            fields: list[Node] = [
                ("PartNumber", str(part.number)),
                ("LastModified", f"{part.modified:%Y-%m-%dT%H:%M:%S.000Z}"),
                ("ETag", f'"{part.etag}"'),
                ("Size", str(part.size)),
            ]
            nodes.append(("Part", fields))
        return _xml("ListPartsResult", nodes)

    async def complete_upload(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """Join the parts into an object."""
        stored_headers(request.headers)
        body = await read_body(request, payload, incoming, MAX_LIST_BYTES)
        parts = _listed_parts(body)
        stored = await run_in_threadpool(
            self._store.complete_upload, request.key, request.query["uploadId"], parts
        )
        nodes = [
            ("Location", f"/{encoded(self._bucket)}/{encoded(request.key, safe='/')}"),
            ("Bucket", self._bucket),
            ("Key", request.key),
            ("ETag", f'"{stored.etag}"'),
        ]
        return _xml("CompleteMultipartUploadResult", nodes)

    async def abort_upload(
        self, request: ObjectRequest, payload: str, incoming: Incoming
    ) -> Response:
        """Abort an upload."""
        del payload, incoming
        await run_in_threadpool(self._store.abort_upload, request.key, request.query["uploadId"])
        return Response(status_code=204)


async def _written(
    writer: Writer[Any], request: ObjectRequest, payload: str, incoming: Incoming
) -> Response:
    """Write a body with a writer and commit it."""
    try:
        checks = await stream_body(request, payload, incoming, writer.write)
        await run_in_threadpool(writer.commit)
    finally:
        writer.discard()
    return Response(headers={"etag": f'"{writer.md5.hex()}"', **checks.stated})


def _ranged(
    request: ObjectRequest, stored: StoredObject, headers: dict[str, str]
) -> tuple[int, int, int, dict[str, str]]:
    """Return the status, the start, the number of bytes and the headers."""
    chosen = requested_range(request.headers, stored)
    if chosen is None:
        return 200, 0, stored.size, headers
    start, stop = chosen
    ranged = {**headers, "content-range": f"bytes {start}-{stop - 1}/{stored.size}"}
    return 206, start, stop - start, ranged


def _listed_parts(body: bytes) -> list[tuple[int, str]]:
    try:
        parts = [
            (int(leaves["PartNumber"]), leaves["ETag"])
            for name, leaves in parse(body, "CompleteMultipartUpload")
            if name == "Part"
        ]
    except (KeyError, ValueError):
        parts = []
    if not parts or len(parts) > MAX_PARTS:
        raise S3Error(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema: it has to list the number and the ETag of each part.",
        )
    return parts


def _number(text: str, name: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise S3Error("InvalidArgument", f"{name} must be a number.")
    return int(text)


def _xml(root: str, nodes: list[Node] | list[tuple[str, str]]) -> Response:
    return Response(document(root, nodes), headers={"content-type": "application/xml"})
