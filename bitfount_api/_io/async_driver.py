"""The async driver, the counterpart of :mod:`bitfount_api._io.sync_driver`.

A separate module, so that sync callers do not wait for asyncio to be imported.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
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
from bitfount_api._core.redaction import strip_tracebacks
from bitfount_api._io.decoders import BoundedDecoder, content_encodings
from bitfount_api._io.driver import (
    MAX_RESPONSE_BYTES,
    CallContext,
    LimitedStream,
    collect_results,
    open_body,
    request_arguments,
)
from bitfount_api._io.errors import map_exceptions
from bitfount_api.exceptions import BitfountError, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    import httpx

    from bitfount_api._core.effects import Sink
    from bitfount_api._io.driver import Connections, Credentials, Timing

_BATCH_BYTES = 1024 * 1024
"""The number of bytes to collect before a thread writes them."""


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
        Exception: If the flow raises it.
    """
    try:
        return await _run(flow, CallContext(connections, credentials, timing))
    except BitfountError as error:
        strip_tracebacks(error)
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
        return await _in_thread(step.run)
    if isinstance(step, Gather):
        return await _run_gather(step, context)
    if isinstance(step, GetCredentials):
        work = context.credentials_for_flow().aheaders(step.audience, step.refused)
        return await _before_deadline(work, context, "authentication")
    context.start(step.operation)
    return await _before_deadline(_send(step, context), context, step.operation.name)


async def _before_deadline(work: Coroutine[Any, Any, T], context: CallContext, what: str) -> T:
    try:
        remaining = context.remaining()
        if remaining is None:
            return await work
        async with asyncio.timeout(remaining):
            return await work
    except TimeoutError:
        raise RequestTimeout(
            f"{what}: the time allowed for the whole operation is used up", operation=what
        ) from None
    finally:
        work.close()  # if the deadline had passed before


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


async def _send(call: Send, context: CallContext) -> httpx.Response:
    arguments = request_arguments(call, context)
    connections = context.connections
    with map_exceptions(call, connections), open_body(call) as chunks:
        if chunks is not None:
            arguments["content"] = _body_chunks(chunks)
        async with connections.alease(arguments["timeout"]) as client:
            request = client.build_request(**arguments)
            response = await client.send(request, auth=None, follow_redirects=False, stream=True)
            async with aclosing(response):
                return await _read_response(response, call, context)


async def _read_response(
    response: httpx.Response, call: Send, context: CallContext
) -> httpx.Response:
    """Return the response after reading its body into memory or into the sink."""
    if call.sink is not None and await _in_thread(call.sink.accept, response):
        response.stream = LimitedStream(response.stream, context, limit=None)
        await _write_to_sink(response, call.sink)
        return response
    response.stream = LimitedStream(response.stream, context, limit=MAX_RESPONSE_BYTES)
    if response.is_closed or not content_encodings(response):
        await response.aread()
        return response
    packed = BoundedDecoder(response, MAX_RESPONSE_BYTES)
    async for chunk in response.aiter_raw():
        packed.feed(chunk)
    return packed.end()


async def _write_to_sink(response: httpx.Response, sink: Sink) -> None:
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
            async for chunk in _raw_chunks(response):
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


async def _raw_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_closed:  # read already, by a custom transport
        yield response.content
    else:
        async for chunk in response.aiter_raw():
            yield chunk


async def _body_chunks(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await _in_thread(lambda: next(chunks, b"")):
        yield chunk


async def _in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a blocking function in a thread, and wait for its end even if cancelled.

    A file must not be closed or deleted while a thread still writes to it.
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
