"""The connections of a session: one pool for all threads, and one for each event loop."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from bitfount_api import config
from bitfount_api._core import redaction
from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.urls import is_loopback, origin
from bitfount_api._io.routes import Routes
from bitfount_api._io.sync_pool import SyncPool
from bitfount_api.exceptions import RequestException

if TYPE_CHECKING:
    import asyncio
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from bitfount_api._core.effects import Service
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.async_pool import AsyncConnection, AsyncPool
    from bitfount_api._io.attempt import Attempt
    from bitfount_api._io.settings import ConnectionSettings
    from bitfount_api._io.sync_pool import SyncConnection
    from bitfount_api._io.transports import (
        AsyncTransportConnection,
        AsyncTransportPool,
        TransportConnection,
        TransportPool,
    )

MAX_CONNECTIONS = 100
"""The maximum number of concurrent calls of all threads, and of each event loop. Further calls wait
until one has ended."""


_inherited: list[object] = []


class Connections:
    """Connections, opened when they are first needed.

    Args:
        settings: Settings for the connections.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.closed = False
        self.settings = settings
        self._routes = Routes(settings.proxies, settings.trust)
        self._lock = InterruptibleLock()
        self._process = os.getpid()
        self._of_threads: SyncPool | TransportPool | None = None
        self._of_loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, AsyncPool | AsyncTransportPool
        ] = weakref.WeakKeyDictionary()

    @property
    def timeout(self) -> float:
        """Default timeout in seconds, to connect and between two bytes."""
        return self.settings.timeout

    @property
    def user_agent(self) -> str:
        """Value of the ``user-agent`` header."""
        return self.settings.user_agent

    @property
    def makes_sync_calls(self) -> bool:
        """Whether sync calls are possible; a custom transport may support only async ones."""
        transport = self.settings.transport
        return transport is None or hasattr(transport, "handle_request")

    def proxy_for(self, origin: Origin) -> str | None:
        """Return the URL of the proxy for an origin, without user name and password."""
        if self.settings.transport is not None:
            return None
        proxy = self._routes.proxy(origin)
        return None if proxy is None else proxy.url

    def check_encrypted(self, service: Service) -> None:
        """Check that nobody else on the network can read the secrets sent to a service.

        Raises:
            ValueError: Others could, and the settings do not allow it.
        """
        url = httpx.URL(service.url)
        if url.scheme == "https":
            return
        proxy = None
        if is_loopback(url.raw_host.decode("ascii")):
            with suppress(RequestException):  # a request will raise it
                proxy = self.proxy_for(origin(url))
            if proxy is None or is_loopback(httpx.URL(proxy).host):
                return
        allowed = self.settings.allow_insecure
        if config.allow_insecure() if allowed is None else allowed:
            return
        if proxy is not None:
            raise ValueError(
                f"{service.name} is on this machine, but the credentials would be sent to the "
                f"proxy {proxy} without encryption: add the host to NO_PROXY"
            )
        raise ValueError(
            f"the URL of {service.name} must begin with https://, since others on the network "
            "could read the credentials; to send them without encryption, pass "
            "allow_insecure=True to BitfountSession, or set BITFOUNT_ALLOW_INSECURE=1"
        )

    def certificates(self) -> list[str]:
        """Load the certificates, and return the places that they come from."""
        return [] if self.settings.transport is not None else self._routes.certificates()

    def lease(
        self, origin: Origin, attempt: Attempt
    ) -> AbstractContextManager[SyncConnection | TransportConnection]:
        """Return a context manager with a connection for one call of this thread.

        Args:
            origin: The origin to connect to.
            attempt: The attempt, whose timeout is also the time to wait for a free connection.

        Raises:
            httpcore.PoolTimeout: If too many calls are in progress.
            RequestException: If the connections are closed, or the settings are not usable.
        """
        self._raise_if_closed()
        self._forget_inherited()
        pool = self._of_threads
        if pool is None:
            with self._lock:
                pool = self._of_threads = self._of_threads or self._sync_pool()
        return pool.lease(origin, attempt)

    def _sync_pool(self) -> SyncPool | TransportPool:
        redaction.install_log_filters()
        if self.settings.transport is None:
            return SyncPool(self._routes, MAX_CONNECTIONS)
        from bitfount_api._io.transports import TransportPool

        return TransportPool(self.settings.transport)

    def alease(
        self, origin: Origin, attempt: Attempt
    ) -> AbstractAsyncContextManager[AsyncConnection | AsyncTransportConnection]:
        """:meth:`lease` for the running event loop."""
        import asyncio

        self._raise_if_closed()
        self._forget_inherited()
        loop = asyncio.get_running_loop()
        pool = self._of_loops.get(loop)
        if pool is None:
            pool = self._async_pool()
            with self._lock:
                # Loops may end without a call of aclose_loop().
                _drop_closed_loops(self._of_loops)
                self._of_loops[loop] = pool
        return pool.lease(origin, attempt)

    def _async_pool(self) -> AsyncPool | AsyncTransportPool:
        redaction.install_log_filters()
        if self.settings.transport is None:
            from bitfount_api._io.async_pool import AsyncPool

            return AsyncPool(self._routes, MAX_CONNECTIONS)
        from bitfount_api._io.transports import AsyncTransportPool

        return AsyncTransportPool(self.settings.transport)

    def _forget_inherited(self) -> None:
        """Do not use the connections of the process that forked this one."""
        if self._process != os.getpid():
            # They are not closed either: the other process uses them, and its event loops.
            _inherited.append((self._of_threads, self._of_loops))
            self._lock = InterruptibleLock()  # another thread may have held it
            self._process, self._of_threads = os.getpid(), None
            self._of_loops = weakref.WeakKeyDictionary()

    def _raise_if_closed(self) -> None:
        if self.closed:
            raise RequestException("this session is closed; make a new one", sent=False)

    def close(self) -> None:
        """Close the connections of threads and open no more; :meth:`aclose_loop` closes a loop's.

        Calls in progress fail.
        """
        with self._lock:
            self.closed = True
        if self._of_threads is not None:
            self._of_threads.close()

    async def aclose_loop(self) -> None:
        """Close the connections of the running event loop."""
        import asyncio

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # under trio, which can have no connections
        pool = self._of_loops.pop(loop, None)
        if pool is not None:
            await pool.aclose()


def _drop_closed_loops(
    of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any],
) -> None:
    """Remove the entries of closed event loops, whose values may keep the loop itself alive."""
    for reference in of_loops.keyrefs():
        loop = reference()
        if loop is not None and loop.is_closed():
            of_loops.pop(loop, None)
