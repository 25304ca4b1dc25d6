"""A Hub and an object store with almost no overhead, so that the client's cost is measured.

Run as a separate process (``python -m benchmarks.server``), it prints its port. It has no users and
stores nothing: an object consists of one repeated block of bytes, its name contains its size, and
uploads are counted and discarded. The sandbox behaves like the real services, but it checks and
stores what it receives, which would dominate the measurements.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from typing import TYPE_CHECKING

from benchmarks.pods import POD

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = random.Random(7).randbytes(1024 * 1024)
"""The block of bytes that objects consist of."""

CHUNK_SIZE = 5 * 1024 * 1024
"""Part size of multipart uploads in bytes, as the Hub chooses it."""

_POD = json.dumps(POD).encode()
_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HOST = re.compile(rb"\r\nhost: *([^\r]+)", re.IGNORECASE)
_OBJECT = re.compile(rb"/objects/(\d+)")
_PAGE = re.compile(rb"limit=(\d+)&offset=(\d+)|offset=(\d+)&limit=(\d+)")
_MAX_HEAD_BYTES = 64 * 1024
_OTHER_ANSWERS = {
    b"/v1/models": b'{"object": "list", "data": [], "has_more": false}',
    b"/api/models/bob/net": b'{"id": "bob/net"}',
    b"/": b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>",
}
"""The answers for benchmarks/libraries.py: of OpenAI and Anthropic, of Hugging Face, and of S3."""
_REASONS = {200: b"OK", 204: b"No Content", 206: b"Partial Content", 404: b"Not Found"}


class Connection(asyncio.BufferedProtocol):
    """One connection: sequential requests, whose bodies are read into one buffer and discarded."""

    requests = 0
    """The number of requests over all connections."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(256 * 1024))
        self._head = b""
        self._body_left = 0
        self._body = b""
        self._transport: asyncio.Transport | None = None
        self._sending: Iterator[memoryview] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport for responses."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the same buffer for every read."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Process received bytes of a request's head or body."""
        if self._body_left > nbytes:
            self._receive_body(self._buffer[:nbytes])
            return
        data = bytes(self._buffer[:nbytes])
        while data:
            if self._body_left:
                part, data = data[: self._body_left], data[self._body_left :]
                self._receive_body(part)
                if not self._body_left:
                    self._respond()
                continue
            whole = self._head + data
            end = whole.find(b"\r\n\r\n")
            if end < 0:
                assert len(whole) < _MAX_HEAD_BYTES
                self._head = whole
                return
            self._head, data = whole[: end + 4], whole[end + 4 :]
            found = _LENGTH.search(self._head)
            self._body, self._body_left = b"", int(found[1]) if found else 0
            if not self._body_left:
                self._respond()

    def _receive_body(self, part: bytes | memoryview) -> None:
        self._body_left -= len(part)
        if len(self._body) + len(part) < _MAX_HEAD_BYTES:
            self._body += part  # small bodies are JSON requests, which are parsed

    def _respond(self) -> None:
        Connection.requests += 1
        head, self._head = self._head, b""
        method, target = head.split(b" ", 2)[:2]
        if method == b"GET" and target.startswith(b"/objects/"):
            self._send_object(head, target)
            return
        status, body = self._response(head, method, target)
        extra = b'etag: "not-an-md5"\r\n' if target.startswith(b"/objects/") else b""
        self._write_head(status, len(body), extra, body)

    def _response(self, head: bytes, method: bytes, target: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition(b"?")
        if path == b"/requests":
            return 200, str(Connection.requests - 1).encode()
        if b"missing" in target:
            return 404, b'{"errorMessage": "not found"}'
        if b"/api/pods/" in path:
            return 200, _POD
        if other := _OTHER_ANSWERS.get(path):
            return 200, other
        if path.startswith(b"/objects/"):
            return (200 if method == b"PUT" else 204), b""
        host = _HOST.search(head)
        assert host is not None
        return 200, _hub_answer(method, path, query, self._body, f"http://{host[1].decode()}")

    def _send_object(self, head: bytes, target: bytes) -> None:
        size = int(_OBJECT.match(target)[1])  # type: ignore[index]
        extra = b'etag: "object"\r\naccept-ranges: bytes\r\n'
        status, start, end = 200, 0, size
        if found := _RANGE.search(head):
            start = int(found[1])
            end = min(size, int(found[2]) + 1) if found[2] else size
            status = 206
            extra += b"content-range: bytes %d-%d/%d\r\n" % (start, end - 1, size)
        self._write_head(status, end - start, extra)
        self._sending = object_bytes(start, end)
        self._send()

    def _write_head(self, status: int, length: int, extra: bytes, body: bytes = b"") -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n%s"
            % (status, _REASONS[status], length, extra, body)
        )

    def _send(self) -> None:
        assert self._transport is not None
        while self._sending is not None and not self._paused:
            if (piece := next(self._sending, None)) is None:
                self._sending = None
            else:
                self._transport.write(piece)

    def pause_writing(self) -> None:
        """Stop sending, because the client reads too slowly."""
        self._paused = True

    def resume_writing(self) -> None:
        """Continue sending."""
        self._paused = False
        self._send()


def object_bytes(start: int, end: int) -> Iterator[memoryview]:
    """Yield an object's bytes from ``start`` to ``end``."""
    while start < end:
        inside = start % len(BLOCK)
        piece = memoryview(BLOCK)[inside : inside + min(end - start, len(BLOCK) - inside)]
        yield piece
        start += len(piece)


def _hub_answer(method: bytes, path: bytes, query: bytes, body: bytes, origin: str) -> bytes:
    if path == b"/api/projects":
        return _projects(query)
    if path == b"/api/models" and method == b"GET":
        # The model's name contains the size of its weights: Weights1000.
        size = re.search(rb"modelName=[A-Za-z]+(\d+)", query)
        assert size is not None
        answer: dict[str, object] = {
            "modelDownloadUrl": f"{origin}/objects/100?signature=s",
            "weightsDownloadUrl": f"{origin}/objects/{int(size[1])}?signature=s",
            "modelHash": "0" * 64,
            "modelVersion": 1,
        }
        return json.dumps(answer).encode()
    if path == b"/api/models":
        answer = {"success": True, "alreadyExisted": False, "version": 1}
        request = json.loads(body)
        if request["modelName"].startswith("Form") or b"multipartUpload=true" not in query:
            answer |= {"uploadUrl": f"{origin}/objects/1", "uploadFields": {"key": "object"}}
        else:
            count = -(-request["weightSize"] // CHUNK_SIZE)
            answer |= {
                "uploadUrls": [f"{origin}/objects/1?partNumber={n + 1}" for n in range(count)],
                "chunkSize": CHUNK_SIZE,
                "uploadId": "upload",
                "key": "object",
            }
        return json.dumps(answer).encode()
    return b'{"success": true}'


def _projects(query: bytes) -> bytes:
    """Return a page of the projects of a user who has ten thousand."""
    found = _PAGE.search(query)
    assert found is not None
    limit, offset = (int(found[1] or found[4]), int(found[2] or found[3]))
    total = 10_000
    projects = [
        {
            "id": f"project-{number}",
            "name": f"Project {number}",
            "role": "OWNER",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "status": "PUBLISHED",
            "isDemo": False,
        }
        for number in range(offset, min(offset + limit, total))
    ]
    return json.dumps({"totalProjects": total, "projects": projects}).encode()


async def serve() -> None:
    """Serve until standard input is closed, at the latest when the parent process exits."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
