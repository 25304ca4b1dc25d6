"""The sync driver. Only this module, the async driver and their pools do network I/O.

Both drivers perform the steps that a flow yields, this one with threads, the other with tasks, map
the exceptions of the HTTP library to those of this one, and enforce a deadline.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
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
from bitfount_api._internal.tracebacks import strip_tracebacks
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.bodies import BodyLength, BodyReader, open_body
from bitfount_api._io.deadlines import Cancellation
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    from bitfount_api._core.effects import Sink
    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
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
    handled = sys.exception()
    try:
        return _run(flow, CallContext(connections, credentials, timing))
    except BaseException as error:
        # Also a cancellation, or an exception of a signal handler.
        strip_tracebacks(error, handled, keep_places=may_be_bug(error))
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
        return _get_credentials(step, context)
    return _run_gather(step, context)


def _get_credentials(step: GetCredentials, context: CallContext) -> Mapping[str, str]:
    if (fresh := context.fresh_credentials(step)) is not None:
        return fresh
    seconds = context.remaining_for_authentication()
    try:
        headers = context.credentials_for_flow().headers(step.audience, step.refused, seconds)
    except TimeoutError:
        raise authentication_timeout() from None
    context.authenticated(step, headers)
    return headers


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


def _send(call: Send, context: CallContext) -> HTTPResponse:
    context.start(call.operation)
    connections = context.connections
    check_encrypted(call, connections)
    attempt = Attempt(context.limits, context.timeout_for(call), context.connect_timeout)
    request = build(call, connections.user_agent)
    attempt.streams_body = call.body is not None or request.stream is not None
    # The hooks are told when the connection is free again, since they may make calls.
    with (
        map_exceptions(call, request, attempt, connections),
        open_body(call) as chunks,
        connections.lease(request.origin, attempt) as connection,
        connection.exchange(request, _body(request, chunks, context)) as (response, received),
    ):
        if call.sink is not None and call.sink.accept(response):
            _write_to_sink(received, call.sink, context)
        else:
            reader = BodyReader(response, context)
            for chunk in received:
                reader.feed(chunk)
            reader.end()
    return report(call, response, attempt)


def _body(
    request: HTTPRequest, chunks: Iterator[bytes] | None, context: CallContext
) -> Iterable[bytes] | None:
    """Return the streamed body, with checks of its length and of the deadline."""
    if chunks is not None:
        return _checked(chunks, request, context)
    if request.stream is None:
        return None
    if not isinstance(request.stream, Iterable):
        raise TypeError("an async body can be sent by an async call only")
    return _checked(request.stream, request, context)


def _checked(
    chunks: Iterable[bytes], request: HTTPRequest, context: CallContext
) -> Iterator[bytes]:
    length = BodyLength(request)
    for chunk in chunks:
        context.remaining()
        yield length.take(chunk)
    length.end()


def _write_to_sink(received: Iterable[bytes], sink: Sink, context: CallContext) -> None:
    whole = False
    try:
        for chunk in received:
            context.remaining()
            sink.write(chunk)
        whole = True
    finally:
        sink.close(whole=whole)
