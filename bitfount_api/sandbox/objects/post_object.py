"""Store objects that are sent by form, as browsers and presigned uploads do."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bitfount_api.sandbox.objects.checks import Checks
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.forms import FileBegins, Form
from bitfount_api.sandbox.objects.headers import stored_headers
from bitfount_api.sandbox.objects.payload import BATCH_BYTES, Incoming
from bitfount_api.sandbox.objects.policy import Policy
from bitfount_api.sandbox.objects.signing import encoded
from bitfount_api.sandbox.objects.xml import document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bitfount_api.sandbox.objects.request import ObjectRequest
    from bitfount_api.sandbox.objects.signature import Verifier
    from bitfount_api.sandbox.objects.store import ObjectStore
    from bitfount_api.sandbox.objects.values import StoredObject
    from bitfount_api.sandbox.objects.writer import Writer


class Receipt:
    """A verified form whose file is being written to the store.

    Args:
        store: Store of the objects.
        bucket: Name of the bucket.
        fields: Fields of the form, by lower-case name.
        file_name: Name of the file.
        verifier: Verifier of the signature.
        now: POSIX time in seconds.

    Raises:
        S3Error: If the form is not signed, or its policy does not allow the upload.
    """

    def __init__(
        self,
        store: ObjectStore,
        bucket: str,
        fields: Mapping[str, str],
        file_name: str,
        verifier: Verifier,
        now: float,
    ) -> None:
        verifier.check_form(fields)
        self._policy = Policy.parse(fields["policy"])
        if "key" not in fields:
            raise S3Error(
                "InvalidArgument",
                "Bucket POST must contain a field named 'key', before the file.",
            )
        # Some browsers send the whole path; only the last part is the file's name.
        last = re.split(r"[/\\]", file_name)[-1]
        self.key: str = fields["key"].replace("${filename}", last)
        self._policy.check({**fields, "key": self.key}, bucket, now)
        self._checks = Checks(fields)
        content_type, headers = stored_headers(fields)
        self._writer: Writer[StoredObject] = store.open_write(self.key, content_type, headers)

    def write(self, data: bytes) -> None:
        """Add bytes of the file.

        Raises:
            S3Error: ``EntityTooLarge``.
        """
        self._policy.check_size(self._writer.size + len(data), whole=False)
        self._checks.update(data)
        self._writer.write(data)

    def commit(self) -> StoredObject:
        """Put the object into the store.

        Raises:
            S3Error: ``EntityTooSmall``, or ``BadDigest``.
        """
        self._policy.check_size(self._writer.size, whole=True)
        self._checks.finish()
        return self._writer.commit()

    def close(self) -> None:
        """Discard the object unless it has been committed."""
        self._writer.discard()


async def post(
    request: ObjectRequest,
    incoming: Incoming,
    store: ObjectStore,
    verifier: Verifier,
    clock: Callable[[], float],
) -> Response:
    """Store the file of a form.

    Raises:
        S3Error: If the form is malformed, or the upload is not allowed.
        ClientDisconnect: If the client disconnected before the end of the form.
    """
    if "content-length" not in request.headers:
        raise S3Error("MissingContentLength", "You must provide the Content-Length HTTP header.")
    form = Form(request.headers.get("content-type", ""))
    receipt: Receipt | None = None
    buffered = bytearray()
    with contextlib.ExitStack() as stack:
        while piece := await incoming.piece():
            for event in form.feed(piece):
                if isinstance(event, FileBegins):
                    receipt = await run_in_threadpool(
                        Receipt, store, request.bucket, form.fields, event.name, verifier, clock()
                    )
                    stack.callback(receipt.close)
                else:
                    buffered += event.data
            if receipt is not None and len(buffered) >= BATCH_BYTES:
                await run_in_threadpool(receipt.write, bytes(buffered))
                buffered.clear()
        form.finish()
        assert receipt is not None
        if buffered:
            await run_in_threadpool(receipt.write, bytes(buffered))
        stored = await run_in_threadpool(receipt.commit)
    return _response(request, form.fields, stored)


def _response(request: ObjectRequest, fields: Mapping[str, str], stored: StoredObject) -> Response:
    path = f"/{encoded(request.bucket)}/{encoded(stored.key, safe='/')}"
    location = f"{request.scheme}://{request.headers.get('host', 'localhost')}{path}"
    headers = {"location": location, "etag": f'"{stored.etag}"'}
    status = fields.get("success_action_status")
    if status == "201":
        body = document(
            "PostResponse",
            [
                ("Location", location),
                ("Bucket", request.bucket),
                ("Key", stored.key),
                ("ETag", headers["etag"]),
            ],
            namespace=None,
        )
        return Response(body, 201, {**headers, "content-type": "application/xml"})
    # Any other value is ignored.
    return Response(None, 200 if status == "200" else 204, headers)
