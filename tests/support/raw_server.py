"""A server on a raw socket: refuses and breaks connections, sends invalid HTTP, or forwards."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal

import attrs


@attrs.frozen
class Act:
    """An action on a request, instead of forwarding it.

    Args:
        answer: Raw bytes to send.
        read: Number of bytes of the request's body to read first; None for the whole body.
        end: Whether the connection is then closed, reset, or kept open without further bytes.
    """

    answer: bytes = b""
    read: int | None = None
    end: Literal["close", "reset", "hold"] = "close"


Plan = Callable[[str, str], Act | None]
"""Returns the action on a request with a method and path; None to forward it."""


@attrs.define(eq=False)
class RawServer:
    """A server on a local socket.

    Args:
        upstream: Host and port to forward requests to, each over a new connection.
        plan: Function that returns the action for a request.
        refuse: Whether connections are refused, for a moment or for ever.
        after: Number of requests that are forwarded before connections are refused.
        moment: Duration of a moment, in seconds.
    """

    upstream: tuple[str, int] | None = None
    plan: Plan = attrs.field(default=lambda _method, _path: None)
    refuse: Literal["never", "moment", "ever"] = "never"
    after: int = 0
    moment: float = 0.02
    seen: list[tuple[str, str]] = attrs.field(factory=list)
    connections: int = 0
    _listener: socket.socket = attrs.field(init=False)
    _open: set[socket.socket] = attrs.field(factory=set)
    _threads: list[threading.Thread] = attrs.field(factory=list)
    _released: threading.Event = attrs.field(factory=threading.Event)
    _ended: bool = False

    def __attrs_post_init__(self) -> None:
        # A port that was bound by number stays reserved while no socket listens on it.
        for _ in range(100):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                listener.close()
                continue
            self._listener = listener
            break

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- Its life --------------------------------------------------------------------------------

    def __enter__(self) -> RawServer:
        if self.refuse != "never" and self.after == 0:
            self._reopen_later()
        else:
            self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
        self._listener.close()

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name="raw-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        self._listener.listen(64)
        self._start(self._accept)

    def _reopen_later(self) -> None:
        if self.refuse == "moment":
            self._start(self._reopen)

    def _reopen(self) -> None:
        self._released.wait(self.moment)
        if not self._ended:
            self._listen()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # no longer listening
                return
            self.connections += 1
            self._open.add(connection)
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    # --- A connection ----------------------------------------------------------------------------

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile("rb") as reader:
            for method, path, headers in _heads(reader):
                self.seen.append((method, path))
                act = self.plan(method, path)
                length = int(headers.get("content-length", "0"))
                if act is not None:
                    self._do(act, connection, reader, length)
                    break
                answer = self._passed_on(method, path, headers, reader.read(length))
                if self.refuse != "never" and len(self.seen) == self.after:
                    self._listener.shutdown(socket.SHUT_RDWR)
                    self._reopen_later()
                connection.sendall(answer)
                break
        self._open.discard(connection)
        connection.close()

    def _do(self, act: Act, connection: socket.socket, reader: BinaryIO, length: int) -> None:
        if act.read is not None:
            reader.read(min(act.read, length))
            _reset(connection)
            return
        reader.read(length)
        connection.sendall(act.answer)
        if act.end == "hold":
            self._released.wait(60)
        elif act.end == "reset":
            _reset(connection)

    def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        assert self.upstream is not None, "there is no upstream to forward the request to"
        connection = http.client.HTTPConnection(*self.upstream, timeout=30)
        try:
            connection.request(method, path, body, {**headers, "connection": "close"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        kept = [
            f"{name}: {value}\r\n"
            for name, value in response.getheaders()
            if name.lower() not in ("connection", "content-length", "transfer-encoding")
        ]
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n{''.join(kept)}connection: close"
        length = f"\r\ncontent-length: {len(content)}" if response.status != 204 else ""
        return f"{head}{length}\r\n\r\n".encode("latin-1") + content


def _heads(reader: BinaryIO) -> Iterator[tuple[str, str, dict[str, str]]]:
    while line := reader.readline():
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        yield method, path, headers


def _reset(connection: socket.socket) -> None:
    # SO_LINGER with zero seconds discards unsent data and sends an RST on close.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
