"""Serve the sandbox's applications on their ports from one thread."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bitfount_api.sandbox.faults import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

LOCALHOST = "localhost"
"""The host that official SDKs send credentials to in the environment ``dev``."""

_ATTEMPTS = 20
_GRACE_SECONDS = 1
_START_SECONDS = 30


class PortTakenError(OSError):
    """A port that the sandbox should listen on is in use."""


class _Protocol(H11Protocol):
    """HTTP protocol that passes the connection to the application, to inject faults."""

    def connection_made(  # type: ignore[override] # of the same kind in both event loops
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        app: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, TRANSPORT: transport}, receive, send)

        self.app = with_transport


def listen(host: str, port: int, what: str) -> socket.socket:
    """Return a listening socket; port 0 selects a free port.

    Raises:
        PortTakenError: If the port is in use, or this user may not bind it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets that name TCP as their protocol; otherwise each
    # response body waits 40 ms for the acknowledgement of its headers.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is in use" if error.errno == errno.EADDRINUSE else "is not permitted"
            raise PortTakenError(
                f"port {port} on {host}, for {what}, {why}: choose another, or 0 for a free port"
            ) from None
        raise
    listener.listen(512)
    return listener


def listen_everywhere(host: str, port: int, what: str) -> list[socket.socket]:
    """Return the listening sockets of a host, all with one port; port 0 selects a free port.

    For ``localhost``, these are the loopback addresses of IPv4 and, where it is available, of IPv6:
    clients may try either first, and must not find another program there.

    Raises:
        PortTakenError: If the port is in use on one of the addresses, or this user may not bind it.
    """
    if host != LOCALHOST:
        return [listen(host, port, what)]
    attempts = 1 if port else _ATTEMPTS
    while True:
        attempts -= 1
        first = listen("127.0.0.1", port, what)
        try:
            return [first, listen("::1", first.getsockname()[1], what)]
        except PortTakenError:
            first.close()
            if attempts == 0:
                raise
        except OSError:  # this machine has no IPv6
            return [first]


class Servers:
    """A thread that serves applications, each on its own socket.

    Args:
        apps: Applications and their sockets; the sockets are closed when serving stops.
    """

    def __init__(self, apps: Sequence[tuple[ASGIApp, Sequence[socket.socket]]]) -> None:
        self._servers = [(_server(app), list(listeners)) for app, listeners in apps]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="bitfount-sandbox", daemon=True)

    def start(self) -> None:
        """Start serving, and return when all applications are ready."""
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the sandbox's services did not start")

    def stop(self) -> None:
        """Wait at most one second for requests to end, then stop; no-op if not started."""
        for server, _ in self._servers:
            server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve_all())

    async def _serve_all(self) -> None:
        serving = [
            asyncio.create_task(server.serve(sockets=listeners))
            for server, listeners in self._servers
        ]
        # uvicorn offers no event for "started".
        while not all(server.started for server, _ in self._servers):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self._ready.set()
        await asyncio.gather(*serving)


def _server(app: ASGIApp) -> uvicorn.Server:
    settings: Mapping[str, Any] = {
        "http": _Protocol,
        # uvicorn before 0.38 finds this out with a function that Python 3.14 deprecates.
        "interface": "asgi3",
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": 60,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
    return uvicorn.Server(uvicorn.Config(app, **settings))
