"""Ask the operating system what a connection is ready for."""

from __future__ import annotations

import select
from typing import Any


def poll(connection: Any, seconds: float) -> tuple[bool, bool]:
    """Wait until a connection can be read from or written to.

    Args:
        connection: The socket, or another object with its ``fileno()``.
        seconds: How long to wait; 0 only asks.

    Returns:
        Whether it is readable, which a broken or closed one is, and whether it is writable.
    """
    try:
        number = connection.fileno()
        if not hasattr(select, "poll"):  # Windows
            readable, writable, _ = select.select([number], [number], [], seconds)
            return bool(readable), bool(writable)
        poller = select.poll()
        poller.register(number, select.POLLIN | select.POLLOUT)
        events = sum(event for _, event in poller.poll(seconds * 1000))
    except (OSError, ValueError):  # it is closed
        return True, False
    return bool(events & ~select.POLLOUT), bool(events & select.POLLOUT)
