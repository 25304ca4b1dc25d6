"""The connections of one event loop of a session."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import httpcore

from bitfount_api._io.async_network import AsyncNetwork
from bitfount_api._io.pooled_connection import (
    IdleConnections,
    PooledConnection,
    to_httpcore,
    to_response,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.attempt import Attempt
    from bitfount_api._io.routes import Route, Routes


class AsyncConnection(PooledConnection[AsyncNetwork, httpcore.AsyncConnectionInterface]):
    """A connection to one origin, for one call at a time.

    Args:
        route: The way to the origin.
        attempt: The attempt that the connection is opened for.
    """

    def __init__(self, route: Route, attempt: Attempt) -> None:
        network = AsyncNetwork(attempt, route.handshakes)
        super().__init__(network, route.async_connection(network))

    @asynccontextmanager
    async def exchange(
        self, request: HTTPRequest, body: AsyncIterable[bytes] | None
    ) -> AsyncIterator[tuple[HTTPResponse, AsyncIterable[bytes]]]:
        """Send a request, and yield the response and the chunks of its raw body.

        Args:
            request: The request.
            body: The streamed body; None to send the request's content.
        """
        attempt = self._network.attempt
        try:
            received = await self._connection.handle_async_request(
                to_httpcore(request, body, attempt)
            )
            # A generator that is not read to its end has to be closed: by itself, it would be
            # closed by a task of its own, which outlives the call.
            stream = cast("AsyncIterable[bytes]", received.stream)
            chunks = cast("AsyncGenerator[bytes]", aiter(stream))
            try:
                yield to_response(received, request), chunks
            finally:
                await chunks.aclose()
                await received.aclose()
        except BaseException:
            await self.aclose()
            raise
        if not attempt.end.is_clean(request.method, received.status, received.headers):
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        try:
            await self._connection.aclose()
        finally:
            self._network.close()


class AsyncPool:
    """The connections of one event loop; see :class:`bitfount_api._io.sync_pool.SyncPool`.

    Args:
        routes: The ways to services.
        limit: Maximum number of concurrent calls.
    """

    def __init__(self, routes: Routes, limit: int) -> None:
        self._routes = routes
        self._places = asyncio.Semaphore(limit)
        self._idle: IdleConnections[AsyncConnection] = IdleConnections(limit)
        self._active: set[AsyncConnection] = set()
        self._closed = False

    @asynccontextmanager
    async def lease(self, origin: Origin, attempt: Attempt) -> AsyncIterator[AsyncConnection]:
        """Wait for a free place, and hold a connection for the block.

        Raises:
            httpcore.PoolTimeout: If too many calls are in progress.
            RequestException: If the settings of the environment cannot be used.
        """
        await self._take_place(attempt.timeout)
        connection = None
        try:
            connection = await self._take_idle(origin, attempt)
            if connection is None:
                connection = AsyncConnection(await self._find_route(origin), attempt)
            self._active.add(connection)
            if self._closed:
                raise httpcore.NetworkError("the session was closed")
            yield connection
        finally:
            try:
                if connection is not None:
                    await self._give_back(origin, connection)
            finally:
                self._places.release()

    async def _take_place(self, seconds: float) -> None:
        if not self._places.locked():
            await self._places.acquire()  # without a timer
            return
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            raise httpcore.PoolTimeout("too many calls are in progress") from None

    async def _find_route(self, origin: Origin) -> Route:
        if self._routes.loads_certificates(origin):
            return await asyncio.to_thread(self._routes.find, origin)
        return self._routes.find(origin)

    async def _take_idle(self, origin: Origin, attempt: Attempt) -> AsyncConnection | None:
        while (connection := self._idle.take(origin)) is not None:
            if connection.begin(attempt):
                return connection
            await connection.aclose()
        return None

    async def _give_back(self, origin: Origin, connection: AsyncConnection) -> None:
        self._active.discard(connection)
        for unused in self._idle.put(origin, connection) if connection.end() else [connection]:
            await unused.aclose()

    async def aclose(self) -> None:
        """Close all connections. Calls in progress fail."""
        self._closed = True
        for connection in self._idle.close():
            await connection.aclose()
        for connection in list(self._active):
            connection.shut_down()
