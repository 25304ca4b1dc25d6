"""What the connections of threads and of event loops have in common."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpcore

from bitfount_api._core.messages import HTTPResponse
from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._io.routes import KEEP_ALIVE

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPRequest
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.async_network import AsyncNetwork
    from bitfount_api._io.attempt import Attempt
    from bitfount_api._io.sync_network import Network


N = TypeVar("N", "Network", "AsyncNetwork")
C = TypeVar("C", httpcore.ConnectionInterface, httpcore.AsyncConnectionInterface)


class PooledConnection(Generic[N, C]):
    """A connection to one origin, for one call at a time, which a pool keeps for the next one.

    Args:
        network: The network below the connection.
        connection: The connection of httpcore.
    """

    def __init__(self, network: N, connection: C) -> None:
        self._network: N = network
        self._connection: C = connection
        self._unused_since = 0.0

    def begin(self, attempt: Attempt) -> bool:
        """Use the connection for an attempt from now on, if it is still open."""
        self._network.attempt = attempt
        # An idle connection that is readable was closed by the server, or has received bytes that
        # belong to no response.
        return self._connection.is_available() and not self._connection.has_expired()

    def end(self) -> bool:
        """Return whether the connection can be used again."""
        self._unused_since = time.monotonic()
        return self._connection.is_available()

    @property
    def expired(self) -> bool:
        """Whether the connection has been idle for too long."""
        return time.monotonic() - self._unused_since > KEEP_ALIVE

    def shut_down(self) -> None:
        """Break the connection, also while a call waits for it."""
        self._network.shut_down()


P = TypeVar("P", bound="PooledConnection[Any, Any]")


class IdleConnections(Generic[P]):
    """The connections that are not in use: a stack for each origin.

    The time to take one does not depend on their number, and the newest is used first. The oldest
    ones are given up: when they have been idle for too long, or if there are too many.

    Args:
        limit: Maximum number of idle connections.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = InterruptibleLock()
        self._stacks: dict[Origin, deque[P]] = {}
        self._by_age: dict[P, Origin] = {}
        self._closed = False

    def take(self, origin: Origin) -> P | None:
        """Return the connection to an origin that was used last; None if there is none."""
        with self._lock:
            stack = self._stacks.get(origin)
            if not stack:
                return None
            connection = stack.pop()
            self._by_age.pop(connection, None)
            return connection

    def put(self, origin: Origin, connection: P) -> list[P]:
        """Keep a connection, and return those to close now."""
        with self._lock:
            if self._closed:
                return [connection]
            self._by_age[connection] = origin
            self._stacks.setdefault(origin, deque()).append(connection)
            old = []
            while self._by_age:
                oldest = next(iter(self._by_age))
                if len(self._by_age) <= self._limit and not oldest.expired:
                    break
                self._remove(oldest)
                old.append(oldest)
            return old

    def _remove(self, connection: P) -> None:
        # An interruption may have left either of the two without the connection.
        origin = self._by_age.pop(connection)
        stack = self._stacks.get(origin, deque())
        if connection in stack:
            stack.remove(connection)  # it is the first one: the oldest
        if not stack:
            self._stacks.pop(origin, None)

    def close(self) -> list[P]:
        """Keep no connections from now on, and return those to close."""
        with self._lock:
            self._closed = True
            connections = list(self._by_age)
            self._stacks.clear()
            self._by_age.clear()
            return connections


def to_httpcore(request: HTTPRequest, body: object | None, attempt: Attempt) -> httpcore.Request:
    """Return a request for httpcore."""
    scheme, host, port = request.origin
    return httpcore.Request(
        request.method.encode("ascii"),
        httpcore.URL(scheme=scheme.encode("ascii"), host=host, port=port, target=request.target),
        headers=request.headers,
        content=request.content if body is None else body,  # type: ignore[arg-type]
        extensions={
            **request.extensions,
            "timeout": attempt.timeouts(),
        },
    )


def to_response(received: httpcore.Response, request: HTTPRequest) -> HTTPResponse:
    """Return the head of a response that httpcore received."""
    return HTTPResponse(
        received.status,
        received.headers,
        request,
        http_version=received.extensions.get("http_version", b"HTTP/1.1"),
        reason_phrase=received.extensions.get("reason_phrase", b""),
    )
