"""Look up host names in threads that can be left behind.

The system's look-up has no time limit and cannot be cancelled. A call that gives up leaves it to
its thread, which ends by itself.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from concurrent.futures import Future
from typing import Any


def look_up(host: str, port: int) -> Future[list[str]]:
    """Return the future addresses of a host, in the order in which to try them.

    The outcome is an ``OSError`` if the host has no address.
    """
    addresses: Future[list[str]] = Future()
    addresses.set_running_or_notify_cancel()  # who gives up must not cancel it
    try:
        ipaddress.ip_address(host)
    except ValueError:
        threading.Thread(
            target=_look_up, args=(host, port, addresses), name="bitfount-api-name", daemon=True
        ).start()
    else:
        addresses.set_result([host])
    return addresses


def _look_up(host: str, port: int, addresses: Future[list[str]]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not found:
            raise OSError(f"{host} has no address")
        # A dict, since a host may be listed twice.
        addresses.set_result(list(dict.fromkeys(_address(entry[4]) for entry in found)))
    except BaseException as error:  # noqa: BLE001 - raised again in the waiting call
        addresses.set_exception(error)


def _address(socket_address: tuple[Any, ...]) -> str:
    host, *rest = socket_address
    # A link-local IPv6 address is valid on one interface only: host, port, flow, interface.
    zone = f"%{rest[2]}" if len(rest) == 3 and rest[2] else ""
    return f"{host}{zone}"
