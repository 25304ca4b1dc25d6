"""Ctrl-C and SIGTERM, at once, also while threads wait for the network."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN_SECONDS: Final = 0.2
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Have a signal end the connections too.

    A signal reaches the main thread alone. Threads that wait for a service that is silent would
    notice when their time is up, and until then nothing could be put back in order.
    """
    before: dict[signal.Signals, Any] = {}
    over = threading.Event()

    def stop(number: int, frame: Any) -> None:
        threading.Thread(target=_end_connections, args=[over], daemon=True).start()
        before[signal.Signals(number)](number, frame)

    for number in _SIGNALS:
        current = signal.getsignal(number)
        if callable(current):  # and not ignored, as by a shell for what it runs behind the scenes
            with contextlib.suppress(ValueError):  # in another thread than the main one
                signal.signal(number, stop)
                before[number] = current
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_connections(over: threading.Event) -> None:
    """End all connections of this process: whoever waits for one is told that it broke.

    And again, until it is over: a thread may have been about to make one.
    """
    while not over.is_set():
        # httpx does not tell which sockets it has; the garbage collector knows them all.
        for found in gc.get_objects():
            if issubclass(type(found), socket.socket):
                with contextlib.suppress(OSError):  # which is not connected
                    found.getpeername()
                    found.shutdown(socket.SHUT_RDWR)
        over.wait(_AGAIN_SECONDS)
