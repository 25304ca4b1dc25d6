"""Connections apply a deadline at each step, and otherwise behave as before."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import httpcore
import httpx
import pytest
from httpcore._backends.sync import SyncStream

from bitfount_api._io.deadlines import Cancellation, Cancelled, Limits, apply, install


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

    def connect_unix_socket(self, path: str, timeout: Any = None, options: Any = None) -> Any:
        return self._note("connect_unix_socket", timeout, path, options)

    def sleep(self, seconds: float) -> None:
        self._note("sleep", seconds)

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
        self._note("get_extra_info", info)
        return self.socket


@pytest.fixture
def below() -> Below:
    return Below()


@pytest.fixture
def backend(below: Below) -> httpcore.NetworkBackend:
    with httpx.Client() as client:
        pool: Any = client._transport
        pool._pool._network_backend = below
        install(client)
        made: httpcore.NetworkBackend = pool._pool._network_backend
        return made


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
STEPS: dict[str, tuple[Callable[[Any, Any], Any], type[Exception]]] = {
    "connect_tcp": (lambda b, s: b.connect_tcp("h", 1, s), httpcore.ConnectTimeout),
    "connect_unix_socket": (lambda b, s: b.connect_unix_socket("/p", s), httpcore.ConnectTimeout),
    "read": (lambda b, s: b.connect_tcp("h", 1).read(9, s), httpcore.ReadTimeout),
    "write": (lambda b, s: b.connect_tcp("h", 1).write(b"x", s), httpcore.WriteTimeout),
    "start_tls": (
        lambda b, s: b.connect_tcp("h", 1).start_tls(CONTEXT, "h", s),
        httpcore.ConnectTimeout,
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_step_timeout_is_limited_by_the_deadline(name: str, below: Below, backend: Any) -> None:
    step, _ = STEPS[name]
    for end, timeout, expected in [(None, None, None), (None, 5, 5), (60, 5, 5)]:
        with apply(Limits(None if end is None else time.monotonic() + end)):
            step(backend, timeout)
        assert below.calls[-1][:2] == (name, expected)
    for timeout in (None, 100):
        with apply(Limits(time.monotonic() + 60)):
            step(backend, timeout)
        assert 0 < below.calls[-1][1] <= 60


@pytest.mark.parametrize("name", STEPS)
def test_no_step_starts_after_the_deadline(name: str, below: Below, backend: Any) -> None:
    step, error = STEPS[name]
    if name in ("read", "write", "start_tls"):  # on a connection that was opened before
        stream = backend.connect_tcp("h", 1)
        backend = type("Made", (), {"connect_tcp": lambda *_: stream})()
    below.calls.clear()
    with apply(Limits(time.monotonic() - 1)), pytest.raises(error, match="used up"):
        step(backend, 5)
    assert below.calls == []


def test_other_calls_are_passed_through(below: Below, backend: Any) -> None:
    backend.sleep(0.5)
    stream = backend.connect_tcp("h", 1, None, "l", [(1, 2, 3)])
    assert stream.read(1_000_000) == b"x"
    stream.get_extra_info("socket")
    stream.start_tls(CONTEXT, "h").close()
    assert below.calls == [
        ("sleep", 0.5),
        ("connect_tcp", None, "h", 1, "l", [(1, 2, 3)]),
        ("read", None, 1_000_000),
        ("get_extra_info", "socket"),
        ("start_tls", None, CONTEXT, "h"),
        ("close",),
    ]


def test_reads_are_enlarged(below: Below, backend: Any) -> None:
    backend.connect_tcp("h", 1).read(9)
    assert below.calls[-1] == ("read", None, 256 * 1024)


def test_nested_deadlines_end_with_their_blocks(backend: Any) -> None:
    with apply(Limits(time.monotonic() - 1)):
        with apply(Limits()):
            backend.connect_tcp("h", 1)
        with pytest.raises(httpcore.ConnectTimeout):
            backend.connect_tcp("h", 1)
    backend.connect_tcp("h", 1)


def test_client_with_a_custom_transport_is_unchanged() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        install(client)
        assert client.get("http://h.test").status_code == 200


class Waiting:
    """A thread that reads from or writes to a connection whose peer is silent."""

    def __init__(self, cancellation: Cancellation, name: str) -> None:
        ours, self._other = socket.socketpair()
        if name == "start_tls within TLS":  # as to an https:// proxy
            ours = CONTEXT.wrap_socket(ours, server_hostname="h", do_handshake_on_connect=False)
        self._below = SyncStream(ours)
        with httpx.Client() as client:
            pool: Any = client._transport
            pool._pool._network_backend = Below()
            install(client)
            made = pool._pool._network_backend
        made._backend.connect_tcp = lambda *_: self._below
        self.stream = made.connect_tcp("h", 1)
        self.outcome: BaseException | bytes | None = None
        steps: dict[str, Callable[[], Any]] = {
            "read": lambda: self.stream.read(1, 600),
            "write": lambda: self.stream.write(bytes(50_000_000), 600),
            "start_tls": lambda: self.stream.start_tls(CONTEXT, "h", 600),
            "start_tls within TLS": lambda: self.stream.start_tls(CONTEXT, "h", 600),
        }
        self._step = steps[name]
        self.thread = threading.Thread(target=self._run, args=(cancellation,))
        self.thread.start()

    def _run(self, cancellation: Cancellation) -> None:
        try:
            with apply(Limits(cancellation=cancellation)):
                self.outcome = self._step()
        except BaseException as error:
            self.outcome = error

    def close(self) -> None:
        self.thread.join()
        self.stream.close()
        self._other.close()


@pytest.mark.parametrize("name", ["read", "write", "start_tls", "start_tls within TLS"])
def test_cancellation_ends_waiting_steps(name: str) -> None:
    cancellation = Cancellation()
    waiting = [Waiting(cancellation, name) for _ in range(3)]
    while len(cancellation._waiting) < 3 and all(one.thread.is_alive() for one in waiting):
        time.sleep(0.001)
    cancellation.cancel()
    for one in waiting:
        one.close()
        ended = b"" if name == "read" else httpcore.NetworkError
        assert one.outcome == ended or isinstance(one.outcome, httpcore.NetworkError)
    assert not cancellation._waiting


@pytest.mark.parametrize("name", ["read", "write", "start_tls"])
def test_no_step_starts_after_a_cancellation(name: str, below: Below, backend: Any) -> None:
    stream = backend.connect_tcp("h", 1)
    cancellation = Cancellation()
    cancellation.cancel()
    step = {"read": (1,), "write": (b"x",), "start_tls": (CONTEXT,)}[name]
    with socket.socket() as made, apply(Limits(cancellation=cancellation)):
        below.socket = made
        with pytest.raises(Cancelled):
            getattr(stream, name)(*step)
    assert name not in {call[0] for call in below.calls}


def test_cancellation_leaves_idle_connections_open() -> None:
    """By then, another call may use the connection."""
    cancellation = Cancellation()
    ours, other = socket.socketpair()
    stream = SyncStream(ours)
    with cancellation.shut_down_on_cancel(ours):
        pass
    cancellation.cancel()
    stream.write(b"x")
    assert other.recv(1) == b"x"
    stream.close()
    other.close()
