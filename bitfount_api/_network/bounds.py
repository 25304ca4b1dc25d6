"""What bounds a sync call while its connection is waited for: a deadline, and a cancellation.

httpx knows how long to wait for the next bytes. A service that sends one at a time, before the wait
is over, keeps a caller for as long as it likes; and a thread that waits hears nothing of another's
failure, or of Ctrl-C. An event loop has means against both, threads have not. So what httpcore
reads and writes goes through here.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import attrs
import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    import httpx

_READ_BYTES = 256 * 1024
"""What is read at a time, where there is so much. httpcore asks for a quarter of it: of 400 MB over
four connections, a quarter of the time went into waking threads for so little."""


class Cancelled(BaseException):
    """A flow beside this one has failed. Never leaves the drivers."""


class Cancellation:
    """Ends flows that run side by side in threads, also while they wait for their connections."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._waiting: set[socket.socket] = set()

    def cancel(self) -> None:
        """End them all."""
        with self._lock:
            self._over.set()
            for connection in self._waiting:
                # Closing would not wake who waits for it; and that of TLS would take away what is
                # being read with.
                with suppress(OSError):  # it is broken already
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def check(self) -> None:
        """Go on, if nobody has cancelled.

        Raises:
            Cancelled: Somebody has.
        """
        if self._over.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is cancelled.

        Raises:
            Cancelled: It is.
        """
        self._over.wait(seconds)
        self.check()

    @contextmanager
    def waiting(self, connection: socket.socket) -> Iterator[None]:
        """Have a connection break when this is cancelled within the block.

        Raises:
            Cancelled: It has been before.
        """
        with self._lock:
            self.check()
            self._waiting.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.discard(connection)


@attrs.frozen
class Bounds:
    """How long a call may wait.

    Args:
        end: The deadline, on the clock of ``time.monotonic``; None for none.
        cancellation: What else may end it; None for nothing.
    """

    end: float | None = None
    cancellation: Cancellation | None = None

    def left(self, timeout: float | None, error: Callable[[str], Exception]) -> float | None:
        """The seconds that a step may take.

        Args:
            timeout: What it may take at most; None for any time.
            error: Makes what is raised if there is no time left.
        """
        if self.end is None:
            return timeout
        left = self.end - time.monotonic()
        if left <= 0:
            raise error("the time allowed for the whole operation is used up")
        return left if timeout is None else min(timeout, left)


_NONE = Bounds()
_bounds: ContextVar[Bounds] = ContextVar("bitfount_api_bounds", default=_NONE)


@contextmanager
def within(bounds: Bounds) -> Iterator[None]:
    """Let what is connected, read and written in the block keep these bounds."""
    token = _bounds.set(bounds)
    try:
        yield
    finally:
        _bounds.reset(token)


def keep(client: httpx.Client) -> None:
    """Have a client's connections keep bounds."""
    for transport in (client._transport, *client._mounts.values()):
        # httpcore takes a backend, but httpx has no argument for it to hand on.
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if isinstance(backend, httpcore.NetworkBackend):
            pool._network_backend = _Backend(backend)  # type: ignore[union-attr]


class _Backend(httpcore.NetworkBackend):
    """Makes connections that keep bounds."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _bounds.get().left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _bounds.get().left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_unix_socket(path, left, socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection that keeps bounds."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        max_bytes = max(max_bytes, _READ_BYTES)
        bounds = _bounds.get()
        left = bounds.left(timeout, httpcore.ReadTimeout)
        if bounds.cancellation is None:
            return self._stream.read(max_bytes, left)
        with bounds.cancellation.waiting(self._socket()):
            return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        bounds = _bounds.get()
        left = bounds.left(timeout, httpcore.WriteTimeout)
        if bounds.cancellation is None:
            self._stream.write(buffer, left)
            return
        with bounds.cancellation.waiting(self._socket()):
            self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounds = _bounds.get()
        left = bounds.left(timeout, httpcore.ConnectTimeout)
        if bounds.cancellation is None:
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))
        # TLS takes the connection out of its socket; another of the same connection reaches it yet.
        # Not by dup(): a socket of TLS, to an https:// proxy, has none.
        ours = self._socket()
        with (
            socket.fromfd(ours.fileno(), ours.family, ours.type, ours.proto) as twin,
            bounds.cancellation.waiting(twin),
        ):
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def _socket(self) -> socket.socket:
        found: socket.socket = self._stream.get_extra_info("socket")
        return found

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
