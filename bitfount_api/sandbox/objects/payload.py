"""Receive request bodies as streams."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from bitfount_api.sandbox.objects.aws_chunked import AwsChunked
from bitfount_api.sandbox.objects.checks import TRAILER, Checks
from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive

    from bitfount_api.sandbox.objects.request import ObjectRequest

MAX_BYTES: Final = 5 * 1024**3
"""The maximum number of bytes in one request."""

BATCH_BYTES: Final = 1024 * 1024
"""Number of bytes that are buffered before a write, to avoid a thread switch for every packet."""

_DRAIN_BYTES: Final = 16 * 1024 * 1024
_DRAIN_SECONDS: Final = 5.0
_COUNT: Final = re.compile(r"\d{1,18}", re.ASCII)


class Incoming:
    """The pieces of a body. Each reader continues where the previous one stopped.

    Args:
        receive: ASGI function that receives messages.
        expects: Whether the client waits for ``100 Continue`` before it sends the body.
    """

    def __init__(self, receive: Receive, *, expects: bool) -> None:
        self._receive = receive
        self._unread = True
        self._expects = expects
        self._ended = False

    async def piece(self) -> bytes:
        """Return the next piece of the body; empty at its end.

        Raises:
            ClientDisconnect: If the client disconnected before the end of the body.
        """
        while not self._ended:
            self._unread = False
            message = await self._receive()
            self._ended = not message.get("more_body", False)
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if message.get("body"):
                return bytes(message["body"])
        return b""

    async def drain(self) -> bool:
        """Discard some of the remaining body, so that the client reads the error response.

        Returns:
            True if nothing is left. Otherwise the connection cannot be reused: the next bytes may
            be the rest of this body, or another request.
        """
        left = 0 if self._unread and self._expects else _DRAIN_BYTES
        with contextlib.suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0 and (piece := await self.piece()):
                    left -= len(piece)
        return self._ended


async def stream_body(
    request: ObjectRequest, payload: str, incoming: Incoming, write: Callable[[bytes], None]
) -> Checks:
    """Pass a body to a function, in batches and in threads; check its length and digests.

    Args:
        request: Request.
        payload: Signed hex SHA-256 of the body, or S3's placeholder for it.
        incoming: Body.
        write: Function that is called with each batch.

    Raises:
        S3Error: If the body does not match the request's headers.
        ClientDisconnect: If the client disconnected before the end of the body.
    """
    checks = Checks(request.headers, payload)
    chunked = AwsChunked() if payload == TRAILER else None
    expected = _expected_length(request, streaming=chunked is not None)

    def process(data: bytes) -> None:
        checks.update(data)
        write(data)

    size = 0
    async for batch in batches(incoming, chunked):
        size += len(batch)
        if size > expected:
            break
        await run_in_threadpool(process, batch)
    if size != expected or (chunked and not chunked.ended):
        raise S3Error(
            "IncompleteBody",
            "You did not provide the number of bytes that the headers state.",
        )
    checks.finish(chunked.trailers if chunked else None)
    return checks


async def read_body(request: ObjectRequest, payload: str, incoming: Incoming, limit: int) -> bytes:
    """Return a complete small body.

    Raises:
        S3Error: If the body does not match the request's headers, or has more than ``limit`` bytes.
    """
    if _expected_length(request, streaming=payload == TRAILER) > limit:
        raise S3Error("MalformedXML", f"The body is longer than {limit} bytes.")
    body = bytearray()
    await stream_body(request, payload, incoming, body.extend)
    return bytes(body)


async def batches(incoming: Incoming, chunked: AwsChunked | None = None) -> AsyncIterator[bytes]:
    """Yield a body in larger pieces."""
    buffered: list[bytes] = []
    size = 0
    while piece := await incoming.piece():
        for part in chunked.feed(piece) if chunked else (piece,):
            buffered.append(part)
            size += len(part)
        if size >= BATCH_BYTES:
            yield b"".join(buffered)
            buffered, size = [], 0
    if buffered:
        yield b"".join(buffered)


def _expected_length(request: ObjectRequest, *, streaming: bool) -> int:
    text = request.headers.get("x-amz-decoded-content-length" if streaming else "content-length")
    if text is None or not _COUNT.fullmatch(text):
        raise S3Error("MissingContentLength", "You must provide the length of the body.")
    if int(text) > MAX_BYTES:
        raise S3Error(
            "EntityTooLarge", f"The body of a request may have at most {MAX_BYTES} bytes."
        )
    return int(text)
