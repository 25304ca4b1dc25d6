"""What the drivers have in common: what they need, what bounds them, what they send."""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import httpx

from bitfount_api._call import CREDENTIALS, Call, Flow, Pause
from bitfount_api._discretion import Hidden
from bitfount_api._network.bounds import Bounds, Cancellation, Cancelled
from bitfount_api._network.content_encoding import check_size
from bitfount_api.exceptions import RequestTimeout

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from bitfount_api._call import Audience

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The largest answer that is read into memory, in bytes, unpacked. The largest that a service has
reason to send, a pod's schema, is a sixth of it."""


class Connection(Protocol):
    """What the drivers need of a session."""

    @property
    def timeout(self) -> float:
        """Seconds to wait for a connection, and between two bytes, where nothing else is said."""

    @property
    def closed(self) -> bool:
        """Whether no more calls can be made."""

    def client(self, turn: int) -> httpx.Client:
        """The client for a call that has this turn."""

    def async_client(self, turn: int) -> httpx.AsyncClient:
        """The same for a call of the running event loop."""

    def credentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """Headers for that service; fresh ones if the current ones are those ``refused``."""

    async def acredentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """The same, without blocking the event loop."""

    def turn(self, seconds: float) -> AbstractContextManager[int]:
        """Waits, for so long at most, until a call may begin; gives it a number for the time."""

    def aturn(self, seconds: float) -> AbstractAsyncContextManager[int]:
        """The same in the running event loop."""


@attrs.frozen
class Timing:
    """How long a run may take, in seconds.

    Args:
        timeout: To connect, and between two bytes; None for the operation's own.
        deadline: Altogether, pauses and repetitions included; None for no bound.
    """

    timeout: float | None = None
    deadline: float | None = None


class Scope:
    """What bounds a run: its deadline, and the failure of one that runs beside it."""

    def __init__(self, connection: Connection, timeout: float | None, bounds: Bounds) -> None:
        self.connection = connection
        self.timeout = timeout
        self.bounds = bounds

    @classmethod
    def of(cls, connection: Connection, timing: Timing | None) -> Scope:
        if timing is None:
            return cls(connection, None, Bounds())
        end = None if timing.deadline is None else time.monotonic() + timing.deadline
        return cls(connection, timing.timeout, Bounds(end))

    def inner(self, cancellation: Cancellation) -> Scope:
        """A scope of the same bounds whose flows can be cancelled."""
        return Scope(self.connection, self.timeout, Bounds(self.bounds.end, cancellation))

    def wait(self, seconds: float) -> None:
        """Wait, or end when the flow is cancelled meanwhile."""
        if self.bounds.cancellation is None:
            time.sleep(seconds)
        else:
            self.bounds.cancellation.wait(seconds)
        self.remaining()

    def go_on(self) -> None:
        """Go on, if the flow has not been cancelled.

        Raises:
            Cancelled: It has.
        """
        if self.bounds.cancellation is not None:
            self.bounds.cancellation.check()

    def remaining(self) -> float | None:
        """Seconds until the deadline.

        Raises:
            RequestTimeout: There are none left.
        """
        self.go_on()
        return self.bounds.left(None, partial(RequestTimeout, sent=True))

    def timeouts(self, call: Call) -> float:
        """Seconds to connect, and between two bytes of this call."""
        seconds = self.timeout or call.operation.timeout or self.connection.timeout
        remaining = self.remaining()
        return seconds if remaining is None else min(seconds, remaining)

    def pause(self, pause: Pause) -> float:
        """Seconds to wait.

        Raises:
            RequestTimeout: The deadline would pass meanwhile: waiting for that helps nobody.
        """
        remaining = self.remaining()
        if remaining is not None and pause.seconds >= remaining:
            raise RequestTimeout("the time allowed for the whole operation would pass in waiting")
        return pause.seconds


def request_arguments(
    call: Call, credentials: Mapping[str, str] | None, scope: Scope
) -> dict[str, Any]:
    arguments = Hidden(call.request)
    service_url = call.service.url
    if service_url:
        # The generated builders give a path. It is joined by hand because credentials must go to
        # this service alone, and joining as URLs do would let a path name another host.
        arguments["url"] = service_url + arguments["url"]
    headers = Hidden(arguments.get("headers") or {})
    if credentials:
        headers.update(credentials)
        arguments["extensions"] = {CREDENTIALS: credentials}
    if call.body is not None:
        headers.update(call.body.headers)
    arguments["headers"] = headers
    arguments["timeout"] = scope.timeouts(call)
    return arguments


def opened(call: Call) -> AbstractContextManager[Generator[bytes] | None]:
    """The chunks of a call's body, if it has one; closed in the end, wherever that comes.

    Left to the garbage collector, a file would stay open for as long as the error is looked at.
    """
    return nullcontext() if call.body is None else closing(call.body.chunks())


class Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's bytes, for as long as the deadline and the size allow."""

    def __init__(self, stream: Any, scope: Scope, *, limit: int | None) -> None:
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


def results(
    runs: Sequence[Future[Any] | asyncio.Task[Any]], flows: Sequence[Flow[Any]]
) -> list[Any]:
    """The results of flows that have all ended, or the first failure that is one."""
    for flow in flows:
        flow.close()
    failures = [error for run in runs if not run.cancelled() and (error := run.exception())]
    for error in failures:
        if not isinstance(error, Cancelled):
            raise error
    if failures:
        raise failures[0]
    return [run.result() for run in runs]
