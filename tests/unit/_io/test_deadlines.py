"""Connections of threads apply a call's deadline and cancellation at each step."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import httpx
import pytest
from httpcore._backends.sync import SyncStream

from bitfount_api._core.messages import HTTPRequest
from bitfount_api._internal.urls import Origin
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.deadlines import Cancellation, Cancelled, Limits
from bitfount_api._io.sync_network import Network, Stream
from bitfount_api._io.transports import TransportPool

HOST = "127.0.0.1"


class Below(httpcore.NetworkBackend, httpcore.NetworkStream):
    """A backend, and a stream, that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.socket: socket.socket | None = None

    def _note(self, *call: Any) -> Below:
        self.calls.append(call)
        return self

    def connect_tcp(self, host: str, port: int, timeout: Any = None, *more: Any) -> Any:
        return self._note("connect_tcp", timeout, host, port, *more)

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        self._note("read", timeout, max_bytes)
        return b"x"

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        self._note("write", timeout, buffer)

    def close(self) -> None:
        self._note("close")

    def start_tls(self, context: Any, hostname: Any = None, timeout: Any = None) -> Any:
        return self._note("start_tls", timeout, context, hostname)

    def get_extra_info(self, info: str) -> Any:
        return self.socket if info == "socket" else info


@pytest.fixture
def below() -> Iterator[Below]:
    made = Below()
    with socket.socket() as made.socket:
        yield made


@pytest.fixture
def network(below: Below) -> Network:
    made = Network(Attempt(Limits(), 5), handshakes=0)
    made._backend = below  # type: ignore[assignment]
    return made


@pytest.fixture
def stream(below: Below, network: Network) -> Stream:
    return Stream(below, network, handshakes=0)


def ending_in(seconds: float) -> Attempt:
    return Attempt(Limits(time.monotonic() + seconds), 5)


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Step = Callable[[Network, Stream, float | None], Any]
STEPS: dict[str, tuple[Step, type[Exception]]] = {
    "connect_tcp": (lambda n, _, t: n.connect_tcp(HOST, 1, t), httpcore.ConnectTimeout),
    "read": (lambda _, s, t: s.read(9, t), httpcore.ReadTimeout),
    "write": (lambda _, s, t: s.write(b"x", t), httpcore.WriteTimeout),
    "start_tls": (lambda _, s, t: s.start_tls(CONTEXT, "h", t), httpcore.ConnectTimeout),
}


# --- Deadlines -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
def test_step_timeout_is_limited_by_the_deadline(
    name: str, below: Below, network: Network, stream: Stream
) -> None:
    step, _ = STEPS[name]
    for attempt, timeout, expected in [
        # httpcore gives no timeout for the handshake with a SOCKS proxy.
        (Attempt(Limits(), 5), None, None if name == "start_tls" else 5),
        (Attempt(Limits(), 5), 5, 5),
        (ending_in(60), 5, 5),
    ]:
        network.attempt = attempt
        step(network, stream, timeout)
        assert below.calls[-1][0] == name
        # Looking the host up is a part of connecting.
        assert below.calls[-1][1] == (expected and pytest.approx(expected, abs=1))
        assert expected is None or below.calls[-1][1] <= expected
    for timeout in (None, 100):
        network.attempt = ending_in(60)
        step(network, stream, timeout)
        assert 0 < below.calls[-1][1] <= 60


@pytest.mark.parametrize("name", STEPS)
def test_no_step_starts_after_the_deadline(
    name: str, below: Below, network: Network, stream: Stream
) -> None:
    step, error = STEPS[name]
    network.attempt = ending_in(-1)
    with pytest.raises(error, match="used up"):
        step(network, stream, 5)
    assert below.calls == []
    assert not network.attempt.sent


def test_other_calls_are_passed_through(below: Below, network: Network) -> None:
    stream = network.connect_tcp(HOST, 1, None, "l", [(1, 2, 3)])
    assert stream.read(1_000_000) == b"x"
    assert stream.get_extra_info("server_addr") == "server_addr"
    stream.start_tls(CONTEXT, "h").close()
    assert below.calls == [
        ("connect_tcp", pytest.approx(5, abs=1), HOST, 1, "l", [(1, 2, 3)]),
        ("read", 5, 1_000_000),
        ("start_tls", None, CONTEXT, "h"),
        ("close",),
    ]


def test_reads_are_enlarged(below: Below, stream: Stream) -> None:
    stream.read(9)
    assert below.calls[-1] == ("read", 5, 256 * 1024)


def test_stream_applies_the_limits_of_the_current_attempt(network: Network) -> None:
    """An idle connection is used by another call, with another deadline."""
    stream = network.connect_tcp(HOST, 1)
    network.attempt = ending_in(-1)
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1)
    network.attempt = Attempt(Limits(), 5)
    assert stream.read(1) == b"x"
    within_tls = stream.start_tls(CONTEXT, "h")
    network.attempt = ending_in(-1)
    with pytest.raises(httpcore.ReadTimeout):
        within_tls.read(1)


def test_custom_transport_is_not_limited_at_each_step() -> None:
    """It may do no network I/O at all; the driver checks the deadline."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    origin = Origin("http", b"h.test", None)
    request = HTTPRequest("GET", "http://h.test", origin, b"/", [(b"host", b"h.test")])
    pool = TransportPool(transport)
    with (
        pool.lease(origin, ending_in(-1)) as connection,
        connection.exchange(request, None) as (response, _),
    ):
        assert response.status_code == 200
    pool.close()


# --- Several addresses ---------------------------------------------------------------------------


class Addresses(Below):
    """A backend that can connect to some addresses only."""

    def __init__(self, reachable: str, failure: type[Exception] = httpcore.ConnectTimeout) -> None:
        super().__init__()
        self.reachable = reachable
        self.failure = failure

    def connect_tcp(self, host: str, port: int, timeout: Any = None, *more: Any) -> Any:
        super().connect_tcp(host, port, timeout, *more)
        if host != self.reachable:
            raise self.failure(host)
        return self


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(0, 0, 0, "", (address, 80)) for address in ("192.0.2.1", "192.0.2.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)


@pytest.mark.usefixtures("two_addresses")
@pytest.mark.parametrize("timeout", [10, None])
def test_next_address_is_tried_in_the_remaining_time(
    network: Network, timeout: float | None
) -> None:
    below = Addresses("192.0.2.2")
    network._backend = below  # type: ignore[assignment]
    network.connect_tcp("h.test", 80, timeout)
    assert [call[2] for call in below.calls] == ["192.0.2.1", "192.0.2.2"]
    first, second = (call[1] for call in below.calls)
    assert first == 2  # a moment
    limit = timeout or 5
    assert limit - 1 < second <= limit  # nothing of the first one's moment was used


@pytest.mark.usefixtures("two_addresses")
def test_slow_first_address_is_tried_again(network: Network) -> None:
    """It may need longer than a moment, and the other address may lead nowhere."""
    below = Addresses("none")
    network._backend = below  # type: ignore[assignment]
    with pytest.raises(httpcore.ConnectTimeout, match=r"192\.0\.2\.1"):
        network.connect_tcp("h.test", 80, 10)
    assert [call[2] for call in below.calls] == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]


@pytest.mark.usefixtures("two_addresses")
def test_refusing_address_is_not_tried_again(network: Network) -> None:
    below = Addresses("none", httpcore.ConnectError)
    network._backend = below  # type: ignore[assignment]
    with pytest.raises(httpcore.ConnectError, match=r"192\.0\.2\.2"):
        network.connect_tcp("h.test", 80, 10)
    assert [call[2] for call in below.calls] == ["192.0.2.1", "192.0.2.2"]


def test_slow_look_up_times_out(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(30) and [])
    with pytest.raises(httpcore.ConnectTimeout, match="looked up in time"):
        network.connect_tcp("slow.test", 80, 0.01)
    network.attempt = ending_in(0.01)
    with pytest.raises(httpcore.ConnectTimeout, match="looked up in time"):
        network.connect_tcp("slow.test", 80)
    released.set()


@pytest.mark.parametrize("failure", [OSError("unknown"), UnicodeError("unknown")], ids=repr)
def test_failed_look_up_is_a_connect_error(
    network: Network, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(httpcore.ConnectError, match="unknown"):
        network.connect_tcp("h.test", 80)


# --- What was sent -------------------------------------------------------------------------------


def test_request_is_sent_only_by_a_write_to_the_service(below: Below) -> None:
    """What goes to a proxy on the way is not the request."""
    network = Network(Attempt(Limits(), 5), handshakes=2)
    stream: httpcore.NetworkStream = Stream(below, network, handshakes=0)
    for _ in range(2):
        stream.write(b"CONNECT")
        assert not network.attempt.sent
        stream = stream.start_tls(CONTEXT, "h")
        assert not network.attempt.sent
    stream.write(b"GET")
    assert network.attempt.sent


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, other = socket.socketpair()
    with ours, other:
        yield ours, other


Pair = tuple[socket.socket, socket.socket]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 413 Too Large\r\n\r\n", b""], ids=["", "closed"])
def test_early_answer_ends_a_streamed_body(network: Network, pair: Pair, answer: bytes) -> None:
    ours, other = pair
    stream = Stream(SyncStream(ours), network, handshakes=0)
    network.attempt.streams_body = True
    stream.write(b"head", 5)
    stream.write(b"chunk", 5)
    if answer:
        other.sendall(answer)
    else:
        other.shutdown(socket.SHUT_WR)
    with pytest.raises(httpcore.WriteError, match="answered before the end"):
        stream.write(b"chunk", 5)
    assert stream.read(1, 5) == answer
    assert other.recv(100) == b"headchunk"


def test_answer_does_not_end_a_request_in_memory(network: Network, pair: Pair) -> None:
    """The bytes may be left from the response to another request; the pool has checked that."""
    ours, other = pair
    stream = Stream(SyncStream(ours), network, handshakes=0)
    other.sendall(b"x")
    for _ in range(2):
        stream.write(b"y", 5)
    assert stream.read(1, 5) == b"x"


# --- Cancellation --------------------------------------------------------------------------------

WAITING_STEPS = ["read", "write", "start_tls", "read within TLS", "start_tls within TLS"]


class Waiting:
    """A thread that reads from or writes to a connection whose peer is silent."""

    def __init__(self, limits: Limits, name: str) -> None:
        ours, self._other = socket.socketpair()
        self._limits = limits
        self.begun = threading.Event()
        if "within TLS" in name:  # as to an https:// proxy
            ours = CONTEXT.wrap_socket(ours, server_hostname="h", do_handshake_on_connect=False)
        self.network = Network(Attempt(limits, 5), handshakes=9)
        self.stream = Stream(SyncStream(ours), self.network, handshakes=0)
        self.outcome: BaseException | bytes | None = None
        steps: dict[str, Callable[[], Any]] = {
            "read": lambda: self.stream.read(1, 600),
            "write": lambda: self.stream.write(bytes(50_000_000), 600),
            "start_tls": lambda: self.stream.start_tls(CONTEXT, "h", 600),
        }
        self._step = steps[name.removesuffix(" within TLS")]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.begun.set()
            self.outcome = self._step()
        except BaseException as error:
            self.outcome = error

    def close(self) -> None:
        self._other.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.stream.close()
        self._other.close()

    def ended_early(self) -> bool:
        """Whether the step ended while the peer was still silent."""
        self.thread.join(5)
        return not self.thread.is_alive()

    def broke_off(self, name: str) -> bool:
        """Whether the step ended as if the peer had closed the connection."""
        if name.startswith("read") and self.outcome == b"":
            return True
        return isinstance(self.outcome, httpcore.NetworkError)


@pytest.mark.parametrize("name", WAITING_STEPS)
def test_cancellation_ends_waiting_steps(name: str) -> None:
    cancellation = Cancellation()
    waiting = [Waiting(Limits(cancellation=cancellation), name) for _ in range(3)]
    while len(cancellation._waiting) < 3 and all(one.thread.is_alive() for one in waiting):
        time.sleep(0.001)
    cancellation.cancel()
    ended = [one.ended_early() for one in waiting]
    for one in waiting:
        one.close()
    assert ended == [True] * 3
    assert all(one.broke_off(name) for one in waiting)
    assert not cancellation._waiting


@pytest.mark.parametrize("name", WAITING_STEPS)
def test_shutting_the_network_down_ends_waiting_steps(name: str) -> None:
    """As when another thread closes the session."""
    waiting = Waiting(Limits(), name)
    waiting.begun.wait()
    time.sleep(0.02)
    waiting.network.shut_down()
    ended = waiting.ended_early()
    waiting.close()
    assert ended
    assert waiting.broke_off(name)


def test_shutting_down_before_or_after_a_connection_is_ignored(
    network: Network, pair: Pair
) -> None:
    network.shut_down()
    stream = Stream(SyncStream(pair[0]), network, handshakes=0)
    stream.close()
    network.shut_down()


@pytest.mark.parametrize("name", ["read", "write", "start_tls"])
def test_no_step_starts_after_a_cancellation(
    name: str, below: Below, network: Network, stream: Stream
) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    step = {"read": (1,), "write": (b"x",), "start_tls": (CONTEXT,)}[name]
    network.attempt = Attempt(Limits(cancellation=cancellation), 5)
    with pytest.raises(Cancelled):
        getattr(stream, name)(*step)
    assert name not in {call[0] for call in below.calls}


def test_cancellation_leaves_idle_connections_open(network: Network, pair: Pair) -> None:
    """By then, another call may use the connection."""
    cancellation = Cancellation()
    ours, other = pair
    stream = Stream(SyncStream(ours), network, handshakes=0)
    network.attempt = Attempt(Limits(cancellation=cancellation), 5)
    stream.write(b"w", 5)
    other.sendall(b"r")
    assert stream.read(1, 5) == b"r"
    cancellation.cancel()
    network.attempt = Attempt(Limits(), 5)
    stream.write(b"x", 5)
    assert other.recv(2) == b"wx"
