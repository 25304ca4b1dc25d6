"""Every error this library raises, in one tree.

The documented names keep their documented meaning. Nothing else reaches a caller: an ``httpx``,
``msgpack`` or ``KeyError`` that does is a bug. The text of an error never holds a credential or the
query of a presigned URL, and every error can be pickled.

    BitfountError
    ├── RequestException             no usable answer could be had
    │   ├── HTTPError                the service refused, or its status means nothing here
    │   │   └── PodDoesNotExistError the Hub answered that there is no such pod (404)
    │   ├── InvalidJSONError         the answer is not JSON, or not of the documented shape
    │   ├── ConnectError             the service is out of reach, or the connection broke
    │   └── RequestTimeout           the time allowed was used up
    ├── AuthenticationError          no credentials could be had
    │   └── AuthenticatedUserError   the credentials belong to another user, or to none
    ├── ModelUploadError             a model or its weights could not be stored
    │   ├── ModelValidationError     the model's code is not what it has to be
    │   └── ModelTooLargeError       (also ValueError)
    ├── SchemaUploadError            (also ValueError)
    ├── TransferError                a file could not be read, written or moved whole
    ├── NoModelCodeError             the project's usage limit is spent
    └── SMARTOnFHIRError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

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
    "NoModelCodeError",
    "PodDoesNotExistError",
    "RequestException",
    "RequestTimeout",
    "SMARTOnFHIRError",
    "SchemaUploadError",
    "TransferError",
]


class BitfountError(Exception):
    """The root of every error raised by this library."""


class RequestException(BitfountError):
    """No usable answer could be had from a service.

    Attributes:
        operation: The operation's name, such as ``get_pod``; None outside one.
        url: The address asked, without its query; None where it is not known.
        sent: False if the service cannot have seen the request.
    """

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        url: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.url = url
        self.sent = sent

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments are lost by the default, which calls the class with `args` alone.
        return _rebuild, (type(self), self.args, self._state())

    def _state(self) -> dict[str, Any]:
        return dict(self.__dict__)


class HTTPError(RequestException):
    """The service refused a request, or answered with a status the operation does not know.

    Attributes:
        status_code: The HTTP status.
        request_id: What the service called the request, where it said; quote it to support.
        response: The answer itself (its request's credentials removed). None after unpickling.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        request_id: str | None = None,
        response: httpx.Response | None = None,
        operation: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation, url=url)
        self.status_code = status_code
        self.request_id = request_id
        self.response = response

    def _state(self) -> dict[str, Any]:
        # A response holds a stream, and headers that may be secret: neither belongs in a pickle.
        return {**self.__dict__, "response": None}


class PodDoesNotExistError(HTTPError):
    """No pod of that name can be seen with these credentials: the Hub answered 404."""


class InvalidJSONError(RequestException):
    """The answer is not JSON, or lacks what the operation cannot do without."""


class ConnectError(RequestException):
    """The service could not be reached, or the connection broke before the answer was whole."""


class RequestTimeout(RequestException):
    """The time allowed for the request, or for the whole operation, was used up."""


class AuthenticationError(BitfountError):
    """No credentials could be had, or the ones at hand cannot be used."""


class AuthenticatedUserError(AuthenticationError):
    """The credentials belong to another user than the one asked for, or name no user."""


class ModelUploadError(BitfountError):
    """A model or its weights could not be stored."""


class ModelValidationError(ModelUploadError):
    """The model's code is not what it has to be: not a proper model, or not what was hashed."""


class ModelTooLargeError(ModelUploadError, ValueError):
    """The model's code or weights are larger than the service stores."""


class SchemaUploadError(BitfountError, ValueError):
    """The pod's schema is larger than the service stores, or cannot be packed."""


class TransferError(BitfountError):
    """A file could not be read, written, or moved whole between disk and object storage."""


class NoModelCodeError(BitfountError):
    """The service withholds the model's code: the project's usage limit for it is spent."""


class SMARTOnFHIRError(BitfountError):
    """No SMART on FHIR access token could be had."""


def _rebuild(
    kind: type[RequestException], args: tuple[Any, ...], state: dict[str, Any]
) -> RequestException:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
