"""Deadlines and cancellation for sync calls while they wait for the network.

httpx's timeouts apply to each read or write. A service that sends one byte before each timeout can
therefore keep a caller waiting without end, and a thread blocked in a read notices neither the
failure of another thread nor Ctrl-C. An event loop can handle both, threads cannot. The network
backend in this module, which httpcore reads and writes through, handles them for threads.
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
"""The minimum size of a read, in bytes. httpcore asks for a quarter of it: when 400 MB were
transferred over four connections, a quarter of the time went into waking threads for such small
reads."""


class Cancelled(BaseException):
    """Raised in a flow when a concurrent flow has failed. Never leaves the drivers."""


class Cancellation:
    """Cancels flows that run concurrently in threads, also while they wait for the network."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._waiting: set[socket.socket] = set()

    def cancel(self) -> None:
        """Cancel all the flows."""
        with self._lock:
            self._over.set()
            for connection in self._waiting:
                # Closing the socket would not wake a thread that waits for it, and closing a TLS
                # socket would destroy the TLS state that the thread reads with.
                with suppress(OSError):  # the connection is broken already
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def raise_if_cancelled(self) -> None:
        """Raise if the flows have been cancelled.

        Raises:
            Cancelled: If they have been cancelled.
        """
        if self._over.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Wait for the given number of seconds, or until cancelled.

        Raises:
            Cancelled: If the flows are cancelled before or during the wait.
        """
        self._over.wait(seconds)
        self.raise_if_cancelled()

    @contextmanager
    def shut_down_on_cancel(self, connection: socket.socket) -> Iterator[None]:
        """Shut the socket down on cancellation within the block.

        Raises:
            Cancelled: If the flows have already been cancelled.
        """
        with self._lock:
            self.raise_if_cancelled()
            self._waiting.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.discard(connection)


@attrs.frozen
class Limits:
    """The limits of a call: its deadline and its cancellation.

    Args:
        end: Deadline on the ``time.monotonic`` clock; None for no deadline.
        cancellation: Cancellation of the call; None if the call cannot be cancelled.
    """

    end: float | None = None
    cancellation: Cancellation | None = None

    def remaining(self, timeout: float | None, error: Callable[[str], Exception]) -> float | None:
        """Return the number of seconds a step may take; None for no limit.

        Args:
            timeout: Maximum number of seconds for the step; None for no maximum.
            error: Exception class, or factory, for an exceeded deadline.
        """
        if self.end is None:
            return timeout
        left = self.end - time.monotonic()
        if left <= 0:
            raise error("the time allowed for the whole operation is used up")
        return left if timeout is None else min(timeout, left)


_NO_LIMITS = Limits()
_limits: ContextVar[Limits] = ContextVar("bitfount_api_bounds", default=_NO_LIMITS)


@contextmanager
def apply(bounds: Limits) -> Iterator[None]:
    """Apply the bounds to everything that is connected, read and written within the block."""
    token = _limits.set(bounds)
    try:
        yield
    finally:
        _limits.reset(token)


def install(client: httpx.Client) -> None:
    """Make the connections of a client respect the current bounds."""
    for transport in (client._transport, *client._mounts.values()):
        # httpcore accepts a network backend, but httpx has no argument to pass one on.
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if isinstance(backend, httpcore.NetworkBackend):
            pool._network_backend = _LimitedBackend(backend)  # type: ignore[union-attr]


class _LimitedBackend(httpcore.NetworkBackend):
    """A network backend whose connections respect the current bounds."""

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
        left = _limits.get().remaining(timeout, httpcore.ConnectTimeout)
        return _LimitedStream(
            self._backend.connect_tcp(host, port, left, local_address, socket_options)
        )

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _limits.get().remaining(timeout, httpcore.ConnectTimeout)
        return _LimitedStream(self._backend.connect_unix_socket(path, left, socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _LimitedStream(httpcore.NetworkStream):
    """A connection that respects the current bounds."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        max_bytes = max(max_bytes, _READ_BYTES)
        bounds = _limits.get()
        left = bounds.remaining(timeout, httpcore.ReadTimeout)
        if bounds.cancellation is None:
            return self._stream.read(max_bytes, left)
        with bounds.cancellation.shut_down_on_cancel(self._socket()):
            return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        bounds = _limits.get()
        left = bounds.remaining(timeout, httpcore.WriteTimeout)
        if bounds.cancellation is None:
            self._stream.write(buffer, left)
            return
        with bounds.cancellation.shut_down_on_cancel(self._socket()):
            self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounds = _limits.get()
        left = bounds.remaining(timeout, httpcore.ConnectTimeout)
        if bounds.cancellation is None:
            return _LimitedStream(self._stream.start_tls(ssl_context, server_hostname, left))
        # start_tls detaches the socket object, so a second one for the same connection is needed
        # to shut the connection down. Not by dup(): a TLS socket (an https:// proxy's) has none.
        ours = self._socket()
        with (
            socket.fromfd(ours.fileno(), ours.family, ours.type, ours.proto) as twin,
            bounds.cancellation.shut_down_on_cancel(twin),
        ):
            return _LimitedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def _socket(self) -> socket.socket:
        found: socket.socket = self._stream.get_extra_info("socket")
        return found

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
