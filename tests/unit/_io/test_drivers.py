"""The drivers perform effects within limits, and map every error of the HTTP libraries to ours."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpcore
import httpx
import pytest
from support.connection import RUNNERS, FakeConnection, run_blocking, run_in_loop

from bitfount_api._core.effects import (
    Flow,
    Gather,
    RunInThread,
    Send,
    Service,
    Sleep,
    get_credentials,
)
from bitfount_api._core.messages import HTTPResponse
from bitfount_api._core.retrying import send_with_retries
from bitfount_api._internal.operation import Operation
from bitfount_api._internal.urls import Origin
from bitfount_api._io import bodies
from bitfount_api._io.async_driver import run_async
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.driver import AsyncConnection, SyncConnection, Timing
from bitfount_api.exceptions import (
    ConnectError,
    InvalidJSONError,
    RequestException,
    RequestTimeout,
)
from bitfount_api.retries import RetryPolicy

HUB = Service("the Hub", "https://hub.test", "hub")
OPEN = Service("storage")
GET = {"method": "get", "url": "/x"}

pytestmark = pytest.mark.parametrize("run", RUNNERS)


def ask(service: Service = HUB, **more: Any) -> Flow[Any]:
    return (yield Send(Operation("op"), service, more.pop("request", GET), **more))


def ok(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"a": 1})


def json_of(response: HTTPResponse) -> Any:
    return response.to_httpx().json()


def test_send_adds_service_url_and_credentials(run: Any) -> None:
    def flow() -> Flow[Any]:
        return (yield from ask(credentials=(yield from get_credentials("hub"))))

    connection = FakeConnection(ok)
    response = run(flow(), connection)
    assert json_of(response) == {"a": 1}
    (request,) = connection.requests
    assert str(request.url) == "https://hub.test/x"
    assert request.headers["authorization"] == "Bearer hub-0"


def test_service_without_audience_gets_no_credentials(run: Any) -> None:
    connection = FakeConnection(ok)
    run(ask(OPEN, request={"method": "get", "url": "https://s3.test/o?sig=1"}), connection)
    assert "authorization" not in connection.requests[0].headers


def test_a_path_cannot_name_another_host(run: Any) -> None:
    connection = FakeConnection(ok)
    run(ask(request={"method": "get", "url": "//evil.test/x"}), connection)
    assert connection.requests[0].url.host == "hub.test"


def test_refused_credentials_are_renewed_before_the_call(run: Any) -> None:
    def refuse_first(request: httpx.Request) -> httpx.Response:
        first = request.headers["authorization"] == "Bearer hub-0"
        return httpx.Response(401 if first else 200)

    connection = FakeConnection(refuse_first)
    call = Send(Operation("op"), HUB, GET)
    assert run(send_with_retries(call, RetryPolicy(retries=0)), connection).status_code == 200
    sent = [request.headers["authorization"] for request in connection.requests]
    assert sent == ["Bearer hub-0", "Bearer hub-1"]


def test_unchanged_refused_credentials_send_nothing(run: Any) -> None:
    class Fixed(FakeConnection):
        def headers(self, *_: object) -> Mapping[str, str]:
            return {"x-api-key": "k"}

    connection = Fixed(lambda _: httpx.Response(401))
    call = Send(Operation("op"), HUB, GET)
    assert run(send_with_retries(call, RetryPolicy(retries=0)), connection).status_code == 401
    assert len(connection.requests) == 1


def test_redirects_are_not_followed(run: Any) -> None:
    connection = FakeConnection(
        lambda _: httpx.Response(302, headers={"location": "https://evil.test"})
    )
    assert run(ask(), connection).status_code == 302
    assert len(connection.requests) == 1


@pytest.mark.parametrize(
    ("raised", "expected", "sent"),
    [
        (httpx.ConnectError("refused"), ConnectError, False),
        (httpx.ConnectTimeout("slow"), RequestTimeout, False),
        (httpx.PoolTimeout("full"), RequestTimeout, False),
        (httpx.ProxyError("no"), ConnectError, False),
        (httpx.ReadTimeout("slow"), RequestTimeout, True),
        (httpx.WriteTimeout("slow"), RequestTimeout, True),
        (httpx.ReadError("reset"), ConnectError, True),
        (httpx.WriteError("reset"), ConnectError, True),
        (httpx.RemoteProtocolError("odd"), ConnectError, True),
        (httpx.DecodingError("odd"), ConnectError, True),
    ],
)
def test_httpx_errors_are_mapped(
    run: Any, raised: httpx.HTTPError, expected: type[RequestException], sent: bool
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raised.request = request
        raise raised

    with pytest.raises(expected) as caught:
        run(
            ask(OPEN, request={"method": "get", "url": "https://u:p@s3.test/o?sig=SECRET"}),
            FakeConnection(fail),
        )
    assert caught.value.sent is sent
    assert caught.value.operation == "op"
    assert caught.value.url == "https://s3.test/o"
    assert "SECRET" not in str(caught.value)


class FailingConnection:
    """A connection of httpcore that fails, before or after the first byte of the request."""

    def __init__(self, attempt: Attempt, error: Exception, *, sends: bool) -> None:
        self._attempt = attempt
        self._error = error
        self._sends = sends

    def _fail(self) -> None:
        self._attempt.sent = self._sends
        raise self._error

    @contextmanager
    def exchange(self, *_: object) -> Iterator[Any]:
        self._fail()
        yield

    @asynccontextmanager
    async def aexchange(self, *_: object) -> AsyncIterator[Any]:
        self._fail()
        yield


class FailingConnections(FakeConnection):
    """Connections of httpcore whose calls fail.

    Args:
        error: The error of each call.
        sends: Whether a part of the request is sent before.
        closed: Whether the session is closed.
    """

    def __init__(self, error: Exception, *, sends: bool = False, closed: bool = False) -> None:
        super().__init__(ok)
        self._error = error
        self._sends = sends
        self.closed = closed

    @contextmanager
    def lease(self, origin: Origin, attempt: Attempt) -> Iterator[SyncConnection]:
        yield FailingConnection(attempt, self._error, sends=self._sends)

    @asynccontextmanager
    async def alease(self, origin: Origin, attempt: Attempt) -> AsyncIterator[AsyncConnection]:
        connection: Any = FailingConnection(attempt, self._error, sends=self._sends)
        connection.exchange = connection.aexchange
        yield connection


PRESIGNED = {"method": "put", "url": "https://u:p@s3.test/o?sig=SECRET"}


@pytest.mark.parametrize("sends", [False, True], ids=["unsent", "sent"])
@pytest.mark.parametrize(
    ("raised", "expected", "connected", "text"),
    [
        (httpcore.ConnectError("refused"), ConnectError, False, "could be made: refused"),
        (httpcore.ConnectTimeout("slow"), RequestTimeout, False, "could not be reached"),
        (httpcore.PoolTimeout("full"), RequestTimeout, False, "too many calls in progress"),
        (httpcore.UnsupportedProtocol("ftp"), ConnectError, False, "could be made: ftp"),
        (httpcore.ProxyError("no"), ConnectError, False, "could be made: no"),
        (httpcore.ProxyError("503 Busy"), ConnectError, False, "could be made: 503 Busy"),
        (httpcore.ProxyError("429 Too Many"), ConnectError, False, "could be made: 429 Too Many"),
        (httpcore.ReadTimeout("slow"), RequestTimeout, True, "did not answer"),
        (httpcore.WriteTimeout("slow"), RequestTimeout, True, "did not answer"),
        (httpcore.ReadError("reset"), ConnectError, True, ": reset"),
        (httpcore.WriteError("reset"), ConnectError, True, ": reset"),
        (httpcore.NetworkError("reset"), ConnectError, True, ": reset"),
        (httpcore.RemoteProtocolError("odd"), ConnectError, True, ": odd"),
    ],
    ids=repr,
)
def test_httpcore_errors_are_mapped(
    run: Any,
    raised: Exception,
    expected: type[RequestException],
    connected: bool,
    text: str,
    sends: bool,
) -> None:
    with pytest.raises(expected) as caught:
        run(ask(OPEN, request=PRESIGNED), FailingConnections(raised, sends=sends))
    error = caught.value
    assert type(error) is expected
    assert error.sent is (sends and connected)
    assert (error.operation, error.url) == ("op", "https://s3.test/o")
    assert text in str(error)
    assert "SECRET" not in str(error)
    if expected is ConnectError:
        doing = "the connection broke" if error.sent else "no connection could be made"
        assert doing in str(error)


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        ("407 Proxy Authentication Required", "give the user name and the password"),
        ("403 Forbidden", "ask the network's administrators"),
        ("404 Not Found", "check the proxy's URL"),
    ],
)
def test_refusal_of_a_proxy_is_not_a_connect_error(run: Any, refusal: str, advice: str) -> None:
    """A ConnectError is retried, and repeated refusals may lock an account."""
    with pytest.raises(RequestException, match=f"{refusal}.*{advice}") as caught:
        run(ask(), FailingConnections(httpcore.ProxyError(refusal), sends=True))
    assert not isinstance(caught.value, ConnectError | RequestTimeout)
    assert caught.value.sent is False


def test_protocol_error_does_not_quote_the_response(run: Any) -> None:
    odd = httpcore.RemoteProtocolError("illegal status line: bytearray(b'SECRET')")
    with pytest.raises(ConnectError, match=r"illegal status line$") as caught:
        run(ask(), FailingConnections(odd, sends=True))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("length", ["Too much data", "Too little data"])
def test_body_of_another_length_names_content_length(run: Any, length: str) -> None:
    raised = httpcore.LocalProtocolError(f"{length} for declared Content-Length")
    with pytest.raises(RequestException, match=r"could not be made.*content-length") as caught:
        run(ask(), FailingConnections(raised, sends=True))
    assert not isinstance(caught.value, ConnectError | RequestTimeout)


def test_invalid_header_does_not_quote_it(run: Any) -> None:
    raised = httpcore.LocalProtocolError("Illegal header value b'SECRET\\n'")
    with pytest.raises(RequestException, match="could not be made: LocalProtocolError") as caught:
        run(ask(), FailingConnections(raised))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (httpcore.ReadError("reset"), "closed during the call"),
        (RuntimeError("closed"), "closed during the call"),
        (httpcore.ConnectError("refused"), "no connection could be made: refused"),
    ],
    ids=repr,
)
def test_break_after_closing_the_session_says_so(run: Any, raised: Exception, text: str) -> None:
    with pytest.raises(ConnectError, match=text):
        run(ask(), FailingConnections(raised, sends=True, closed=True))


def test_error_without_a_text_shows_its_type(run: Any) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("", request=request)

    with pytest.raises(ConnectError, match="the connection broke: ReadError"):
        run(ask(), FakeConnection(fail))


def test_invalid_url_raises_request_exception(run: Any) -> None:
    with pytest.raises(RequestException, match="could not be made"):
        run(
            ask(OPEN, request={"method": "get", "url": "https://s3.test:port/o"}),
            FakeConnection(ok),
        )


def test_session_closed_during_the_call_raises(run: Any) -> None:
    class Closing(FakeConnection):
        @contextmanager
        def lease(self, origin: Origin, attempt: Attempt) -> Iterator[SyncConnection]:
            with super().lease(origin, attempt) as connection:
                self.pool.close()
                self.closed = True
                yield connection

        @asynccontextmanager
        async def alease(self, origin: Origin, attempt: Attempt) -> AsyncIterator[AsyncConnection]:
            async with super().alease(origin, attempt) as connection:
                await self.async_pool.aclose()
                self.closed = True
                yield connection

    with pytest.raises(ConnectError, match="closed during the call"):
        run(ask(), Closing(ok))


def test_other_errors_are_raised_unchanged(run: Any) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run(ask(), FakeConnection(fail))


def test_failures_are_thrown_into_the_flow(run: Any) -> None:
    answers: Iterator[httpx.Response | Exception] = iter(
        [httpx.ReadError("reset"), httpx.Response(200, text="fine")]
    )

    def handle(_: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def flow() -> Flow[str]:
        try:
            yield from ask()
        except ConnectError:
            response = yield from ask()
            return str(response.to_httpx().text)
        return "no error"

    assert run(flow(), FakeConnection(handle)) == "fine"


def test_run_in_thread_returns_the_result_or_throws(run: Any) -> None:
    def flow() -> Flow[int]:
        try:
            yield RunInThread(lambda: 1 // 0)
        except ZeroDivisionError:
            return int((yield RunInThread(lambda: 7)))
        return 0

    assert run(flow(), FakeConnection(ok)) == 7


def test_sleep_waits(run: Any) -> None:
    def flow() -> Flow[float]:
        before = time.monotonic()
        yield Sleep(0.02)
        return time.monotonic() - before

    assert run(flow(), FakeConnection(ok)) >= 0.02


def test_sleep_beyond_the_deadline_is_not_started(run: Any) -> None:
    def flow() -> Flow[None]:
        yield Sleep(3600)

    with pytest.raises(RequestTimeout, match="would pass while waiting"):
        run(flow(), FakeConnection(ok), Timing(deadline=1))


def work_then_sleep_zero(seconds: float) -> Flow[bool]:
    """Work for some seconds, as when hashing a file, and then check the deadline."""
    yield RunInThread(lambda: time.sleep(seconds))
    yield Sleep(0)
    return True


def gathered(flow: Flow[bool]) -> Flow[bool]:
    (result,) = yield Gather([flow], limit=1)
    return bool(result)


@pytest.mark.parametrize("wrap", [lambda flow: flow, gathered], ids=["alone", "gathered"])
def test_sleep_zero_after_the_deadline_times_out(run: Any, wrap: Any) -> None:
    with pytest.raises(RequestTimeout, match="used up"):
        run(wrap(work_then_sleep_zero(0.02)), FakeConnection(ok), Timing(deadline=0.01))


@pytest.mark.parametrize("wrap", [lambda flow: flow, gathered], ids=["alone", "gathered"])
@pytest.mark.parametrize("timing", [None, Timing(), Timing(deadline=60)], ids=str)
def test_sleep_zero_before_the_deadline_continues(
    run: Any, wrap: Any, timing: Timing | None
) -> None:
    assert run(wrap(work_then_sleep_zero(0)), FakeConnection(ok), timing) is True


def test_nothing_is_sent_after_the_deadline(run: Any) -> None:
    def flow() -> Flow[None]:
        yield from ask()
        while True:
            time.sleep(0.01)
            yield from ask()

    with pytest.raises(RequestTimeout, match="used up"):
        run(flow(), FakeConnection(ok), Timing(deadline=0.05))


@pytest.mark.parametrize(
    ("timing", "operation", "expected"),
    [
        (None, Operation("op"), 5.0),
        (None, Operation("op", timeout=2), 2.0),
        (Timing(timeout=1), Operation("op", timeout=2), 1.0),
    ],
)
def test_timeout_is_of_caller_then_operation_then_session(
    run: Any, timing: Timing | None, operation: Operation, expected: float
) -> None:
    connection = FakeConnection(ok)

    def flow() -> Flow[Any]:
        return (yield Send(operation, HUB, GET))

    run(flow(), connection, timing)
    assert set(connection.requests[0].extensions["timeout"].values()) == {expected}


def test_timeouts_are_limited_by_the_deadline(run: Any) -> None:
    connection = FakeConnection(ok)
    run(ask(), connection, Timing(deadline=0.5))
    assert max(connection.requests[0].extensions["timeout"].values()) <= 0.5


def test_compressed_answers_are_decompressed(run: Any) -> None:
    packed = gzip.compress(b'{"a": 1}')
    connection = FakeConnection(
        lambda _: httpx.Response(200, content=packed, headers={"content-encoding": "gzip"})
    )
    response = run(ask(), connection)
    assert json_of(response) == {"a": 1}
    assert response.request.url.path == "/x"


def test_decompressed_answer_keeps_its_other_headers(run: Any) -> None:
    headers = [
        (b"Content-Encoding", b"gzip"),
        (b"Content-Length", b"%d" % len(PACKED)),
        (b"X-A", b"\xe9\xff"),
    ]
    connection = FakeConnection(
        lambda _: httpx.Response(201, headers=headers, stream=RawBody(PACKED))
    )
    response = run(ask(), connection).to_httpx()
    assert (response.status_code, response.content) == (201, b"x" * 1000)
    assert response.headers["x-a"] == "éÿ"
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == "1000"
    assert response.request.url == "https://hub.test/x"


@pytest.mark.parametrize("encoding", ["gzip", None])
def test_answers_over_the_maximum_size_raise(
    run: Any, encoding: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_RESPONSE_BYTES", 1000)
    content, headers = b"x" * 1001, {}
    if encoding:
        content, headers = gzip.compress(content), {"content-encoding": encoding}

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield content

        async def __aiter__(self) -> Any:
            yield content

    connection = FakeConnection(lambda _: httpx.Response(200, stream=Stream(), headers=headers))
    with pytest.raises(InvalidJSONError, match="larger than"):
        run(ask(), connection)


class RawBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body as it is received."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def encoded(status: int, encoding: str, *chunks: bytes) -> FakeConnection:
    """Connections whose responses have a body with a content encoding, not decoded by httpx."""
    headers = {"content-encoding": encoding}
    return FakeConnection(
        lambda _: httpx.Response(status, headers=headers, stream=RawBody(*chunks))
    )


PACKED = gzip.compress(b"x" * 1000, mtime=0)
DAMAGED = PACKED[:12] + b"\xff" * 20


@pytest.mark.parametrize(
    ("encoding", "chunks"),
    [
        ("br", [b"any"]),
        ("gzip, gzip", [PACKED]),
        ("gzip", [DAMAGED]),
        ("gzip", [DAMAGED, PACKED]),
        ("gzip", [PACKED[:-1]]),
    ],
    ids=["unknown", "twice", "damaged", "damaged, then more", "incomplete"],
)
def test_unreadable_body_of_a_refusal_is_empty(
    run: Any, encoding: str, chunks: list[bytes]
) -> None:
    for status in (503, 404):
        response = run(ask(), encoded(status, encoding, *chunks))
        assert (response.status_code, response.content) == (status, b"")
        assert response.to_httpx().text == ""


def test_readable_body_of_a_refusal_is_kept(run: Any) -> None:
    response = run(ask(), encoded(503, "gzip", PACKED[:7], PACKED[7:]))
    assert (response.status_code, response.content) == (503, b"x" * 1000)


@pytest.mark.parametrize("damaged", [DAMAGED, PACKED[:-1]], ids=["damaged", "incomplete"])
def test_damaged_body_of_a_success_is_a_connect_error(run: Any, damaged: bytes) -> None:
    with pytest.raises(ConnectError, match="the connection broke") as caught:
        run(ask(), encoded(200, "gzip", damaged))
    assert caught.value.sent is True


def test_unknown_encoding_of_a_success_raises(run: Any) -> None:
    with pytest.raises(InvalidJSONError, match="not requested"):
        run(ask(), encoded(200, "br", b"any"))


class Pieces:
    """A body of three chunks."""

    headers: Mapping[str, str] = {"content-type": "text/plain", "content-length": "6"}

    def chunks(self) -> Generator[bytes]:
        yield from (b"ab", b"cd", b"ef")


def test_body_is_streamed_with_its_exact_length(run: Any) -> None:
    received = []

    def handle(request: httpx.Request) -> httpx.Response:
        received.append((request.read(), dict(request.headers)))
        return httpx.Response(200)

    async def ahandle(request: httpx.Request) -> httpx.Response:
        received.append((await request.aread(), dict(request.headers)))
        return httpx.Response(200)

    connection = FakeConnection(handle if run is run_blocking else ahandle)
    run(ask(body=Pieces(), request={"method": "put", "url": "/x"}), connection)
    ((body, headers),) = received
    assert body == b"abcdef"
    assert headers["content-length"] == "6"
    assert "transfer-encoding" not in headers


@pytest.mark.parametrize("length", ["5", "7"])
def test_body_of_another_length_than_declared_raises(run: Any, length: str) -> None:
    class Wrong(Pieces):
        headers: Mapping[str, str] = {"content-length": length}

    with pytest.raises(RequestException, match=r"could not be made.*content-length") as caught:
        run(ask(body=Wrong(), request={"method": "put", "url": "/x"}), FakeConnection(ok))
    assert not isinstance(caught.value, ConnectError | RequestTimeout)


class RecordingSink:
    """A sink that records its calls."""

    def __init__(self, *, accept: bool = True, fail: bool = False) -> None:
        self.accepts = accept
        self.fail = fail
        self.content = b""
        self.ended: list[bool] = []

    def accept(self, response: HTTPResponse) -> bool:
        return self.accepts

    def write(self, chunk: bytes) -> None:
        if self.fail:
            raise OSError(28, "disk full")
        self.content += chunk

    def close(self, *, whole: bool) -> None:
        self.ended.append(whole)


def test_sink_receives_the_raw_body(run: Any) -> None:
    packed = gzip.compress(b"content")

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from (packed[:5], packed[5:])

        async def __aiter__(self) -> Any:
            yield packed[:5]
            yield packed[5:]

    sink = RecordingSink()
    connection = FakeConnection(
        lambda _: httpx.Response(200, stream=Stream(), headers={"content-encoding": "gzip"})
    )
    run(ask(sink=sink), connection)
    assert sink.content == packed
    assert sink.ended == [True]


def test_sink_receives_a_body_already_read(run: Any) -> None:
    sink = RecordingSink()
    run(ask(sink=sink), FakeConnection(lambda _: httpx.Response(200, content=b"content")))
    assert sink.content == b"content"
    assert sink.ended == [True]


def test_sink_that_does_not_accept_receives_nothing(run: Any) -> None:
    sink = RecordingSink(accept=False)
    assert json_of(run(ask(sink=sink), FakeConnection(ok))) == {"a": 1}
    assert sink.ended == []


def test_sink_is_closed_as_incomplete_after_a_break(run: Any) -> None:
    class Breaking(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"half"
            raise httpx.ReadError("reset")

        async def __aiter__(self) -> Any:
            yield b"half"
            raise httpx.ReadError("reset")

    sink = RecordingSink()
    connection = FakeConnection(lambda _: httpx.Response(200, stream=Breaking()))
    with pytest.raises(ConnectError):
        run(ask(sink=sink), connection)
    assert sink.content == b"half"
    assert sink.ended == [False]


def test_a_sink_that_fails_is_closed(run: Any) -> None:
    sink = RecordingSink(fail=True)
    with pytest.raises(OSError, match="disk full"):
        run(ask(sink=sink), FakeConnection(ok))
    assert sink.ended == [False]


def test_gather_returns_the_results_in_order(run: Any) -> None:
    def one(number: int) -> Flow[int]:
        yield Sleep(0.001 * (5 - number))
        return number

    def flow() -> Flow[list[int]]:
        results: list[int] = yield Gather([one(n) for n in range(5)], limit=2)
        return results

    assert run(flow(), FakeConnection(ok)) == [0, 1, 2, 3, 4]


def test_gather_limits_concurrent_flows(run: Any) -> None:
    now, peak = 0, 0

    def one() -> Flow[None]:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        yield Sleep(0.005)
        now -= 1

    def flow() -> Flow[Any]:
        return (yield Gather([one() for _ in range(9)], limit=3))

    run(flow(), FakeConnection(ok))
    assert peak == 3


def test_gather_first_failure_cancels_the_others(run: Any) -> None:
    ended = []

    def failing() -> Flow[None]:
        yield Sleep(0.01)
        raise ConnectError("this one")

    def waiting() -> Flow[None]:
        try:
            yield Sleep(60)
        finally:
            ended.append("waiting")

    def flow() -> Flow[Any]:
        flows = [waiting(), failing(), waiting(), waiting()]
        return (yield Gather(flows, limit=2))

    before = time.monotonic()
    with pytest.raises(ConnectError, match="this one"):
        run(flow(), FakeConnection(ok))
    assert time.monotonic() - before < 30
    assert 1 <= len(ended) < 3  # a flow that never started has nothing to clean up


def test_gather_interrupted_at_the_start_ends_its_flows(run: Any) -> None:
    if run is not run_blocking:
        pytest.skip("tasks are not begun while others run")
    begun, waited = threading.Event(), []

    def waiting() -> Flow[None]:
        begun.set()
        yield Sleep(5)
        waited.append(True)

    class Interrupted(list[Flow[None]]):
        def __iter__(self) -> Iterator[Flow[None]]:
            yield self[0]
            begun.wait(30)
            raise KeyboardInterrupt

    def flow() -> Flow[Any]:
        return (yield Gather(Interrupted([waiting(), waiting()]), limit=2))

    with pytest.raises(KeyboardInterrupt):
        run(flow(), FakeConnection(ok))
    assert not waited


def test_flow_is_always_closed(run: Any) -> None:
    closed = []

    def flow() -> Flow[None]:
        try:
            yield from ask()
        finally:
            closed.append(True)

    def interrupt(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(flow(), FakeConnection(interrupt))
    assert closed == [True]


def test_async_work_does_not_block_the_loop(run: Any) -> None:
    del run

    async def main() -> int:
        released = threading.Event()

        def flow() -> Flow[bool]:
            return bool((yield RunInThread(lambda: released.wait(10))))

        task = asyncio.create_task(run_async(flow(), FakeConnection(ok)))
        await asyncio.sleep(0.01)
        released.set()  # reached only if the loop was not blocked
        return await task

    assert asyncio.run(main()) is True


def test_cancelled_task_waits_for_its_writing_thread(run: Any) -> None:
    del run
    events = []
    begun = threading.Event()

    class Slow(RecordingSink):
        def write(self, chunk: bytes) -> None:
            begun.set()
            time.sleep(0.05)
            events.append("written")

        def close(self, *, whole: bool) -> None:
            events.append(f"closed {whole}")

    async def main() -> None:
        task = asyncio.create_task(run_async(ask(sink=Slow()), FakeConnection(ok)))
        assert await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events == ["written", "closed False"]


def test_async_deadline_ends_a_hanging_call(run: Any) -> None:
    del run

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(RequestTimeout, match="used up"):
        run_in_loop(ask(), FakeConnection(hang), Timing(deadline=0.05))


def test_sync_deadline_ends_a_dripping_body(run: Any) -> None:
    del run

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                time.sleep(0.005)
                yield b"."

    with pytest.raises(RequestTimeout, match="used up"):
        run_blocking(
            ask(),
            FakeConnection(lambda _: httpx.Response(200, stream=Drip())),
            Timing(deadline=0.05),
        )
