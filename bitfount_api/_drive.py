"""The drivers: the only place that does network I/O.

:func:`drive` and :func:`adrive` do what a flow asks for, one with threads, the other with tasks,
and turn whatever ``httpx`` raises into an error of ours. Both bound what they do by a deadline.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Protocol, cast

import attrs
import httpx

from bitfount_api._call import CREDENTIALS, Call, Flow, Pause, Step, T, Together, Work
from bitfount_api._content_encoding import Packed, check_size, encodings
from bitfount_api._deadlines import within
from bitfount_api._failures import translated
from bitfount_api.exceptions import RequestTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from bitfount_api._call import Audience, Body, Sink

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The largest answer that is read into memory, in bytes, unpacked. The largest that a service has
reason to send, a pod's schema, is a sixth of it."""

_BATCH_BYTES = 1024 * 1024
"""How much is gathered before a thread is woken to write it, in bytes."""


class Connection(Protocol):
    """What the drivers need of a session."""

    @property
    def timeout(self) -> float:
        """Seconds to wait for a connection, and between two bytes, where nothing else is said."""

    def client(self) -> httpx.Client:
        """The client for the calls of any thread."""

    def async_client(self) -> httpx.AsyncClient:
        """The client of the running event loop."""

    def credentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """Headers for that service; fresh ones if the current ones are those ``refused``."""

    async def acredentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """The same, without blocking the event loop."""


@attrs.frozen
class Timing:
    """How long a run may take, in seconds.

    Args:
        timeout: To connect, and between two bytes; None for the operation's own.
        deadline: Altogether, pauses and repetitions included; None for no bound.
    """

    timeout: float | None = None
    deadline: float | None = None


class _Scope:
    """What bounds a run: its deadline, and the failure of one that runs beside it."""

    def __init__(self, connection: Connection, timeout: float | None, end: float | None) -> None:
        self.connection = connection
        self.timeout = timeout
        self.end = end
        self.cancelled = threading.Event()

    @classmethod
    def of(cls, connection: Connection, timing: Timing | None) -> _Scope:
        if timing is None:
            return cls(connection, None, None)
        end = None if timing.deadline is None else time.monotonic() + timing.deadline
        return cls(connection, timing.timeout, end)

    def inner(self) -> _Scope:
        """A scope of the same bounds whose flows can be cancelled by themselves."""
        return _Scope(self.connection, self.timeout, self.end)

    def remaining(self) -> float | None:
        """Seconds until the deadline.

        Raises:
            RequestTimeout: There are none left.
        """
        if self.cancelled.is_set():
            raise _Cancelled
        if self.end is None:
            return None
        remaining = self.end - time.monotonic()
        if remaining <= 0:
            raise RequestTimeout("the time allowed for the whole operation is used up", sent=True)
        return remaining

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


class _Cancelled(BaseException):
    """A flow beside this one has failed. Never leaves this module."""


# --- Both ----------------------------------------------------------------------------------------


def _request_arguments(
    call: Call, credentials: Mapping[str, str] | None, scope: _Scope
) -> dict[str, Any]:
    arguments = dict(call.request)
    service_url = call.service.url
    if service_url:
        # The generated builders give a path. It is joined by hand because credentials must go to
        # this service alone, and joining as URLs do would let a path name another host.
        arguments["url"] = service_url + arguments["url"]
    headers = dict(arguments.get("headers") or {})
    if credentials:
        headers.update(credentials)
        arguments["extensions"] = {CREDENTIALS: credentials}
    if call.body is not None:
        headers.update(call.body.headers)
    arguments["headers"] = headers
    arguments["timeout"] = scope.timeouts(call)
    return arguments


class _Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's bytes, for as long as the deadline and the size allow."""

    def __init__(self, stream: Any, scope: _Scope, *, limit: int | None) -> None:
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


# --- Sync ----------------------------------------------------------------------------------------


def drive(flow: Flow[T], connection: Connection, timing: Timing | None = None) -> T:
    """Run a flow to its end in this thread.

    Raises:
        Exception: What the flow raises.
    """
    return _run(flow, _Scope.of(connection, timing))


def _run(flow: Flow[T], scope: _Scope) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = _perform(step, scope)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


def _perform(step: Step, scope: _Scope) -> Any:
    if isinstance(step, Call):
        return _send(step, scope)
    if isinstance(step, Pause):
        scope.cancelled.wait(scope.pause(step))
        scope.remaining()
        return None
    if isinstance(step, Work):
        return step.run()
    return _run_together(step, scope)


def _run_together(step: Together, scope: _Scope) -> list[Any]:
    inner = scope.inner()
    with ThreadPoolExecutor(step.limit, "bitfount-api") as pool:
        runs = [pool.submit(_run, flow, inner) for flow in step.flows]
        try:
            wait(runs, return_when=FIRST_EXCEPTION)
        finally:
            # On KeyboardInterrupt as well: the pool would otherwise wait for all of them.
            if not all(run.done() and run.exception() is None for run in runs):
                inner.cancelled.set()
                for run in runs:
                    run.cancel()
    return _results(runs, step.flows)


def _results(
    runs: Sequence[Future[Any] | asyncio.Task[Any]], flows: Sequence[Flow[Any]]
) -> list[Any]:
    """The results of flows that have all ended, or the first failure that is one."""
    for flow in flows:
        flow.close()
    failures = [error for run in runs if not run.cancelled() and (error := run.exception())]
    for error in failures:
        if not isinstance(error, _Cancelled):
            raise error
    if failures:
        raise failures[0]
    return [run.result() for run in runs]


def _send(call: Call, scope: _Scope) -> httpx.Response | None:
    connection = scope.connection
    audience = call.service.audience
    credentials = connection.credentials(audience, call.refused) if audience else None
    if call.refused is not None and credentials == call.refused:
        return None
    arguments = _request_arguments(call, credentials, scope)
    if call.body is not None:
        arguments["content"] = _watched(call.body, scope)
    client = connection.client()
    with within(scope.end), translated(call, client):
        request = client.build_request(**arguments)
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with closing(response):
            if call.sink is not None and call.sink.accept(response):
                response.stream = _Watched(response.stream, scope, limit=None)
                _pour(response, call.sink)
                return response
            response.stream = _Watched(response.stream, scope, limit=MAX_ANSWER_BYTES)
            if response.is_closed or not encodings(response):
                response.read()
            else:
                packed = Packed(response, MAX_ANSWER_BYTES)
                for chunk in response.iter_raw():
                    packed.feed(chunk)
                response = packed.end()
    return response


def _pour(response: httpx.Response, sink: Sink) -> None:
    whole = False
    try:
        # A transport that a user brings may have read the body already.
        for chunk in [response.content] if response.is_closed else response.iter_raw():
            sink.write(chunk)
        whole = True
    finally:
        sink.close(whole=whole)


def _watched(body: Body, scope: _Scope) -> Iterator[bytes]:
    for chunk in body.chunks():
        scope.remaining()
        yield chunk


# --- Async ---------------------------------------------------------------------------------------


async def adrive(flow: Flow[T], connection: Connection, timing: Timing | None = None) -> T:
    """Run a flow to its end in the running event loop, without ever blocking it.

    Raises:
        Exception: What the flow raises.
    """
    return await _arun(flow, _Scope.of(connection, timing))


async def _arun(flow: Flow[T], scope: _Scope) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = await _aperform(step, scope)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


async def _aperform(step: Step, scope: _Scope) -> Any:
    if isinstance(step, Pause):
        await asyncio.sleep(scope.pause(step))
        return None
    if isinstance(step, Work):
        return await _in_thread(step.run)
    if isinstance(step, Together):
        return await _arun_together(step, scope)
    remaining = scope.remaining()
    if remaining is None:
        return await _asend(step, scope)
    try:
        async with asyncio.timeout(remaining):
            return await _asend(step, scope)
    except TimeoutError:
        raise RequestTimeout(
            f"{step.operation.name}: the time allowed for the whole operation is used up",
            operation=step.operation.name,
        ) from None


async def _arun_together(step: Together, scope: _Scope) -> list[Any]:
    turn = asyncio.Semaphore(step.limit)

    async def in_turn(flow: Flow[Any]) -> Any:
        async with turn:
            return await _arun(flow, scope)

    runs = [asyncio.create_task(in_turn(flow)) for flow in step.flows]
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
    return _results(runs, step.flows)


async def _asend(call: Call, scope: _Scope) -> httpx.Response | None:
    connection = scope.connection
    audience = call.service.audience
    credentials = await connection.acredentials(audience, call.refused) if audience else None
    if call.refused is not None and credentials == call.refused:
        return None
    arguments = _request_arguments(call, credentials, scope)
    if call.body is not None:
        arguments["content"] = _achunks(call.body)
    client = connection.async_client()
    with translated(call, client):
        request = client.build_request(**arguments)
        response = await client.send(request, auth=None, follow_redirects=False, stream=True)
        async with aclosing(response):
            if call.sink is not None and await _in_thread(call.sink.accept, response):
                response.stream = _Watched(response.stream, scope, limit=None)
                await _apour(response, call.sink)
                return response
            response.stream = _Watched(response.stream, scope, limit=MAX_ANSWER_BYTES)
            if response.is_closed or not encodings(response):
                await response.aread()
            else:
                packed = Packed(response, MAX_ANSWER_BYTES)
                async for chunk in response.aiter_raw():
                    packed.feed(chunk)
                response = packed.end()
    return response


async def _apour(response: httpx.Response, sink: Sink) -> None:
    batch: list[bytes] = []
    size = 0
    whole = False

    async def write() -> None:
        nonlocal batch, size
        gathered, batch, size = b"".join(batch), [], 0
        if gathered:
            await _in_thread(sink.write, gathered)

    try:
        try:
            async for chunk in _araw(response):
                batch.append(chunk)
                size += len(chunk)
                if size >= _BATCH_BYTES:
                    await write()
        except Exception:
            # What has come of a body that broke off need not be asked for again.
            await write()
            raise
        await write()
        whole = True
    finally:
        await _in_thread(lambda: sink.close(whole=whole))


async def _araw(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_closed:  # as in _pour
        yield response.content
    else:
        async for chunk in response.aiter_raw():
            yield chunk


async def _achunks(body: Body) -> AsyncIterator[bytes]:
    chunks = await _in_thread(body.chunks)
    while chunk := await _in_thread(next, chunks, b""):
        yield chunk


async def _in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run in a thread what blocks, and stay until it is done even when cancelled meanwhile.

    A file must not be closed, or taken away, while a thread still writes to it.
    """
    run = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(run)
    except asyncio.CancelledError:
        while not run.done():
            try:
                await asyncio.wait([run])
            except asyncio.CancelledError:
                continue
        raise
