"""The connections of all threads of a session."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpcore

from bitfount_api._io.capacity import Capacity, Place
from bitfount_api._io.pooled_connection import PooledConnection, to_httpcore, to_response
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
        received = self._connection.handle_request(to_httpcore(request, body, attempt.timeout))
        try:
            response = to_response(received, request)
            yield response, received.stream  # type: ignore[misc]
        finally:
            received.close()
            if not attempt.end.is_clean(request.method, received.status, received.headers):
                self._connection.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SyncPool:
    """The connections of all threads.

    The time to get a connection does not depend on the number of connections: the idle ones of an
    origin are a stack, of which the newest is used next.

    Args:
        routes: The ways to services.
        limit: Maximum number of concurrent calls.
    """

    def __init__(self, routes: Routes, limit: int) -> None:
        self._routes = routes
        self._capacity = Capacity(limit)
        self._idle: dict[Origin, deque[SyncConnection]] = {}
        self._active: set[SyncConnection] = set()
        self._lock = threading.Lock()
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
        idle = self._idle.get(origin)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread took the last one
                return None
            if connection.begin(attempt):
                return connection
            connection.close()
        return None

    def _give_back(self, origin: Origin, connection: SyncConnection) -> None:
        self._active.discard(connection)
        if self._closed or not connection.end():
            connection.close()
            return
        with self._lock:
            idle = self._idle.setdefault(origin, deque())
            idle.append(connection)
            # The oldest one is at the other end. One is removed for each that is added.
            oldest = idle.popleft() if idle[0].expired else None
        if oldest is not None:
            oldest.close()

    def close(self) -> None:
        """Close all connections. Calls in progress fail."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()
        for connection in list(self._active):
            connection.shut_down()
