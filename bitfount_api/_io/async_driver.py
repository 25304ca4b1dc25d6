"""The async driver, the counterpart of :mod:`bitfount_api._io.sync_driver`.

A separate module, so that sync callers do not wait for asyncio to be imported.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from bitfount_api._core.effects import (
    Effect,
    Flow,
    Gather,
    GetCredentials,
    RunInThread,
    Send,
    Sleep,
    T,
)
from bitfount_api._internal.tracebacks import strip_tracebacks
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.bodies import BodyLength, BodyReader, open_body
from bitfount_api._io.decoders import MAX_INLINE_BYTES
from bitfount_api._io.driver import (
    CallContext,
    authentication_timeout,
    check_encrypted,
    collect_results,
    may_be_bug,
    report,
)
from bitfount_api._io.errors import map_exceptions
from bitfount_api._io.requests import build
from bitfount_api.exceptions import RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from bitfount_api._core.effects import Sink
    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
    from bitfount_api._io.driver import Connections, Credentials, Timing

_MAX_THREADS = 32
"""The number of threads that read, write, hash and decode for the event loops of a process."""

_BATCH_BYTES = 1024 * 1024
"""The number of bytes to collect before a thread writes them."""


def require_asyncio() -> None:
    """Check that the caller is a task of an asyncio event loop.

    Connections are asyncio's transports, and files are read in its threads.

    Raises:
        RuntimeError: The caller is not, such as under trio.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        raise RuntimeError(
            "async clients and sessions work with asyncio only, and this is no task of an asyncio "
            "event loop; under trio, use sync clients: await trio.to_thread.run_sync(hub.get_pod)"
        )


async def run_async(
    flow: Flow[T],
    connections: Connections,
    credentials: Credentials | None = None,
    timing: Timing | None = None,
) -> T:
    """Run a flow to its end in the running event loop without blocking the loop.

    Args:
        flow: The flow.
        connections: The connections to send requests over.
        credentials: The source of credentials; None for flows that need none.
        timing: The time limits; None for flows that set their own.

    Raises:
        RuntimeError: If it is not called by a task of an asyncio event loop.
        Exception: If the flow raises it.
    """
    require_asyncio()
    handled = sys.exception()
    try:
        return await _run(flow, CallContext(connections, credentials, timing))
    except BaseException as error:
        # Also a cancellation, or an exception of a signal handler.
        strip_tracebacks(error, handled, keep_places=may_be_bug(error))
        raise


async def _run(flow: Flow[T], context: CallContext) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = await _perform(step, context)
                except Exception as error:  # noqa: BLE001 - thrown into the flow, which decides
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


async def _perform(step: Effect, context: CallContext) -> Any:
    if isinstance(step, Sleep):
        await asyncio.sleep(context.checked_pause(step))
        return None
    if isinstance(step, RunInThread):
        return await (_in_left_thread if step.endless else _in_thread)(step.run)
    if isinstance(step, Gather):
        return await _run_gather(step, context)
    if isinstance(step, GetCredentials):
        return await _get_credentials(step, context)
    context.start(step.operation)
    return await _send(step, context)


async def _get_credentials(step: GetCredentials, context: CallContext) -> Mapping[str, str]:
    if (fresh := context.fresh_credentials(step)) is not None:
        return fresh
    seconds = context.remaining_for_authentication()
    work = context.credentials_for_flow().aheaders(step.audience, step.refused)
    if seconds is None:
        headers = await work
    else:
        try:
            async with asyncio.timeout(seconds):
                headers = await work
        except TimeoutError:
            raise authentication_timeout() from None
    context.authenticated(step, headers)
    return headers


async def _run_gather(step: Gather, context: CallContext) -> list[Any]:
    turn = asyncio.Semaphore(step.limit)

    async def in_turn(flow: Flow[Any]) -> Any:
        async with turn:
            return await _run(flow, context)

    runs = [asyncio.create_task(in_turn(flow)) for flow in step.flows]
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
    return collect_results(runs, step.flows)


async def _send(call: Send, context: CallContext) -> HTTPResponse:
    check_encrypted(call, context.connections)
    attempt = Attempt(context.limits, context.timeout_for(call), context.connect_timeout)
    request = build(call, context.connections.user_agent)
    attempt.streams_body = call.body is not None or request.stream is not None
    with map_exceptions(call, request, attempt, context.connections), open_body(call) as chunks:
        body = _body(request, chunks)
        timer = asyncio.timeout(context.remaining())
        try:
            async with timer:
                response = await _exchange(call, request, body, attempt, context)
        except TimeoutError:
            if not timer.expired():
                raise  # the user's body raised it
            raise RequestTimeout(
                f"{call.operation.name}: the time allowed for the whole operation is used up",
                operation=call.operation.name,
                sent=attempt.sent,
            ) from None
        finally:
            if body is not None:
                await body.aclose()
    # The hooks are told when the connection is free again, since they may make calls.
    return report(call, response, attempt)


async def _exchange(
    call: Send,
    request: HTTPRequest,
    body: _Body | None,
    attempt: Attempt,
    context: CallContext,
) -> HTTPResponse:
    async with (
        context.connections.alease(request.origin, attempt) as connection,
        connection.exchange(request, body) as (response, received),
    ):
        if call.sink is not None and await _in_thread(call.sink.accept, response):
            await _write_to_sink(received, call.sink, context)
            return response
        reader = BodyReader(response, context)
        async for chunk in received:
            if reader.decodes and len(chunk) > MAX_INLINE_BYTES:
                await _in_thread(reader.feed, chunk)
            else:
                reader.feed(chunk)
        return reader.end()


def _body(request: HTTPRequest, chunks: Iterator[bytes] | None) -> _Body | None:
    """Return the streamed body, if there is one."""
    if chunks is not None:
        return _Body(request, chunks, _in_thread)
    return None if request.stream is None else _Body(request, request.stream, _in_left_thread)


class _Body:
    """A streamed body, with checks of its length. A thread reads files.

    Not a generator: those that are not read to their end are closed by a task of their own, which
    outlives the call.
    """

    def __init__(
        self,
        request: HTTPRequest,
        chunks: Iterable[bytes] | AsyncIterable[bytes],
        run: Callable[..., Awaitable[bytes | None]],
    ) -> None:
        self._run = run
        self._length = BodyLength(request)
        self._chunks: AsyncIterator[bytes] | Iterator[bytes] = (
            aiter(chunks) if isinstance(chunks, AsyncIterable) else iter(chunks)
        )

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        chunks = self._chunks
        chunk: bytes | None
        if isinstance(chunks, AsyncIterator):
            chunk = await anext(chunks, None)
        else:
            chunk = await self._run(next, chunks, None)
        if chunk is None:
            self._length.end()
            raise StopAsyncIteration
        return self._length.take(chunk)

    async def aclose(self) -> None:
        """Close an async generator, of the user or of httpx."""
        if isinstance(self._chunks, AsyncGenerator):
            await self._chunks.aclose()


async def _write_to_sink(received: AsyncIterable[bytes], sink: Sink, context: CallContext) -> None:
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
            async for chunk in received:
                context.remaining()
                batch.append(chunk)
                size += len(chunk)
                if size >= _BATCH_BYTES:
                    await write()
        except Exception:
            # Keep the bytes received before the body broke off, so that they are not requested
            # again.
            await write()
            raise
        await write()
        whole = True
    finally:
        await _in_thread(lambda: sink.close(whole=whole))


async def _in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a blocking function in a thread, and wait for its end even if cancelled.

    A file must not be closed or deleted while a thread still writes to it. A function that has not
    begun when the call is cancelled never runs.
    """
    # Not the event loop's own threads: the program may keep them busy for long.
    work = _submit(function, *args)
    run = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(run)
    except asyncio.CancelledError:
        work.cancel()
        while not run.done():
            try:
                await asyncio.wait([run])
            except asyncio.CancelledError:
                continue
        if not run.cancelled():
            run.exception()  # the cancellation counts; without this, asyncio logs the exception
        raise


async def _in_left_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a blocking function that may block for ever, such as one of the user's, in a thread.

    If the call is cancelled, the thread is left behind.
    """
    return await asyncio.wrap_future(_submit(function, *args))


def _submit(function: Callable[..., T], *args: Any) -> Future[T]:
    return _threads(os.getpid()).submit(contextvars.copy_context().run, function, *args)


@cache
def _threads(process: int) -> ThreadPoolExecutor:
    """Return the threads of this process: those of the one that forked it do not run here."""
    del process
    return ThreadPoolExecutor(_MAX_THREADS, "api-worker")
