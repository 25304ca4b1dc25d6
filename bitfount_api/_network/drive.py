"""The sync driver. Only this module and the async driver do network I/O.

Both perform the steps a flow yields, this one with threads, the other with tasks, map ``httpx``'s
exceptions to those of this library, and enforce a deadline.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from bitfount_api._call import Call, Flow, Pause, Step, T, Together, Work
from bitfount_api._discretion import untrace
from bitfount_api._network.bounds import Cancellation, within
from bitfount_api._network.content_encoding import Packed, encodings
from bitfount_api._network.driving import (
    MAX_ANSWER_BYTES,
    Scope,
    Watched,
    opened,
    request_arguments,
    results,
)
from bitfount_api._network.failures import translated
from bitfount_api.exceptions import BitfountError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    import httpx

    from bitfount_api._call import Sink
    from bitfount_api._network.driving import Connection, Timing


def drive(flow: Flow[T], connection: Connection, timing: Timing | None = None) -> T:
    """Run a flow to its end in this thread.

    Raises:
        Exception: If the flow raises it.
    """
    try:
        return _run(flow, Scope.of(connection, timing))
    except BitfountError as error:
        untrace(error)
        raise


def _run(flow: Flow[T], scope: Scope) -> T:
    with closing(flow):
        try:
            step = next(flow)
            while True:
                try:
                    outcome = _perform(step, scope)
                except Exception as error:
                    scope.go_on()  # raise Cancelled if cancellation caused this error
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            return cast("T", stop.value)


def _perform(step: Step, scope: Scope) -> Any:
    if isinstance(step, Call):
        return _send(step, scope)
    if isinstance(step, Pause):
        scope.wait(scope.pause(step))
        return None
    if isinstance(step, Work):
        return step.run()
    return _run_together(step, scope)


def _run_together(step: Together, scope: Scope) -> list[Any]:
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
    return results(runs, step.flows)


def _send(call: Call, scope: Scope) -> httpx.Response | None:
    connection = scope.connection
    audience = call.service.audience
    credentials = connection.credentials(audience, call.refused) if audience else None
    if call.refused is not None and credentials == call.refused:
        return None
    arguments = request_arguments(call, credentials, scope)
    turn = connection.turn(arguments["timeout"])
    with within(scope.bounds), translated(call, connection), opened(call) as chunks, turn as number:
        if chunks is not None:
            arguments["content"] = _watched(chunks, scope)
        client = connection.client(number)
        request = client.build_request(**arguments)
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with closing(response):
            if call.sink is not None and call.sink.accept(response):
                response.stream = Watched(response.stream, scope, limit=None)
                _pour(response, call.sink)
                return response
            response.stream = Watched(response.stream, scope, limit=MAX_ANSWER_BYTES)
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
        # A custom transport may have read the body already.
        for chunk in [response.content] if response.is_closed else response.iter_raw():
            sink.write(chunk)
        whole = True
    finally:
        sink.close(whole=whole)


def _watched(chunks: Iterator[bytes], scope: Scope) -> Iterator[bytes]:
    for chunk in chunks:
        scope.remaining()
        yield chunk
