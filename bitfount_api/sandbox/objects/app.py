"""The object store as a web application."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request

from bitfount_api.sandbox.objects.errors import S3Error, error_response
from bitfount_api.sandbox.objects.operations import Operations
from bitfount_api.sandbox.objects.payload import Incoming
from bitfount_api.sandbox.objects.post_object import post
from bitfount_api.sandbox.objects.request import ObjectRequest
from bitfount_api.sandbox.objects.signature import Verifier

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from bitfount_api.sandbox.objects.store import ObjectStore

_logger = logging.getLogger(__name__)

Handler = Callable[[ObjectRequest, str, Incoming], Awaitable["Response"]]

_AUTHENTICATION: Final = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        # Some SDKs add the name of the operation.
        "x-id",
    }
)
_RESPONSE: Final = "response-"
_LISTING: Final = frozenset(
    {"prefix", "max-keys", "continuation-token", "start-after", "encoding-type"}
)


class Operation(NamedTuple):
    """An operation, and the requests that it handles.

    Args:
        handler: Handler of the operation.
        method: HTTP method.
        on_key: True for an operation on an object, False for one on the bucket.
        required: Required query parameters.
        optional: Optional query parameters.
    """

    handler: Handler
    method: str
    on_key: bool
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


class ObjectApp:
    """The ASGI application that handles every request to the object store.

    Args:
        store: Store of the objects.
        bucket: Name of the only bucket.
        verifier: Verifier of signatures.
        clock: Function that returns the POSIX time in seconds.
    """

    def __init__(
        self, store: ObjectStore, bucket: str, verifier: Verifier, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._verifier = verifier
        self._clock = clock
        operations = Operations(store, bucket)
        part = frozenset({"partNumber", "uploadId"})
        upload = frozenset({"uploadId"})
        self._operations = (
            Operation(operations.get, "GET", True),
            Operation(operations.head, "HEAD", True),
            Operation(operations.put, "PUT", True),
            Operation(operations.delete, "DELETE", True),
            Operation(operations.create_upload, "POST", True, frozenset({"uploads"})),
            Operation(operations.put_part, "PUT", True, part),
            Operation(
                operations.list_parts,
                "GET",
                True,
                upload,
                frozenset({"max-parts", "part-number-marker"}),
            ),
            Operation(operations.complete_upload, "POST", True, upload),
            Operation(operations.abort_upload, "DELETE", True, upload),
            Operation(operations.create_bucket, "PUT", False),
            Operation(operations.head_bucket, "HEAD", False),
            Operation(operations.list_objects, "GET", False, frozenset({"list-type"}), _LISTING),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        request = Request(scope)
        incoming = Incoming(receive, expects="expect" in request.headers)
        request_id = secrets.token_hex(8).upper()
        try:
            response = await self._respond(request, incoming)
        except ClientDisconnect:
            return
        except S3Error as error:
            response = _refusal(request, error, request_id)
        except Exception:
            _logger.exception("%s %s failed", request.method, request.url.path)
            failure = S3Error(
                "InternalError", "We encountered an internal error. Please try again."
            )
            response = _refusal(request, failure, request_id)
        response.headers["x-amz-request-id"] = request_id
        # Servers write access logs from the scope, and a presigned query is a secret; the query
        # is no longer needed here.
        scope["query_string"] = b""
        if not await incoming.drain():
            response.headers["connection"] = "close"
        await response(scope, receive, send)

    async def _respond(self, request: Request, incoming: Incoming) -> Response:
        parsed = ObjectRequest.parse(request)
        if parsed.method == "POST" and parsed.bucket and not parsed.key and not parsed.query:
            self._check_bucket(parsed)
            return await post(parsed, incoming, self._store, self._verifier, self._clock)
        payload = self._verifier.check(parsed)
        operation = self._operation(parsed)
        self._check_bucket(parsed)
        return await operation.handler(parsed, payload, incoming)

    def _operation(self, request: ObjectRequest) -> Operation:
        if not request.bucket:
            raise S3Error("NotImplemented", "Operations on all buckets are not implemented.")
        names = frozenset(
            name
            for name in request.query
            if name not in _AUTHENTICATION and not name.startswith(_RESPONSE)
        )
        on_key = bool(request.key)
        candidates = [each for each in self._operations if each.on_key == on_key]
        same_method = [each for each in candidates if each.method == request.method]
        for each in same_method:
            if each.required <= names <= each.required | each.optional:
                return each
        if same_method or names:
            raise S3Error("NotImplemented", "You asked for functionality that is not implemented.")
        raise S3Error(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            {"allow": ", ".join(sorted({each.method for each in candidates}))},
        )

    def _check_bucket(self, request: ObjectRequest) -> None:
        if request.bucket == self._bucket:
            return
        if request.method == "PUT" and not request.key:
            raise S3Error("TooManyBuckets", f"The store has one bucket: {self._bucket}.")
        raise S3Error("NoSuchBucket", f"The specified bucket does not exist: {request.bucket}")


def create_app(
    store: ObjectStore,
    *,
    bucket: str,
    access_key: str,
    secret_key: str,
    region: str = "us-east-1",
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return the web application. URLs are in path style: ``/bucket/key``.

    Args:
        store: Store of the objects; the caller closes it.
        bucket: Name of the only bucket.
        access_key: Id of the secret key.
        secret_key: Secret key that requests must be signed with.
        region: Region that requests must be signed for.
        clock: Function that returns the POSIX time in seconds, for expiry.
    """
    verifier = Verifier(access_key, secret_key, region, clock)
    app = Starlette()
    # No routes: a route's pattern cannot match every key, because keys may contain newlines.
    app.router.default = ObjectApp(store, bucket, verifier, clock)
    return app


def _refusal(request: Request, error: S3Error, request_id: str) -> Response:
    path = request.scope["raw_path"].decode("ascii", "replace")
    return error_response(
        error, resource=path, request_id=request_id, head=request.method == "HEAD"
    )
