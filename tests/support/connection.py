"""Connections and credentials for the drivers, over a transport that a test implements."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

import httpx

from bitfount_api._core.effects import Flow, Service
from bitfount_api._internal.urls import Origin
from bitfount_api._io.async_driver import run_async
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.driver import AsyncConnection, SyncConnection, Timing
from bitfount_api._io.sync_driver import run
from bitfount_api._io.transports import AsyncTransportPool, TransportPool

Handler = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class FakeConnection:
    """Connections whose responses come from a function, and credentials that count renewals.

    The calls are made as with a session's custom transport.
    """

    user_agent = "bitfount-api/test"

    def __init__(self, handler: Handler, *, timeout: float = 5.0) -> None:
        self.timeout = timeout
        self.requests: list[httpx.Request] = []
        self.renewals = 0
        self.closed = False
        self.pool = TransportPool(httpx.MockTransport(self._handle))
        self.async_pool = AsyncTransportPool(httpx.MockTransport(self._ahandle))
        self._handler = handler

    def proxy_for(self, origin: Origin) -> str | None:
        return None

    def check_encrypted(self, service: Service) -> None:
        """Allow every service."""

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request)
        assert isinstance(answer, httpx.Response)
        return answer

    async def _ahandle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request)
        return await answer if inspect.isawaitable(answer) else answer

    def lease(self, origin: Origin, attempt: Attempt) -> AbstractContextManager[SyncConnection]:
        return self.pool.lease(origin, attempt)

    def alease(
        self, origin: Origin, attempt: Attempt
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.async_pool.lease(origin, attempt)

    @property
    def usable(self) -> bool:
        return True

    def headers(
        self, audience: str, refused: Mapping[str, str] | None, seconds: float | None = None
    ) -> Mapping[str, str]:
        current = {"authorization": f"Bearer {audience}-{self.renewals}"}
        if refused == current:
            self.renewals += 1
            return self.headers(audience, None)
        return current

    async def aheaders(self, audience: str, refused: Mapping[str, str] | None) -> Mapping[str, str]:
        await asyncio.sleep(0)
        return self.headers(audience, refused)


def run_blocking(flow: Flow[Any], connection: Any, timing: Timing | None = None) -> Any:
    """Run a flow in this thread."""
    return run(flow, connection, connection, timing)


def run_in_loop(flow: Flow[Any], connection: Any, timing: Timing | None = None) -> Any:
    """Run a flow in a new event loop."""
    return asyncio.run(run_async(flow, connection, connection, timing))


RUNNERS = [run_blocking, run_in_loop]
