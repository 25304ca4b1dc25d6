"""S3's error responses: a code, a status and an XML document."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from bitfount_api.sandbox.objects.xml import document

STATUSES: Final = {
    "AccessDenied": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "IncorrectNumberOfFilesInPostRequest": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidPolicyDocument": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "MalformedPOSTRequest": 400,
    "MalformedTrailerError": 400,
    "MalformedXML": 400,
    "MaxPostPreDataLengthExceeded": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
    "TooManyBuckets": 400,
    "XAmzContentSHA256Mismatch": 400,
}
"""The HTTP status that S3 sends with each code."""


class S3Error(Exception):
    """A rejected request, with S3's error code.

    Args:
        code: One of :data:`STATUSES`.
        message: Human-readable description, without signatures and keys.
        headers: Additional headers of the response.
    """

    def __init__(self, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status: int = STATUSES[code]
        self.headers: dict[str, str] = headers or {}


def error_response(error: S3Error, *, resource: str, request_id: str, head: bool) -> Response:
    """Return the response to a rejected request.

    Args:
        error: Reason of the rejection.
        resource: Path of the request as it was sent, without the query: a presigned query is a
            secret.
        request_id: Value of the response's ``x-amz-request-id``.
        head: Whether the request was a HEAD request, whose response has no body.
    """
    body = b"" if head else _body(error, resource, request_id)
    headers = {"content-type": "application/xml", **error.headers}
    return Response(body, error.status, headers)


def _body(error: S3Error, resource: str, request_id: str) -> bytes:
    return document(
        "Error",
        [
            ("Code", error.code),
            ("Message", error.message),
            ("Resource", resource),
            ("RequestId", request_id),
        ],
        namespace=None,
    )
