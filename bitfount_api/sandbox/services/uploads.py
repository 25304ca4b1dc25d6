"""Destinations of uploads: one presigned form, or a multipart upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.services.http import NotEmpty, Refusal, answer, body, caller, state_of
from bitfount_api.sandbox.state.models import Upload

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.state import State

CHUNK_BYTES = 5 * 1024 * 1024
"""The size of each part but the last, and the minimum size of a multipart upload, in bytes."""


class Multipart(msgspec.Struct):
    """Query parameter that states whether the caller supports multipart uploads."""

    upload: Literal["true", "false"] = msgspec.field(default="false", name="multipartUpload")

    @property
    def supported(self) -> bool:
        """True if the caller supports multipart uploads."""
        return self.upload == "true"


class Part(msgspec.Struct):
    """An uploaded part."""

    etag: NotEmpty = msgspec.field(name="ETag")
    number: Annotated[int, msgspec.Meta(ge=1, le=10000)] = msgspec.field(name="PartNumber")


class CompleteUpload(msgspec.Struct, rename="camel"):
    """``POST /api/upload``."""

    object_type: Literal["Model", "Schema"]
    key: NotEmpty
    upload_id: NotEmpty
    parts: Annotated[list[Part], msgspec.Meta(min_length=1)]


def destination(
    state: State, owner: str, kind: str, key: str, size: int, *, multipart: bool
) -> dict[str, Any]:
    """Return the response fields with the upload destination of an object of that size."""
    if not multipart or size < CHUNK_BYTES:
        url, fields = state.presigner.post(key, min_bytes=size, max_bytes=size)
        return {"uploadUrl": url, "uploadFields": fields}
    upload_id = state.store.create_upload(key)
    state.uploads.add(Upload(upload_id, owner, kind, key, size))
    count = -(-size // CHUNK_BYTES)
    return {
        "uploadUrls": [
            state.presigner.put_part(key, upload_id, number) for number in range(1, count + 1)
        ],
        "chunkSize": CHUNK_BYTES,
        "uploadId": upload_id,
        "key": key,
    }


async def complete(request: Request) -> Response:
    """Assemble the parts of an upload into the object."""
    state, user = state_of(request), caller(request)
    data: CompleteUpload = await body(request, CompleteUpload)
    upload = state.uploads.get(data.upload_id)
    if upload is None or (upload.owner, upload.key) != (user, data.key):
        raise Refusal(404, "There is no such upload")
    if upload.kind != data.object_type:
        raise Refusal(422, f"The upload is of a {upload.kind}, not of a {data.object_type}")
    count = -(-upload.size // CHUNK_BYTES)
    if [part.number for part in data.parts] != list(range(1, count + 1)):
        raise Refusal(422, f"The upload has {count} part(s), which must be listed in order")
    parts = [(part.number, part.etag) for part in data.parts]
    try:
        for part in state.store.parts(upload.key, upload.id):
            announced = min(CHUNK_BYTES, upload.size - (part.number - 1) * CHUNK_BYTES)
            if part.number <= count and part.size != announced:
                raise Refusal(
                    422,
                    f"Part {part.number} has {part.size} bytes, but {announced} were announced",
                )
        await run_in_threadpool(state.store.complete_upload, upload.key, upload.id, parts)
    except S3Error as error:
        raise Refusal(422, f"The parts cannot be assembled: {error}") from None
    state.uploads.remove(upload.id)
    return answer({"success": True})


ROUTES = [Route("/api/upload", complete, methods=["POST"])]
