"""The sync driver. Only this module and the async driver do network I/O.

Both perform the steps a flow yields, this one with threads, the other with tasks, map ``httpx``'s
exceptions to those of this library, and enforce a deadline.
"""

from __future__ import annotations

from contextlib import closing
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
from bitfount_api._io.deadlines import Cancellation, apply
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
from bitfount_api.exceptions import BitfountError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    import httpx

    from bitfount_api._core.effects import Sink
    from bitfount_api._io.driver import Connections, Credentials, Timing


def run(
    flow: Flow[T],
    connections: Connections,
    credentials: Credentials | None = None,
    timing: Timing | None = None,
) -> T:
    """Run a flow to its end in this thread.

    Args:
        flow: The flow.
        connections: The connections to send requests over.
        credentials: The source of credentials; None for flows that need none.
        timing: The time limits; None for flows that set their own.

    Raises:
        Exception: If the flow raises it.
    """
    try:
        return _run(flow, CallContext(connections, credentials, timing))
    except BitfountError as error:
        strip_tracebacks(error)
        raise


def _run(flow: Flow[T], context: CallContext) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = _perform(step, context)
                except Exception as error:
                    context.raise_if_cancelled()  # the cancellation may have caused this error
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


def _perform(step: Effect, context: CallContext) -> Any:
    if isinstance(step, Send):
        return _send(step, context)
    if isinstance(step, Sleep):
        context.wait(context.checked_pause(step))
        return None
    if isinstance(step, RunInThread):
        return step.run()
    if isinstance(step, GetCredentials):
        context.remaining()
        return context.credentials_for_flow().headers(step.audience, step.refused)
    return _run_gather(step, context)


def _run_gather(step: Gather, context: CallContext) -> list[Any]:
    # Imported here, since only transfers of large objects run flows concurrently.
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    cancellation = Cancellation()
    inner = context.inner(cancellation)
    with ThreadPoolExecutor(step.limit, "bitfount-api") as pool:
        runs: list[Future[Any]] = []
        try:
            # Inside the try block, since a signal may arrive while threads are started.
            runs.extend(pool.submit(_run, flow, inner) for flow in step.flows)
            wait(runs, return_when=FIRST_EXCEPTION)
        finally:
            # Also on KeyboardInterrupt: the pool would otherwise wait for all runs to end.
            ended = (run.done() and run.exception() is None for run in runs)
            if len(runs) < len(step.flows) or not all(ended):
                cancellation.cancel()
                for run in runs:
                    run.cancel()
    return collect_results(runs, step.flows)


def _send(call: Send, context: CallContext) -> httpx.Response:
    context.start(call.operation)
    arguments = request_arguments(call, context)
    connections = context.connections
    with (
        apply(context.limits),
        map_exceptions(call, connections),
        open_body(call) as chunks,
        connections.lease(arguments["timeout"]) as client,
    ):
        if chunks is not None:
            arguments["content"] = _limited(chunks, context)
        request = client.build_request(**arguments)
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with closing(response):
            if call.sink is not None and call.sink.accept(response):
                response.stream = LimitedStream(response.stream, context, limit=None)
                _write_to_sink(response, call.sink)
                return response
            response.stream = LimitedStream(response.stream, context, limit=MAX_RESPONSE_BYTES)
            if response.is_closed or not content_encodings(response):
                response.read()
            else:
                packed = BoundedDecoder(response, MAX_RESPONSE_BYTES)
                for chunk in response.iter_raw():
                    packed.feed(chunk)
                response = packed.end()
    return response


def _write_to_sink(response: httpx.Response, sink: Sink) -> None:
    whole = False
    try:
        # A custom transport may have read the body already.
        for chunk in [response.content] if response.is_closed else response.iter_raw():
            sink.write(chunk)
        whole = True
    finally:
        sink.close(whole=whole)


def _limited(chunks: Iterator[bytes], context: CallContext) -> Iterator[bytes]:
    for chunk in chunks:
        context.remaining()
        yield chunk
