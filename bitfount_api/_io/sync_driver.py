"""The sync driver. Only this module and the async driver do network I/O.

Both perform the steps a flow yields, this one with threads, the other with tasks, map ``httpx``'s
exceptions to those of this library, and enforce a deadline.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from bitfount_api._core.effects import Effect, Flow, Gather, RunInThread, Send, Sleep, T
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
    from bitfount_api._io.driver import Connection, Timing


def run(flow: Flow[T], connection: Connection, timing: Timing | None = None) -> T:
    """Run a flow to its end in this thread.

    Raises:
        Exception: If the flow raises it.
    """
    try:
        return _run(flow, CallContext.start(connection, timing))
    except BitfountError as error:
        strip_tracebacks(error)
        raise


def _run(flow: Flow[T], scope: CallContext) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = _perform(step, scope)
                except Exception as error:
                    scope.raise_if_cancelled()  # raise Cancelled if cancellation caused this error
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


def _perform(step: Effect, scope: CallContext) -> Any:
    if isinstance(step, Send):
        return _send(step, scope)
    if isinstance(step, Sleep):
        scope.wait(scope.checked_pause(step))
        return None
    if isinstance(step, RunInThread):
        return step.run()
    return _run_gather(step, scope)


def _run_gather(step: Gather, scope: CallContext) -> list[Any]:
    # Imported here, since only transfers of large objects run flows concurrently.
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    cancellation = Cancellation()
    inner = scope.inner(cancellation)
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


def _send(call: Send, scope: CallContext) -> httpx.Response | None:
    connection = scope.connection
    audience = call.audience
    credentials = connection.credentials(audience, call.refused) if audience else None
    if call.refused is not None and credentials == call.refused:
        return None
    arguments = request_arguments(call, credentials, scope)
    turn = connection.turn(arguments["timeout"])
    with (
        apply(scope.bounds),
        map_exceptions(call, connection),
        open_body(call) as chunks,
        turn as number,
    ):
        if chunks is not None:
            arguments["content"] = _limited(chunks, scope)
        client = connection.client(number)
        request = client.build_request(**arguments)
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with closing(response):
            if call.sink is not None and call.sink.accept(response):
                response.stream = LimitedStream(response.stream, scope, limit=None)
                _write_to_sink(response, call.sink)
                return response
            response.stream = LimitedStream(response.stream, scope, limit=MAX_RESPONSE_BYTES)
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


def _limited(chunks: Iterator[bytes], scope: CallContext) -> Iterator[bytes]:
    for chunk in chunks:
        scope.remaining()
        yield chunk
