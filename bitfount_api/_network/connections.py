"""The connections of a session: of all its threads, and of each event loop that uses it."""

from __future__ import annotations

import threading
import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import httpx

from bitfount_api import _discretion
from bitfount_api._network import bounds
from bitfount_api._network.content_encoding import ACCEPTED
from bitfount_api._network.turns import Turns, forget_ended
from bitfount_api.exceptions import RequestException

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

C = TypeVar("C", httpx.Client, httpx.AsyncClient)

_MOST_CALLS = 100
"""Of all threads, and of each event loop. More calls than that wait for their turn."""

_CALLS_OF_A_CLIENT = 5
"""How many of them share a client. httpx looks through all connections of a client again and again
at each call: at 50 calls at a time over one client, one took 3.4 ms, over ten clients 0.4 ms."""

# The turns bound how many connections there are. httpx, left to see to that, would close idle ones
# that it has promised to a call already, and that call would wait for its timeout.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=15.0)


@attrs.frozen
class Settings:
    """How connections are made.

    Args:
        user_agent: What requests say they come from.
        timeout: Seconds to connect, and between two bytes, where a call says nothing else.
        proxy: The URL of a proxy; None for the environment's.
        verify: Whose certificates to trust, as httpx takes it.
        transport: Something else that makes calls, which knows all that by itself.
    """

    user_agent: str
    timeout: float
    proxy: str | None = attrs.field(default=None, repr=False)
    verify: bool | ssl.SSLContext = True
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None


class Connections:
    """Clients of httpx, made when they are needed.

    Args:
        settings: How connections are made.
    """

    def __init__(self, settings: Settings) -> None:
        self.closed = False
        self._settings = settings
        self._verify = settings.verify
        self._turns = Turns(_MOST_CALLS)
        self._lock = threading.Lock()
        self._clients: dict[int, httpx.Client] = {}
        self._of_loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[int, httpx.AsyncClient]
        ] = weakref.WeakKeyDictionary()

    @property
    def makes_sync_calls(self) -> bool:
        """Whether the transport, where one was given, makes calls for any thread."""
        transport = self._settings.transport
        return transport is None or hasattr(transport, "handle_request")

    def turn(self, seconds: float) -> AbstractContextManager[int]:
        """Waits until a thread's call may begin; the transport of a user's is theirs to limit."""
        return self._turns.turn(seconds) if self._settings.transport is None else nullcontext(0)

    def aturn(self, seconds: float) -> AbstractAsyncContextManager[int]:
        """The same for the running event loop."""
        return self._turns.aturn(seconds) if self._settings.transport is None else nullcontext(0)

    def client(self, turn: int) -> httpx.Client:
        """The client for a thread's call that has this turn.

        Raises:
            RequestException: The session is closed, or its settings are not usable.
        """
        number = turn // _CALLS_OF_A_CLIENT
        client = self._clients.get(number)
        if client is None:
            with self._lock:
                client = self._clients.get(number)
                if client is None:
                    client = self._made(httpx.Client, "handle_request")
                    if self._settings.transport is None:
                        bounds.keep(client)
                    self._clients[number] = client
        return client

    def async_client(self, turn: int) -> httpx.AsyncClient:
        """The same in the running event loop: connections cannot leave theirs."""
        import asyncio

        loop = asyncio.get_running_loop()
        number = turn // _CALLS_OF_A_CLIENT
        clients = self._of_loops.get(loop)
        if clients is None or number not in clients:
            with self._lock:
                client = self._made(httpx.AsyncClient, "handle_async_request")
                forget_ended(self._of_loops)  # which nobody left
                clients = self._of_loops.setdefault(loop, {})
                clients[number] = client
        return clients[number]

    def _made(self, kind: Callable[..., C], needed: str) -> C:
        if self.closed:
            raise RequestException("this session is closed; make a new one", sent=False)
        _discretion.install()
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
                    # Once for all of them: reading the certificates takes a sixth of a start.
                    self._verify = httpx.create_ssl_context()
                arguments |= {"proxy": settings.proxy, "verify": self._verify, "limits": _LIMITS}
            elif hasattr(settings.transport, needed):
                arguments["transport"] = settings.transport  # with one, httpx asks for no proxies
            else:
                way = "sync" if needed == "handle_request" else "async"
                raise RequestException(
                    f"the session's transport cannot make {way} calls; give one that can",
                    sent=False,
                )
            return kind(**arguments)
        except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
            # Proxies and certificates of the environment are looked at only now.
            raise RequestException(
                "no connection can be made with these settings of the environment (proxy, "
                f"certificates): {_discretion.tell(str(error))}",
                sent=False,
            ) from None

    def close(self) -> None:
        """Close those of threads, and make no more. Those of event loops: :meth:`leave`."""
        with self._lock:
            self.closed = True
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    async def leave(self) -> None:
        """Close those of the running event loop, which has no more calls to make."""
        import asyncio

        for client in self._of_loops.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()
