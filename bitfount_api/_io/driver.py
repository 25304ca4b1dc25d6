"""Code shared by the two drivers: connection protocols, time limits and reading of bodies."""

from __future__ import annotations

import copy
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from bitfount_api import config
from bitfount_api._core.redaction import strip_query
from bitfount_api._core.responses import request_id_of
from bitfount_api._internal.logs import get_logger
from bitfount_api._io.deadlines import Cancellation, Cancelled, Limits
from bitfount_api.exceptions import BitfountError, RequestException, RequestTimeout

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from bitfount_api._core.effects import Audience, Flow, GetCredentials, Send, Service, Sleep
    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
    from bitfount_api._internal.operation import Operation
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.attempt import Attempt

_FRESH_SECONDS = 30.0
"""The time for which a run uses the credentials that it got, without asking for them again."""

_logger = get_logger("bitfount_api.http")


class SyncConnection(Protocol):
    """A connection for one call of a thread."""

    def exchange(
        self, request: HTTPRequest, body: Iterable[bytes] | None
    ) -> AbstractContextManager[tuple[HTTPResponse, Iterable[bytes]]]:
        """Send a request, and return the response with the chunks of its raw body.

        Args:
            request: The request.
            body: The streamed body; None to send the request's content.
        """
        ...


class AsyncConnection(Protocol):
    """A connection for one call of a task."""

    def exchange(
        self, request: HTTPRequest, body: AsyncIterable[bytes] | None
    ) -> AbstractAsyncContextManager[tuple[HTTPResponse, AsyncIterable[bytes]]]:
        """:meth:`SyncConnection.exchange` for event loops."""
        ...


class Connections(Protocol):
    """The connections that the drivers send requests over."""

    @property
    def timeout(self) -> float:
        """Default timeout in seconds, to connect and between two bytes."""
        ...

    @property
    def user_agent(self) -> str:
        """Value of the ``user-agent`` header."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the connections are closed, so that no more calls can be made."""
        ...

    def proxy_for(self, origin: Origin) -> str | None:
        """Return the URL of the proxy for an origin, without user name and password."""
        ...

    def check_encrypted(self, service: Service) -> None:
        """Check that nobody else on the network can read the secrets sent to a service.

        Raises:
            ValueError: Others could, and the settings do not allow it.
        """
        ...

    def lease(self, origin: Origin, attempt: Attempt) -> AbstractContextManager[SyncConnection]:
        """Return a context manager with a connection for one call of this thread."""
        ...

    def alease(
        self, origin: Origin, attempt: Attempt
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """:meth:`lease` for the running event loop."""
        ...


class Credentials(Protocol):
    """The source of the credentials that the drivers pass to flows."""

    @property
    def usable(self) -> bool:
        """Whether the current credentials count as valid, so that the next call gets them, too."""
        ...

    def headers(
        self,
        audience: Audience,
        refused: Mapping[str, str] | None,
        seconds: float | None = None,
    ) -> Mapping[str, str]:
        """Return the headers for a service; new ones if the current ones were ``refused``.

        Args:
            audience: Which credentials to get.
            refused: The credentials that a service has just refused.
            seconds: The maximum number of seconds to wait; None for no limit.

        Raises:
            AuthenticationError: No credentials are available.
            TimeoutError: They were not available in time.
        """
        ...

    async def aheaders(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """:meth:`headers` without blocking the event loop."""
        ...


@attrs.frozen
class Timing:
    """Time limits of a run, in seconds.

    Args:
        timeout: Timeout to connect and between two bytes; None for the operation's own.
        deadline: Maximum duration of the whole run, with pauses and retries; None for the default.
        connect: Timeout to connect; None for ``timeout``.
    """

    timeout: float | None = None
    deadline: float | None = None
    connect: float | None = None


class CallContext:
    """The context of a run: its connections, credentials, timeout, deadline and cancellation.

    Args:
        connections: The connections to send requests over.
        credentials: The source of credentials; None for flows that need none.
        timing: The time limits; None for flows that set their own.
    """

    def __init__(
        self, connections: Connections, credentials: Credentials | None, timing: Timing | None
    ) -> None:
        self.connections = connections
        self.credentials = credentials
        self.timeout = None if timing is None else timing.timeout
        self.connect_timeout = None if timing is None else timing.connect
        # By their audience: the credentials that the run has, and when it got them.
        self._fresh: dict[Audience, tuple[float, Mapping[str, str]]] = {}
        self._has_default_deadline = timing is not None and timing.deadline is None
        end = None
        if timing is not None and timing.deadline is not None:
            end = time.monotonic() + timing.deadline
        self.limits = Limits(end)

    def start(self, operation: Operation) -> None:
        """Start the default deadline with the first request; a transfer of a file ends it."""
        if self._has_default_deadline:
            if operation.transfers_file:
                self._has_default_deadline = False
                self.limits = Limits(None, self.limits.cancellation)
            elif self.limits.end is None:
                end = time.monotonic() + config.DEFAULT_DEADLINE
                self.limits = Limits(end, self.limits.cancellation)

    def credentials_for_flow(self) -> Credentials:
        """Return the source of credentials for a flow that asks for them."""
        assert self.credentials is not None  # noqa: S101 - only authentication runs without it
        return self.credentials

    def remaining_for_authentication(self) -> float | None:
        """Return the number of seconds until the caller's deadline; None for no deadline.

        The default deadline does not apply: a user may take minutes to log in.
        """
        left = self.remaining()
        return None if self._has_default_deadline else left

    def fresh_credentials(self, step: GetCredentials) -> Mapping[str, str] | None:
        """Return the credentials that the run has just got, so that it does not get them twice.

        A handler may count even a new token as expired, if it is valid for a short time.
        """
        got_at, headers = self._fresh.get(step.audience, (0.0, None))
        if step.refused is not None or time.monotonic() - got_at > _FRESH_SECONDS:
            return None
        return headers

    def authenticated(self, step: GetCredentials, headers: Mapping[str, str]) -> None:
        """Keep credentials that count as expired, and start the default deadline again if begun."""
        self._fresh.pop(step.audience, None)
        if not self.credentials_for_flow().usable:
            self._fresh[step.audience] = time.monotonic(), headers
        if self._has_default_deadline and self.limits.end is not None:
            self.limits = Limits(
                time.monotonic() + config.DEFAULT_DEADLINE, self.limits.cancellation
            )

    def inner(self, cancellation: Cancellation) -> CallContext:
        """Return a context with the same deadline, for flows that can be cancelled."""
        inner = copy.copy(self)
        inner.limits = Limits(self.limits.end, cancellation)
        return inner

    def wait(self, seconds: float) -> None:
        """Wait for the given number of seconds, or until the flow is cancelled."""
        if self.limits.cancellation is None:
            time.sleep(seconds)
        else:
            self.limits.cancellation.wait(seconds)
        self.remaining()

    def raise_if_cancelled(self) -> None:
        """Raise if the flow has been cancelled.

        Raises:
            Cancelled: If the flow has been cancelled.
        """
        if self.limits.cancellation is not None:
            self.limits.cancellation.raise_if_cancelled()

    def remaining(self) -> float | None:
        """Return the number of seconds until the deadline; None for no deadline.

        Raises:
            RequestTimeout: If the deadline has passed.
        """
        self.raise_if_cancelled()
        return self.limits.remaining(None, partial(RequestTimeout, sent=True))

    def timeout_for(self, call: Send) -> float:
        """Return the timeout of a call in seconds, to connect and between two bytes."""
        seconds = self.timeout or call.operation.timeout or self.connections.timeout
        remaining = self.remaining()
        return seconds if remaining is None else min(seconds, remaining)

    def checked_pause(self, pause: Sleep) -> float:
        """Return the number of seconds to wait.

        Raises:
            RequestTimeout: If the deadline would pass during the wait, which would be useless.
        """
        remaining = self.remaining()
        if remaining is not None and pause.seconds >= remaining:
            raise RequestTimeout(
                "the time allowed for the whole operation would pass while waiting"
            )
        return pause.seconds


def check_encrypted(call: Send, connections: Connections) -> None:
    """Check that nobody else on the network can read the secrets in the body of a request.

    Raises:
        RequestException: Others could, and the settings do not allow it.
    """
    if call.service.secret_bodies:
        try:
            connections.check_encrypted(call.service)
        except ValueError as error:
            name = call.operation.name
            raise RequestException(f"{name}: {error}", operation=name, sent=False) from None


def authentication_timeout() -> RequestTimeout:
    """Return the error for credentials that were not available before the deadline."""
    return RequestTimeout(
        "authentication: the time allowed for the whole operation is used up",
        operation="authentication",
        sent=False,
    )


def report(call: Send, response: HTTPResponse, attempt: Attempt) -> HTTPResponse:
    """Log one line for a response that was read to its end, and tell the hooks of the call.

    Returns:
        The response, with its attempt and its duration.
    """
    response.attempt = call.attempt
    response.elapsed = time.monotonic() - attempt.started
    logs = _logger.isEnabledFor(logging.DEBUG)
    if not logs and not call.hooks.on_response:
        return response
    sent, request_id = response.sent, request_id_of(response)
    where = strip_query(sent.url)
    if logs:
        _logger.debug(
            "%s: %s %s answered %d in %.0f ms%s%s",
            call.operation.name, sent.method, where, response.status_code,
            response.elapsed * 1000,
            f", attempt {call.attempt}" if call.attempt > 1 else "",
            f", request id {request_id}" if request_id else "",
        )  # fmt: skip
    if call.hooks.on_response:
        from bitfount_api.events import ResponseEvent  # most programs need none

        call.hooks.response(
            ResponseEvent(
                call.operation.name, call.service.name, sent.method, where, response.status_code,
                dict(response.to_httpx(with_query=False).headers), request_id, call.attempt,
                response.elapsed,
            )
        )  # fmt: skip
    return response


def may_be_bug(error: BaseException) -> bool:
    """Whether the traceback of an exception that leaves a driver should show where it was raised.

    The text of this library's errors says so, and a cancellation or a signal may come at any place.
    """
    return isinstance(error, Exception) and not isinstance(error, BitfountError)


def collect_results(
    runs: Sequence[Future[Any] | asyncio.Task[Any]], flows: Sequence[Flow[Any]]
) -> list[Any]:
    """Return the results of flows that have ended, or raise the first failure.

    :class:`Cancelled` is raised only if there is no other failure.
    """
    for flow in flows:
        flow.close()
    failures = [error for run in runs if not run.cancelled() and (error := run.exception())]
    for error in failures:
        if not isinstance(error, Cancelled):
            raise error
    if failures:
        raise failures[0]
    return [run.result() for run in runs]
