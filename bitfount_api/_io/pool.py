"""The connections of a session: one set for all threads, and one for each event loop."""

from __future__ import annotations

import threading
import weakref
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import httpx

from bitfount_api._core import redaction
from bitfount_api._io import deadlines
from bitfount_api._io.capacity import CapacityLimiter, drop_closed_loops
from bitfount_api._io.decoders import ACCEPTED
from bitfount_api.exceptions import RequestException

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator

C = TypeVar("C", httpx.Client, httpx.AsyncClient)

DEFAULT_TIMEOUT = 30.0
"""Seconds to connect, and between two bytes of a response."""

_MAX_CONCURRENT_CALLS = 100
"""The maximum number of concurrent calls of all threads, and of each event loop. Further calls wait
until one has ended."""

_CALLS_PER_CLIENT = 5
"""The number of concurrent calls that share a client. httpx scans all connections of a client
several times per call: with 50 concurrent calls, a call took 3.4 ms over one client and 0.4 ms over
ten."""

# CapacityLimiter limits the number of connections. httpx, by its own limit, would close idle ones
# that it has already assigned to a call, and that call would wait until it times out.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=15.0)


@attrs.frozen
class ConnectionSettings:
    """Settings for connections.

    Args:
        user_agent: Value of the ``user-agent`` header.
        timeout: Default timeout in seconds, to connect and between two bytes.
        proxy: URL of a proxy; None for the environment's.
        verify: Certificates to trust, as for httpx's ``verify``.
        transport: Custom httpx transport, which brings its own proxy and certificates.
    """

    user_agent: str
    timeout: float = DEFAULT_TIMEOUT
    proxy: str | None = attrs.field(default=None, repr=False)
    verify: bool | ssl.SSLContext = True
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None


class ClientPool:
    """httpx clients, created on first use.

    Args:
        settings: Settings for the connections.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.closed = False
        self._settings = settings
        self._verify = settings.verify
        self._limiter = CapacityLimiter(_MAX_CONCURRENT_CALLS)
        self._lock = threading.Lock()
        self._clients: dict[int, httpx.Client] = {}
        self._of_loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[int, httpx.AsyncClient]
        ] = weakref.WeakKeyDictionary()

    @property
    def makes_sync_calls(self) -> bool:
        """Whether sync calls are possible; a custom transport may support only async ones."""
        transport = self._settings.transport
        return transport is None or hasattr(transport, "handle_request")

    @property
    def timeout(self) -> float:
        """Default timeout in seconds, to connect and between two bytes."""
        return self._settings.timeout

    @contextmanager
    def lease(self, seconds: float) -> Iterator[httpx.Client]:
        """Wait until this thread's call may begin, and return its client for the block.

        Args:
            seconds: Maximum number of seconds to wait. Calls of a custom transport are not limited,
                and never wait.

        Raises:
            httpx.PoolTimeout: If too many calls are in progress.
            RequestException: If the pool is closed, or its settings are not usable.
        """
        custom = self._settings.transport is not None
        with nullcontext(0) if custom else self._limiter.acquire(seconds) as slot:
            yield self._client(slot // _CALLS_PER_CLIENT)

    @asynccontextmanager
    async def alease(self, seconds: float) -> AsyncIterator[httpx.AsyncClient]:
        """:meth:`lease` for the running event loop."""
        custom = self._settings.transport is not None
        async with nullcontext(0) if custom else self._limiter.acquire_async(seconds) as slot:
            yield self._async_client(slot // _CALLS_PER_CLIENT)

    def _client(self, number: int) -> httpx.Client:
        client = self._clients.get(number)
        if client is None:
            with self._lock:
                client = self._clients.get(number)
                if client is None:
                    client = self._build(httpx.Client, "handle_request")
                    if self._settings.transport is None:
                        deadlines.install(client)
                    self._clients[number] = client
        return client

    def _async_client(self, number: int) -> httpx.AsyncClient:
        import asyncio

        # Connections are bound to their event loop, so each loop has its own clients.
        loop = asyncio.get_running_loop()
        clients = self._of_loops.get(loop)
        if clients is None or number not in clients:
            with self._lock:
                client = self._build(httpx.AsyncClient, "handle_async_request")
                drop_closed_loops(self._of_loops)  # loops that ended without aclose_loop()
                clients = self._of_loops.setdefault(loop, {})
                clients[number] = client
        return clients[number]

    def _build(self, kind: Callable[..., C], needed: str) -> C:
        if self.closed:
            raise RequestException("this session is closed; make a new one", sent=False)
        redaction.install_log_filters()
        settings = self._settings
        arguments: dict[str, Any] = {
            "headers": {
                "user-agent": settings.user_agent,
                "accept": "*/*",
                "accept-encoding": ACCEPTED,
            },
            "follow_redirects": False,
            "timeout": settings.timeout,
        }
        try:
            if settings.transport is None:
                if self._verify is True:
                    # Shared by all clients: loading the certificates takes a sixth of the start-up
                    # time.
                    self._verify = httpx.create_ssl_context()
                arguments |= {"proxy": settings.proxy, "verify": self._verify, "limits": _LIMITS}
            elif hasattr(settings.transport, needed):
                arguments["transport"] = settings.transport  # httpx then ignores proxy settings
            else:
                way = "sync" if needed == "handle_request" else "async"
                raise RequestException(
                    f"the session's transport cannot make {way} calls; pass one that can",
                    sent=False,
                )
            return kind(**arguments)
        except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
            # httpx reads the environment's proxies and certificates only when it makes a client.
            raise RequestException(
                "the settings of the environment (proxy, certificates) cannot be used: "
                f"{redaction.redact(str(error))}",
                sent=False,
            ) from None

    def close(self) -> None:
        """Close the clients of threads and create no more; see :meth:`aclose_loop` for loops."""
        with self._lock:
            self.closed = True
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    async def aclose_loop(self) -> None:
        """Close the clients of the running event loop."""
        import asyncio

        for client in self._of_loops.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()
