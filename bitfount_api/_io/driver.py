"""Code shared by the two drivers: connection protocol, deadlines and request arguments."""

from __future__ import annotations

import copy
import time
from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import httpx

from bitfount_api._core.redaction import SecretDict
from bitfount_api._io.deadlines import Cancellation, Cancelled, Limits
from bitfount_api._io.decoders import check_size
from bitfount_api.exceptions import RequestTimeout

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from bitfount_api._core.effects import Audience, Flow, Operation, Send, Sleep

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""The maximum decompressed size of a response that is read into memory, in bytes. The largest
expected response, a pod's schema, is a sixth of it."""


class Connections(Protocol):
    """The connections that the drivers send requests over."""

    @property
    def timeout(self) -> float:
        """Default timeout in seconds, to connect and between two bytes."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the connections are closed, so that no more calls can be made."""
        ...

    def lease(self, seconds: float) -> AbstractContextManager[httpx.Client]:
        """Return a context manager with the client for one call of this thread.

        Args:
            seconds: The maximum number of seconds to wait, if too many calls are in progress.
        """
        ...

    def alease(self, seconds: float) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """:meth:`lease` for the running event loop."""
        ...


class Credentials(Protocol):
    """The source of the credentials that the drivers pass to flows."""

    def headers(self, audience: Audience, refused: Mapping[str, str] | None) -> Mapping[str, str]:
        """Return the headers for a service; new ones if the current ones were ``refused``."""
        ...

    async def aheaders(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """:meth:`headers` without blocking the event loop."""
        ...


DEFAULT_DEADLINE = 180.0
"""Seconds for a whole call, from its first request, retries included. File transfers have no
default deadline: they are limited by the time between two bytes."""


@attrs.frozen
class Timing:
    """Time limits of a run, in seconds.

    Args:
        timeout: Timeout to connect and between two bytes; None for the operation's own.
        deadline: Maximum duration of the whole run, with pauses and retries; None for the default.
    """

    timeout: float | None = None
    deadline: float | None = None


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
                end = time.monotonic() + DEFAULT_DEADLINE
                self.limits = Limits(end, self.limits.cancellation)

    def credentials_for_flow(self) -> Credentials:
        """Return the source of credentials for a flow that asks for them."""
        assert self.credentials is not None  # noqa: S101 - only authentication runs without it
        return self.credentials

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


def request_arguments(call: Send, context: CallContext) -> dict[str, Any]:
    """Return the arguments for httpx's ``build_request``."""
    arguments = SecretDict(call.request)
    service_url = call.service.url
    if service_url:
        # The generated builders return a path. It is appended as text: credentials must go to this
        # service only, and by the rules for joining URLs a path could name another host.
        arguments["url"] = service_url + arguments["url"]
    headers = SecretDict(arguments.get("headers") or {})
    if call.credentials:
        headers.update(call.credentials)
    if call.body is not None:
        headers.update(call.body.headers)
    arguments["headers"] = headers
    arguments["timeout"] = context.timeout_for(call)
    return arguments


def open_body(call: Send) -> AbstractContextManager[Generator[bytes] | None]:
    """Return the chunks of a call's body, or None; the iterator is closed after the block.

    If the garbage collector closed it, a file would stay open as long as a traceback refers to it.
    """
    return nullcontext() if call.body is None else closing(call.body.chunks())


class LimitedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A response stream that enforces the deadline and a maximum size."""

    def __init__(self, stream: Any, context: CallContext, *, limit: int | None) -> None:
        self._stream = stream
        self._context = context
        self._limit = limit
        self._size = 0

    def _pass(self, chunk: bytes) -> bytes:
        self._context.remaining()
        self._size += len(chunk)
        if self._limit is not None:
            check_size(self._size, self._limit)
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield self._pass(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield self._pass(chunk)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


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
