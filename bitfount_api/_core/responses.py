"""Decode and validate JSON responses, and turn unsuccessful ones into errors."""

from __future__ import annotations

import http
import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bitfount_api._core.effects import OBJECT_STORAGE
from bitfount_api._core.redaction import redact, strip_query
from bitfount_api._internal.logs import get_logger
from bitfount_api.exceptions import HTTPError, InvalidJSONError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api._core.effects import Service
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api._internal.operation import Operation

T = TypeVar("T")

_logger = get_logger(__name__)

_MAX_ERROR_BYTES = 100_000
"""The maximum size of an error body that is parsed."""
_MAX_XML_BYTES = 4096
"""How much of an error body is searched for object storage's XML. Searching more could take
seconds."""

_ADVICE = {
    400: "Check the arguments.",
    401: "The credentials were refused: check the API key, or authenticate again.",
    403: "These credentials may not do this: ask the owner for access.",
    404: "Check the name, and that these credentials may see it.",
    407: "A proxy asks for a user name and a password: give them in the proxy's URL.",
    413: "The request is larger than the service accepts.",
    429: "Too many requests: wait before the next one.",
}
_STORAGE_ADVICE = {
    **_ADVICE,
    400: "The presigned URL may have expired: try again with a new one.",
    401: "The presigned URL was refused: try again with a new one.",
    403: "The presigned URL was refused or has expired: try again with a new one.",
    404: "The object is missing, or its upload was aborted: check that it was uploaded.",
    413: "The object is larger than object storage accepts.",
}
"""Advice for object storage, to which no credentials are sent: only the URL can be wrong."""
_STORAGE_CODE_ADVICE = {
    "EntityTooLarge": "The object is larger than the Hub has allowed: check the file's size.",
    "EntityTooSmall": "The object is smaller than the Hub was told: check the file's size.",
    "RequestTimeout": "The connection was too slow: try again.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it.",
    "SignatureDoesNotMatch": "The request was changed on its way: check the proxy.",
}
"""Advice for object storage by its error code, which says more than the status."""
_REQUEST_ID_HEADERS = ("x-request-id", "x-amz-request-id", "x-amzn-requestid", "cf-ray")
_XML_ERROR = re.compile(
    r"<Error>.*?<Code>([^<]{1,100})</Code>(?:.*?<Message>([^<]{0,500})</Message>)?", re.DOTALL
)


def decode_json(
    response: HTTPResponse,
    shape: type[T],
    operation: Operation,
    service: Service,
    tidy: Callable[[Any], Any] = lambda value: value,
) -> T:
    """Check a response and return its JSON, unknown fields included.

    Args:
        response: The response, read to its end.
        shape: The expected type of the JSON: a ``TypedDict`` or other type.
        operation: The operation.
        service: The service that answered.
        tidy: Returns the JSON in its usual form, for services with several forms.

    Raises:
        HTTPError: The status is not one of the operation's successes.
        InvalidJSONError: The body is not JSON, or not of that shape; says which field is wrong.
    """
    check_status(response, operation, service)
    value = tidy(parse_json(response, operation, service))
    try:
        msgspec.convert(value, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidJSONError(
            f"{operation.name}: {service.name} answered JSON that is not of the documented shape: "
            f"{redact(str(error), response.request)}",
            operation=operation.name,
            url=strip_query(response.sent.url),
        ) from None
    # Not the converted value: that would lack fields the services have added.
    return value  # type: ignore[no-any-return]


def decode_usable_json(
    response: HTTPResponse, shape: type[T], operation: Operation, service: Service
) -> T | None:
    """:func:`decode_json` for operations that have succeeded whatever the body says.

    Returns:
        The JSON; None, with a warning, if the body is not JSON or not of that shape.

    Raises:
        HTTPError: The status is not one of the operation's successes.
    """
    try:
        return decode_json(response, shape, operation, service)
    except InvalidJSONError as error:
        _logger.warning("The request was accepted, but the response is not valid: %s", error)
        return None


def parse_json(response: HTTPResponse, operation: Operation, service: Service) -> Any:
    """Return the JSON of a response, of any shape.

    Raises:
        InvalidJSONError: The body is not JSON.
    """
    try:
        return msgspec.json.decode(response.content or b"")
    except (msgspec.DecodeError, UnicodeError, RecursionError, OverflowError) as error:
        kind = response.headers.get("content-type", "")
        what = (
            f" but {redact(kind, response.request, limit=60)}"
            if kind and "json" not in kind
            else ""
        )
        raise InvalidJSONError(
            f"{operation.name}: {service.name} answered {response.status_code} with a body that "
            f"is not JSON{what}: {redact(str(error), response.request)}",
            operation=operation.name,
            url=strip_query(response.sent.url),
        ) from None


def check_status(response: HTTPResponse, operation: Operation, service: Service) -> None:
    """Check that a response has one of the operation's successful statuses.

    Raises:
        HTTPError: The status is not one of them. The error quotes the service and says what to do.
    """
    if response.status_code not in operation.success:
        raise status_error(response, operation, service)


def status_error(response: HTTPResponse, operation: Operation, service: Service) -> HTTPError:
    """Return the error for a response whose status is not one of the operation's successes."""
    status = response.status_code
    request = response.request
    try:
        phrase = f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    if response.is_success:
        verb = "answered with the unexpected status"
    elif response.is_redirect:
        verb = "answered with a redirect, which is never followed:"
    else:
        verb = "refused with" if status < 500 else "failed with"
    parts = [f"{operation.name}: {service.name} {verb} {status}{phrase}"]
    if message := error_message(response):
        parts.append(f": {redact(message, request)}")
    if not parts[-1].endswith("."):
        parts.append(".")
    advice = _advice(response, service)
    if advice:
        parts.append(f" {advice}")
    request_id = request_id_of(response)
    if request_id:
        parts.append(f" (request id {request_id})")
    answer = response.to_httpx(with_query=False)
    return HTTPError(
        "".join(parts),
        status_code=status,
        request_id=request_id,
        response=answer,
        advice=advice,
        request=answer.request,
        operation=operation.name,
        url=strip_query(response.sent.url),
    )


def request_id_of(response: HTTPResponse) -> str | None:
    """Return the service's id of the request, if it sent one."""
    for name in _REQUEST_ID_HEADERS:
        if value := response.headers.get(name):
            return redact(value, response.request, limit=100)
    return None


def _advice(response: HTTPResponse, service: Service) -> str | None:
    status = response.status_code
    if service.audience is None and service.name == OBJECT_STORAGE:
        code = (error_message(response) or "").partition(":")[0]
        return _STORAGE_CODE_ADVICE.get(code) or _STORAGE_ADVICE.get(status)
    return _ADVICE.get(status)


def rejected_error(response: HTTPResponse, operation: Operation, service: Service) -> HTTPError:
    """Return the error for a response that reports a failure with a successful status."""
    why = redact(error_message(response) or "no reason given", response.request)
    answer = response.to_httpx(with_query=False)
    return HTTPError(
        f"{operation.name}: {service.name} rejected the request: {why}",
        status_code=response.status_code,
        response=answer,
        request=answer.request,
        operation=operation.name,
        url=strip_query(response.sent.url),
    )


def error_message(response: HTTPResponse) -> str | None:
    """Return the service's error message: ``errorMessage`` or the like, or object storage's XML."""
    document = error_document(response)
    for key in ("errorMessage", "error_description", "message", "error"):
        if isinstance(value := document.get(key), str) and value:
            return value
    found = _XML_ERROR.search(_error_body(response)[:_MAX_XML_BYTES].decode("utf-8", "replace"))
    return ": ".join(part for part in found.groups() if part) if found else None


def error_document(response: HTTPResponse) -> dict[str, Any]:
    """Return the JSON object of an error response; empty if the body is not one, or is too large.

    For OAuth, the fields are those of RFC 6749, section 5.2.
    """
    try:
        value = msgspec.json.decode(_error_body(response))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _error_body(response: HTTPResponse) -> bytes:
    content = response.content or b""
    return content if len(content) <= _MAX_ERROR_BYTES else b""
