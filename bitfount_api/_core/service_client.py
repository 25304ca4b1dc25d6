"""The client through which flows send requests to a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from bitfount_api._core.effects import Body, Flow, Send, Service, Sink, get_credentials
from bitfount_api._core.hooks import NO_HOOKS, Hooks
from bitfount_api._core.responses import decode_json, rejected_error
from bitfount_api._core.retrying import send_with_retries
from bitfount_api._core.session_headers import SessionHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api._internal.operation import Operation
    from bitfount_api.retries import RetryPolicy

T = TypeVar("T")


@attrs.frozen(eq=False)
class ServiceClient:
    """A service, with the user and the retry policy of its requests.

    Args:
        service: The service.
        retry: The retry policy.
        read_username: Returns the user that the credentials belong to, if it is known.
        headers: The headers that the session adds to requests to the service.
        extra_headers: The headers that this client adds, in place of those of the same names.
        hooks: The functions of the user to tell of responses and retries.
    """

    service: Service
    retry: RetryPolicy
    read_username: Callable[[], str]
    headers: SessionHeaders = attrs.field(factory=SessionHeaders)
    extra_headers: SessionHeaders = attrs.field(factory=SessionHeaders)
    hooks: Hooks = NO_HOOKS

    def authenticate(self) -> Flow[None]:
        """Get credentials now, for flows that do lengthy work before their first request.

        Raises:
            AuthenticationError: No credentials are available.
        """
        if self.service.audience is not None:
            yield from get_credentials(self.service.audience)

    def get_username(self) -> Flow[str]:
        """Return the user that the credentials belong to.

        Raises:
            AuthenticationError: No credentials are available.
        """
        yield from self.authenticate()  # a handler may not know the user before authentication
        return self.read_username()

    def send(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        *,
        service: Service | None = None,
        body: Body | None = None,
        sink: Sink | None = None,
    ) -> Flow[HTTPResponse]:
        """Send a request and return the last response, whatever its status.

        Raises:
            RequestException: No response was received.
        """
        if service is None:  # not to object storage
            request = self.headers.added_to(self.extra_headers.added_to(request))
        call = Send(
            operation, service or self.service, request, body=body, sink=sink, hooks=self.hooks
        )
        return send_with_retries(call, self.retry)

    def get_json(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        shape: type[T],
        tidy: Callable[[Any], Any] = lambda value: value,
    ) -> Flow[T]:
        """Send a request and return the validated JSON of the response, see :func:`decode_json`.

        Raises:
            HTTPError: The service refused the request.
            RequestException: No response was received, or it is not of that shape.
        """
        response = yield from self.send(operation, request)
        return decode_json(response, shape, operation, self.service, tidy)

    def submit(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        shape: type[T],
        tidy: Callable[[Any], Any] = lambda value: value,
    ) -> Flow[T]:
        """:meth:`get_json` for operations that may report a failure with a successful status.

        Raises:
            HTTPError: The service refused the request, or reported a failure; the message says why.
            RequestException: No response was received, or it is not of that shape.
        """
        response = yield from self.send(operation, request)

        def checked(value: Any) -> Any:
            # Before the shape is checked: a failure has none of the fields of a success.
            if isinstance(value, dict) and value.get("success") is False:
                raise rejected_error(response, operation, self.service)
            return tidy(value)

        return decode_json(response, shape, operation, self.service, checked)
