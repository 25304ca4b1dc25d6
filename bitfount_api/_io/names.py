"""Look up host names in threads that can be left behind.

The system's look-up has no time limit and cannot be cancelled. A call that gives up leaves it to
its thread, which ends by itself.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.urls import is_loopback, is_loopback_name

_lock = InterruptibleLock()
_under_way: dict[tuple[str, int], Future[list[str]]] = {}


def _forget() -> None:
    """Forget the threads of the process that forked this one: they do not run here."""
    global _lock, _under_way
    _lock, _under_way = InterruptibleLock(), {}


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget)


def look_up(host: str, port: int) -> Future[list[str]]:
    """Return the future addresses of a host, in the order in which to try them.

    The outcome is an ``OSError`` if the host has no address.
    """
    addresses: Future[list[str]] = Future()
    addresses.set_running_or_notify_cancel()  # who gives up must not cancel it
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        addresses.set_result([host])
        return addresses
    with _lock:
        # All that wait for a name share one thread: it may wait for long.
        if (host, port) in _under_way:
            return _under_way[host, port]
        threading.Thread(
            target=_look_up, args=(host, port, addresses), name="bitfount-api-name", daemon=True
        ).start()
        _under_way[host, port] = addresses
    return addresses


def _look_up(host: str, port: int, addresses: Future[list[str]]) -> None:
    found: list[str] = []
    failure: BaseException | None = None
    try:
        found = _of_this_machine(port) if is_loopback_name(host) else _of_system(host, port)
        if not found:
            failure = OSError(f"{host} has no address")
    except BaseException as error:  # noqa: BLE001 - raised again in the waiting call
        failure = error
    with _lock:
        _under_way.pop((host, port), None)
    if failure is not None:
        addresses.set_exception(failure)
    else:
        addresses.set_result(found)


def _of_this_machine(port: int) -> list[str]:
    """Return the addresses of ``localhost`` and the names below it.

    Services on this machine get credentials without encryption, so no name server may lead to
    another one.
    """
    found: list[str] = []
    with suppress(OSError):
        found = _of_system("localhost", port)
    return [address for address in found if is_loopback(address)] or ["127.0.0.1", "::1"]


def _of_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A dict, since a host may be listed twice.
    return list(dict.fromkeys(_address(entry[4]) for entry in found))


def _address(socket_address: tuple[Any, ...]) -> str:
    host, *rest = socket_address
    # A link-local IPv6 address is valid on one interface only: host, port, flow, interface.
    zone = f"%{rest[2]}" if len(rest) == 3 and rest[2] else ""
    return f"{host}{zone}"
