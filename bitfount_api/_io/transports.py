"""Calls through an httpx transport that the user has passed: httpx then makes the calls."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast

import httpx

from bitfount_api._core.messages import HTTPResponse
from bitfount_api.exceptions import RequestException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator

    from bitfount_api._core.messages import HTTPRequest
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.attempt import Attempt


class TransportPool:
    """Calls of threads through a transport. Their number is not limited.

    Args:
        transport: The transport.

    Raises:
        RequestException: If it makes async calls only.
    """

    def __init__(self, transport: Any) -> None:
        if not hasattr(transport, "handle_request"):
            raise _unsuitable("sync")
        self._client = httpx.Client(transport=transport, cookies=_no_cookies(), trust_env=False)

    @contextmanager
    def lease(self, origin: Origin, attempt: Attempt) -> Iterator[TransportConnection]:
        """Return a connection for one call."""
        del origin
        yield TransportConnection(self._client, attempt)

    def close(self) -> None:
        """Close the transport."""
        self._client.close()


class TransportConnection:
    """A connection for one call."""

    def __init__(self, client: httpx.Client, attempt: Attempt) -> None:
        self._client = client
        self._attempt = attempt

    @contextmanager
    def exchange(
        self, request: HTTPRequest, body: Iterable[bytes] | None
    ) -> Iterator[tuple[HTTPResponse, Iterable[bytes]]]:
        """Send a request, and yield the response and the chunks of its raw body."""
        received = self._client.send(
            _to_httpx(request, body, self._attempt), auth=None, follow_redirects=False, stream=True
        )
        try:
            # A transport may have read the body already.
            chunks = [received.content] if received.is_closed else received.iter_raw()
            yield _to_response(received, request), chunks
        finally:
            received.close()


class AsyncTransportPool:
    """Calls of an event loop through a transport; see :class:`TransportPool`."""

    def __init__(self, transport: Any) -> None:
        if not hasattr(transport, "handle_async_request"):
            raise _unsuitable("async")
        self._client = httpx.AsyncClient(
            transport=transport, cookies=_no_cookies(), trust_env=False
        )

    @asynccontextmanager
    async def lease(
        self, origin: Origin, attempt: Attempt
    ) -> AsyncIterator[AsyncTransportConnection]:
        """Return a connection for one call."""
        del origin
        yield AsyncTransportConnection(self._client, attempt)

    async def aclose(self) -> None:
        """Close the transport."""
        await self._client.aclose()


class AsyncTransportConnection:
    """A connection for one call."""

    def __init__(self, client: httpx.AsyncClient, attempt: Attempt) -> None:
        self._client = client
        self._attempt = attempt

    @asynccontextmanager
    async def exchange(
        self, request: HTTPRequest, body: AsyncIterable[bytes] | None
    ) -> AsyncIterator[tuple[HTTPResponse, AsyncIterable[bytes]]]:
        """Send a request, and yield the response and the chunks of its raw body."""
        received = await self._client.send(
            _to_httpx(request, body, self._attempt), auth=None, follow_redirects=False, stream=True
        )
        chunks = _read(received) if received.is_closed else received.aiter_raw()
        try:
            yield _to_response(received, request), chunks
        finally:
            await cast("AsyncGenerator[bytes]", chunks).aclose()
            await received.aclose()


async def _read(received: httpx.Response) -> AsyncIterator[bytes]:
    yield received.content


def _to_httpx(request: HTTPRequest, body: Any, attempt: Attempt) -> httpx.Request:
    attempt.sent = True  # unknown, so assume the worst; httpx's errors may say more
    content = request.content if body is None else body
    made = httpx.Request(
        request.method,
        request.url,
        content=content,
        extensions={**request.extensions, "timeout": attempt.timeouts()},
    )
    # Exactly these: httpx would add a content-length of zero, or a transfer-encoding.
    made.headers = httpx.Headers(request.headers)
    return made


def _to_response(received: httpx.Response, request: HTTPRequest) -> HTTPResponse:
    headers = received.headers.raw
    if received.is_closed:  # httpx has decoded the body
        headers = [each for each in headers if each[0].lower() != b"content-encoding"]
    return HTTPResponse(
        received.status_code,
        headers,
        request,
        http_version=received.extensions.get("http_version", b"HTTP/1.1"),
        reason_phrase=received.reason_phrase.encode("ascii", "replace"),
    )


def _no_cookies() -> CookieJar:
    """Return a jar that takes no cookies: those of one call must not be sent with another."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _unsuitable(way: str) -> RequestException:
    return RequestException(
        f"the session's transport cannot make {way} calls; pass one that can", sent=False
    )
