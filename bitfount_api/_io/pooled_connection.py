"""What the connections of threads and of event loops have in common."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

import httpcore

from bitfount_api._core.messages import HTTPResponse
from bitfount_api._io.routes import KEEP_ALIVE

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPRequest
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


def to_httpcore(request: HTTPRequest, body: object | None, timeout: float) -> httpcore.Request:
    """Return a request for httpcore."""
    scheme, host, port = request.origin
    return httpcore.Request(
        request.method.encode("ascii"),
        httpcore.URL(scheme=scheme.encode("ascii"), host=host, port=port, target=request.target),
        headers=request.headers,
        content=request.content if body is None else body,  # type: ignore[arg-type]
        extensions={
            **request.extensions,
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout),
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
