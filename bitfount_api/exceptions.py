"""The exceptions this library raises.

The documented names keep their documented meaning. The message of an error never holds a credential
or the query of a presigned URL, and every error can be pickled.

Python's own errors are raised for wrong arguments and local files: ValueError (a wrong value),
TypeError (an argument that does not exist, or pickling a secret), FileNotFoundError (``verify`` is
a path that does not exist), OSError (a schema file, a key file or a file to hash) and ImportError
(an optional package is not installed). Any other exception that reaches a caller, such as an
``httpx`` error or a ``KeyError``, is a bug.

    BitfountError
    ├── RequestException             no usable response was received
    │   ├── HTTPError                the service refused, or answered with an unexpected status
    │   │   └── PodDoesNotExistError the Hub has no such pod (404)
    │   ├── InvalidJSONError         the response is not JSON, or not of the documented shape
    │   ├── ConnectError             the service is unreachable, or the connection broke
    │   └── RequestTimeout           the timeout or the deadline expired
    ├── AuthenticationError          (also ValueError) no usable credentials are available
    │   └── AuthenticatedUserError   the credentials belong to another user, or to no user
    ├── ModelUploadError             a model or its weights could not be stored
    │   ├── ModelValidationError     the model's code is not valid
    │   └── ModelTooLargeError       (also ValueError)
    ├── MultiPartUploadError         an upload in parts could not be completed; see below
    ├── SchemaUploadError            (also ValueError)
    ├── TransferError                a file could not be read, written or transferred completely
    ├── NoModelCodeError             the project's usage limit is exhausted
    └── SMARTOnFHIRError

A ``MultiPartUploadError`` is also what the method raises for such a failure of another request: an
``HTTPError``, ``ConnectError`` or ``RequestTimeout``, or a ``ModelUploadError``.

``ConnectionError`` and ``Timeout``, the names in the package ``requests``, are other names of
``ConnectError`` and ``RequestTimeout``. ``from bitfount_api import *`` does not import the first
one, which is also the name of a built-in exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import httpx

    from bitfount_api._core.messages import Response

__all__ = [
    "AuthenticatedUserError",
    "AuthenticationError",
    "BitfountError",
    "ConnectError",
    "HTTPError",
    "InvalidJSONError",
    "ModelTooLargeError",
    "ModelUploadError",
    "ModelValidationError",
    "MultiPartUploadError",
    "NoModelCodeError",
    "PodDoesNotExistError",
    "RequestException",
    "RequestTimeout",
    "SMARTOnFHIRError",
    "SchemaUploadError",
    "TransferError",
]


class BitfountError(Exception):
    """The base class of every error raised by this library.

    Attributes:
        request: The request that failed, without credentials and query; None if there is none or it
            is unknown, and after unpickling.
    """

    request: httpx.Request | None = None
    _response: Response | None = None

    @property
    def response(self) -> Response | None:
        """The response that refused the request; None if there is none, and after unpickling."""
        return self._response

    def __str__(self) -> str:
        # A file name that is not UTF-8 has lone surrogates, with which printing would fail.
        return super().__str__().encode("utf-8", "backslashreplace").decode()

    def __reduce__(self) -> tuple[Any, ...]:
        # The default calls the class with `args` alone, and loses keyword arguments. A request and
        # a response hold streams, which do not belong in a pickle.
        state = {k: v for k, v in self.__dict__.items() if k not in ("request", "_response")}
        return _rebuild, (type(self), self.args, state)


_E = TypeVar("_E", bound=BitfountError)


class RequestException(BitfountError):
    """No usable response was received from a service.

    Attributes:
        operation: The operation's name, such as ``get_pod``; None outside an operation.
        url: The request's URL without its query; None if unknown.
        sent: False if the service cannot have seen the request.
        request: The request, without credentials and query; None if unknown, and after unpickling.
    """

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        url: str | None = None,
        sent: bool = True,
        request: httpx.Request | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.url = url
        self.sent = sent
        self.request = request


class HTTPError(RequestException):
    """The service refused a request, or answered with a status the operation does not expect.

    Attributes:
        status_code: The HTTP status.
        request_id: The service's id of the request, if it sent one; quote it to support.
        advice: What to do, as in the message; None if the message has only the service's reason.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int,
        request_id: str | None = None,
        response: Response | None = None,
        advice: str | None = None,
        operation: str | None = None,
        url: str | None = None,
        request: httpx.Request | None = None,
    ) -> None:
        super().__init__(message, operation=operation, url=url, request=request)
        self.status_code = status_code
        self.request_id = request_id
        self._response = response
        self.advice = advice

    @property
    def response(self) -> Response:
        """The response: an httpx response that also has ``ok`` and ``reason``.

        The credentials of its request are removed, also where the response quotes them, and so are
        the queries of presigned URLs. After unpickling, it has only its status.

        Raises:
            AttributeError: The error was created without a response, for example in a test.
        """
        if self._response is None:
            raise AttributeError("this HTTPError was created without a response")
        return self._response

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, (kind, args, state) = super().__reduce__()
        if self._response is not None:
            # Headers and a body of any size do not belong in a pickle.
            state["_response"] = type(self._response)(self.status_code)
        return rebuild, (kind, args, state)


class PodDoesNotExistError(HTTPError):
    """No pod of that name is visible with these credentials: the Hub answered 404."""


class InvalidJSONError(RequestException):
    """The response is not JSON, or lacks a field that the operation requires."""


class ConnectError(RequestException):
    """The service is unreachable, or the connection broke before the response was complete."""


class RequestTimeout(RequestException):
    """The request's timeout, or the deadline of the whole operation, expired."""


class AuthenticationError(BitfountError, ValueError):
    """No credentials are available, or those available cannot be used."""


class AuthenticatedUserError(AuthenticationError):
    """The credentials belong to a user other than the one requested, or name no user."""


class ModelUploadError(BitfountError):
    """A model or its weights could not be stored."""


class ModelValidationError(ModelUploadError):
    """The model's code is not valid: not a model, or its hash does not match."""


class ModelTooLargeError(ModelUploadError, ValueError):
    """The model's code or weights exceed the maximum size that the service stores."""


class MultiPartUploadError(BitfountError):
    """All parts of an object were uploaded, but the Hub did not put them together."""


class SchemaUploadError(BitfountError, ValueError):
    """The pod's schema exceeds the maximum size that the service stores, or is not serializable."""


class TransferError(BitfountError):
    """A file could not be read, written, or completely transferred to or from object storage."""


class NoModelCodeError(BitfountError):
    """The service withholds the model's code: the project's usage limit for it is exhausted."""


class SMARTOnFHIRError(BitfountError):
    """No SMART on FHIR access token is available."""


ConnectionError = ConnectError  # noqa: A001
Timeout = RequestTimeout


class _MultiPartHTTPError(MultiPartUploadError, HTTPError):
    """The Hub refused to complete an upload in parts."""


class _MultiPartConnectError(MultiPartUploadError, ConnectError):
    """The Hub was unreachable when an upload in parts was to be completed."""


class _MultiPartTimeout(MultiPartUploadError, RequestTimeout):
    """The Hub did not complete an upload in parts in time."""


class _MultiPartRequestException(MultiPartUploadError, RequestException):
    """The request that completes an upload in parts could not be made."""


class _MultiPartModelUploadError(MultiPartUploadError, ModelUploadError):
    """The upload in parts of a model or its weights could not be completed."""


def multi_part_error(error: RequestException) -> RequestException:
    """Return an error of the request that completes an upload, as a ``MultiPartUploadError``.

    It is also of the same kind as before, for handlers of that kind.
    """
    kind: type[RequestException] = _MultiPartRequestException
    if isinstance(error, HTTPError):
        kind = _MultiPartHTTPError
    elif isinstance(error, ConnectError):
        kind = _MultiPartConnectError
    elif isinstance(error, RequestTimeout):
        kind = _MultiPartTimeout
    return _rebuild(kind, error.args, error.__dict__)


def model_upload_error(message: str, cause: BaseException) -> ModelUploadError:
    """Return the error for a model that could not be stored."""
    in_parts = isinstance(cause, MultiPartUploadError)
    error = _MultiPartModelUploadError(message) if in_parts else ModelUploadError(message)
    return of_same_request(error, cause)


def of_same_request(error: _E, cause: BaseException) -> _E:
    """Return an error with the request and the response of the error that caused it."""
    if isinstance(cause, BitfountError):
        error.request, error._response = cause.request, cause._response
    return error


def _rebuild(kind: type[_E], args: tuple[Any, ...], state: dict[str, Any]) -> _E:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
