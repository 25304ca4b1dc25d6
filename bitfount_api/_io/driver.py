"""Code shared by the two drivers: connection protocol, deadlines and request arguments."""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import httpx

from bitfount_api._core.effects import CREDENTIALS, Flow, Send, Sleep
from bitfount_api._core.redaction import SecretDict
from bitfount_api._io.deadlines import Cancellation, Cancelled, Limits
from bitfount_api._io.decoders import check_size
from bitfount_api.exceptions import RequestTimeout

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from bitfount_api._core.effects import Audience

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""The maximum decompressed size of a response that is read into memory, in bytes. The largest
expected response, a pod's schema, is a sixth of it."""


class Connection(Protocol):
    """The part of a session that the drivers use."""

    @property
    def timeout(self) -> float:
        """Default timeout in seconds, to connect and between two bytes."""

    @property
    def closed(self) -> bool:
        """Whether the session is closed, so that no more calls can be made."""

    def client(self, turn: int) -> httpx.Client:
        """Return the client for the call with this turn in a thread."""

    def async_client(self, turn: int) -> httpx.AsyncClient:
        """Return the client for the call with this turn in the running event loop."""

    def credentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """Return the headers for a service; new ones if the current ones were ``refused``."""

    async def acredentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """Return the headers for a service without blocking the event loop."""

    def turn(self, seconds: float) -> AbstractContextManager[int]:
        """Wait at most ``seconds`` until a call may begin, and hold its number for the block."""

    def aturn(self, seconds: float) -> AbstractAsyncContextManager[int]:
        """Do the same as :meth:`turn` in the running event loop."""


DEFAULT_DEADLINE = 180.0
"""Seconds for a whole call, retries included. File transfers have no default deadline: they are
limited by the time between two bytes."""


@attrs.frozen
class Timing:
    """Time limits of a run, in seconds.

    Args:
        timeout: Timeout to connect and between two bytes; None for the operation's own.
        deadline: Maximum duration of the whole run, with pauses and retries; None for no limit.
    """

    timeout: float | None = None
    deadline: float | None = None

    def with_default_deadline(self) -> Timing:
        """Return these limits with the default deadline, unless there is a deadline."""
        return self if self.deadline is not None else Timing(self.timeout, DEFAULT_DEADLINE)


class CallContext:
    """The context of a run: its connection, its timeout, its deadline and its cancellation."""

    def __init__(self, connection: Connection, timeout: float | None, bounds: Limits) -> None:
        self.connection = connection
        self.timeout = timeout
        self.bounds = bounds

    @classmethod
    def start(cls, connection: Connection, timing: Timing | None) -> CallContext:
        if timing is None:
            return cls(connection, None, Limits())
        end = None if timing.deadline is None else time.monotonic() + timing.deadline
        return cls(connection, timing.timeout, Limits(end))

    def inner(self, cancellation: Cancellation) -> CallContext:
        """Return a scope with the same deadline, for flows that can be cancelled."""
        return CallContext(self.connection, self.timeout, Limits(self.bounds.end, cancellation))

    def wait(self, seconds: float) -> None:
        """Wait for the given number of seconds, or until the flow is cancelled."""
        if self.bounds.cancellation is None:
            time.sleep(seconds)
        else:
            self.bounds.cancellation.wait(seconds)
        self.remaining()

    def raise_if_cancelled(self) -> None:
        """Raise if the flow has been cancelled.

        Raises:
            Cancelled: If the flow has been cancelled.
        """
        if self.bounds.cancellation is not None:
            self.bounds.cancellation.raise_if_cancelled()

    def remaining(self) -> float | None:
        """Return the number of seconds until the deadline; None for no deadline.

        Raises:
            RequestTimeout: If the deadline has passed.
        """
        self.raise_if_cancelled()
        return self.bounds.remaining(None, partial(RequestTimeout, sent=True))

    def timeout_for(self, call: Send) -> float:
        """Return the timeout of a call in seconds, to connect and between two bytes."""
        seconds = self.timeout or call.operation.timeout or self.connection.timeout
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


def request_arguments(
    call: Send, credentials: Mapping[str, str] | None, scope: CallContext
) -> dict[str, Any]:
    arguments = SecretDict(call.request)
    service_url = call.service.url
    if service_url:
        # The generated builders return a path. It is appended as text: credentials must go to this
        # service only, and by the rules for joining URLs a path could name another host.
        arguments["url"] = service_url + arguments["url"]
    headers = SecretDict(arguments.get("headers") or {})
    if credentials:
        headers.update(credentials)
        arguments["extensions"] = {CREDENTIALS: credentials}
    if call.body is not None:
        headers.update(call.body.headers)
    arguments["headers"] = headers
    arguments["timeout"] = scope.timeout_for(call)
    return arguments


def open_body(call: Send) -> AbstractContextManager[Generator[bytes] | None]:
    """Return the chunks of a call's body, or None; the iterator is closed after the block.

    If the garbage collector closed it, a file would stay open as long as a traceback refers to it.
    """
    return nullcontext() if call.body is None else closing(call.body.chunks())


class LimitedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A response stream that enforces the deadline and a maximum size."""

    def __init__(self, stream: Any, scope: CallContext, *, limit: int | None) -> None:
        self._stream = stream
        self._scope = scope
        self._limit = limit
        self._size = 0

    def _pass(self, chunk: bytes) -> bytes:
        self._scope.remaining()
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
