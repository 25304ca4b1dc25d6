"""A server whose connections are handled by a function of a test, and a proxy made of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import attrs

Handle = Callable[[socket.socket], object]


@attrs.define(eq=False)
class SocketServer:
    """A server on a local socket; each connection is handled in a thread.

    Args:
        handle: Function that handles a connection. The connection is closed afterwards.
        context: TLS settings; None for no TLS.
    """

    handle: Handle
    context: ssl.SSLContext | None = None
    connections: int = 0
    _listener: socket.socket = attrs.field(factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: set[socket.socket] = attrs.field(factory=set)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://{self.address}"

    def __enter__(self) -> SocketServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # no longer listening
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with contextlib.suppress(OSError):
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.handle(connection)


def read_head(connection: socket.socket) -> bytes:
    """Return the head of a request, without what follows it; empty at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def tunnel(connection: socket.socket) -> None:
    """Handle a connection as a proxy does: open a tunnel for ``CONNECT``."""
    method, target, _ = read_head(connection).split(b" ", 2)
    assert method == b"CONNECT"
    host, _, port = target.decode().rpartition(":")
    with socket.create_connection((host, int(port))) as upstream:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for _ in pump(connection, upstream):
            pass


def pump(one: socket.socket, other: socket.socket) -> Iterator[None]:
    """Copy bytes in both directions until one side ends."""

    def copy() -> None:
        with contextlib.suppress(OSError):
            while data := other.recv(65536):
                one.sendall(data)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=copy, daemon=True)
    back.start()
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
            yield
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
    back.join(10)
