"""Deadlines and cancellation of calls.

httpx's timeouts apply to each read or write. A service that sends one byte before each timeout can
therefore keep a caller waiting without end, and a thread blocked in a read notices neither the
failure of another thread nor Ctrl-C. An event loop can handle both, threads cannot. The connections
of threads apply these limits to each step.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import attrs

from bitfount_api._internal.locks import InterruptibleLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cancelled(BaseException):
    """Raised in a flow when a concurrent flow has failed. Never leaves the drivers."""


class Cancellation:
    """Cancels flows that run concurrently in threads, also while they wait for the network."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = InterruptibleLock()
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

    def raise_if_cancelled(self) -> None:
        """Raise if the call has been cancelled.

        Raises:
            Cancelled: If it has been cancelled.
        """
        if self.cancellation is not None:
            self.cancellation.raise_if_cancelled()

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
