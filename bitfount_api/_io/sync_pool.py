"""The connections of all threads of a session."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import httpcore

from bitfount_api._io.capacity import Capacity, Place
from bitfount_api._io.pooled_connection import (
    IdleConnections,
    PooledConnection,
    to_httpcore,
    to_response,
)
from bitfount_api._io.sync_network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.attempt import Attempt
    from bitfount_api._io.routes import Route, Routes


class SyncConnection(PooledConnection[Network, httpcore.ConnectionInterface]):
    """A connection to one origin, for one call at a time.

    Args:
        route: The way to the origin.
        attempt: The attempt that the connection is opened for.
    """

    def __init__(self, route: Route, attempt: Attempt) -> None:
        network = Network(attempt, route.handshakes)
        super().__init__(network, route.connection(network))

    @contextmanager
    def exchange(
        self, request: HTTPRequest, body: Iterable[bytes] | None
    ) -> Iterator[tuple[HTTPResponse, Iterable[bytes]]]:
        """Send a request, and yield the response and the chunks of its raw body.

        Args:
            request: The request.
            body: The streamed body; None to send the request's content.
        """
        attempt = self._network.attempt
        try:
            received = self._connection.handle_request(to_httpcore(request, body, attempt))
            with closing(received):
                yield to_response(received, request), received.stream  # type: ignore[misc]
        except BaseException:
            # Also after an interruption, which may have left httpcore in any state.
            self.close()
            raise
        if not attempt.end.is_clean(request.method, received.status, received.headers):
            self.close()

    def close(self) -> None:
        """Close the connection, also one that httpcore has not got to know yet."""
        try:
            self._connection.close()
        finally:
            self._network.close()


class SyncPool:
    """The connections of all threads.

    Args:
        routes: The ways to services.
        limit: Maximum number of concurrent calls.
    """

    def __init__(self, routes: Routes, limit: int) -> None:
        self._routes = routes
        self._capacity = Capacity(limit)
        self._idle: IdleConnections[SyncConnection] = IdleConnections(limit)
        self._active: set[SyncConnection] = set()
        self._closed = False

    @contextmanager
    def lease(self, origin: Origin, attempt: Attempt) -> Iterator[SyncConnection]:
        """Wait for a free place, and hold a connection for the block.

        Raises:
            httpcore.PoolTimeout: If too many calls are in progress.
            RequestException: If the settings of the environment cannot be used.
        """
        place = Place()
        connection = None
        try:
            self._capacity.take(place, attempt.timeout)
            connection = self._take_idle(origin, attempt)
            if connection is None:
                connection = SyncConnection(self._routes.find(origin), attempt)
            self._active.add(connection)
            if self._closed:
                raise httpcore.NetworkError("the session was closed")
            yield connection
        finally:
            if connection is not None:
                self._give_back(origin, connection)
            self._capacity.give_back(place)

    def _take_idle(self, origin: Origin, attempt: Attempt) -> SyncConnection | None:
        while (connection := self._idle.take(origin)) is not None:
            if connection.begin(attempt):
                return connection
            connection.close()
        return None

    def _give_back(self, origin: Origin, connection: SyncConnection) -> None:
        self._active.discard(connection)
        for unused in self._idle.put(origin, connection) if connection.end() else [connection]:
            unused.close()

    def close(self) -> None:
        """Close all connections. Calls in progress fail."""
        self._closed = True
        for connection in self._idle.close():
            connection.close()
        for connection in list(self._active):
            connection.shut_down()
