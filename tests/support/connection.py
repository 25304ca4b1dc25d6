"""Connections and credentials for the drivers, over a transport that a test implements."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import httpx

from bitfount_api._core.effects import Flow
from bitfount_api._io.async_driver import run_async
from bitfount_api._io.driver import Timing
from bitfount_api._io.sync_driver import run

Handler = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class FakeConnection:
    """Connections whose responses come from a function, and credentials that count renewals."""

    def __init__(self, handler: Handler, *, timeout: float = 5.0) -> None:
        self.timeout = timeout
        self.requests: list[httpx.Request] = []
        self.renewals = 0
        self.closed = False
        self._handler = handler
        self._client: httpx.Client | None = None
        self._async_client: httpx.AsyncClient | None = None

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request)
        assert isinstance(answer, httpx.Response)
        return answer

    async def _ahandle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request)
        return await answer if inspect.isawaitable(answer) else answer

    def client(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(transport=httpx.MockTransport(self._handle))
        return self._client

    def async_client(self) -> httpx.AsyncClient:
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(transport=httpx.MockTransport(self._ahandle))
        return self._async_client

    @contextlib.contextmanager
    def lease(self, _: float) -> Iterator[httpx.Client]:
        yield self.client()

    @contextlib.asynccontextmanager
    async def alease(self, _: float) -> AsyncIterator[httpx.AsyncClient]:
        yield self.async_client()

    def headers(self, audience: str, refused: Mapping[str, str] | None) -> Mapping[str, str]:
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
