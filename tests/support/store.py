"""A Hub and an object store on one real socket that can break off, stall and reject requests."""

from __future__ import annotations

import email
import email.policy
import functools
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import attrs

EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@attrs.define
class ReceivedRequest:
    """A received request.

    Args:
        number: Number of earlier requests of the same kind.
        kind: ``hub``, ``get`` (from the store), ``form`` or ``part`` (into the store).
    """

    number: int
    kind: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def range(self) -> tuple[int, int | None] | None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        return (int(found[1]), int(found[2]) + 1 if found[2] else None) if found else None


@attrs.frozen
class Act:
    """Unusual behaviour of the store for one request.

    Args:
        status: Status to respond with, together with ``text``.
        cut: Number of body bytes, sent or received, after which the connection is broken.
        stall: Number of bytes after which the store sends or receives no more until released.
        etag: ETag to send instead; empty for no ETag.
        whole: Whether to ignore the requested range.
        headers: Additional headers.
        shorter: Maximum number of bytes of a range to send.
    """

    status: int | None = None
    text: bytes = b""
    cut: int | None = None
    stall: int | None = None
    etag: str | None = None
    whole: bool = False
    headers: dict[str, str] = attrs.field(factory=dict)
    shorter: int | None = None


Plan = Callable[[ReceivedRequest], Act | None]


@attrs.define
class Store:
    """The stored objects, the received requests and the planned faults.

    Args:
        plan: Function that is called for each request to the store and returns its action.
        chunk_size: Size of the parts of a multipart upload.
        multipart: Whether the Hub offers multipart uploads to callers that support them.
    """

    url: str = ""
    weights: bytes | None = None
    code: bytes = b""
    plan: Plan = attrs.field(default=lambda _: None)
    chunk_size: int = 1024 * 1024
    multipart: bool = True
    uploaded: dict[str, bytes] = attrs.field(factory=dict)
    completed: list[dict[str, Any]] = attrs.field(factory=list)
    seen: list[ReceivedRequest] = attrs.field(factory=list)
    most_at_once: int = 0
    released: threading.Event = attrs.field(factory=threading.Event)
    connections: int = 0
    _at_once: int = 0
    _parts: dict[str, dict[int, bytes]] = attrs.field(factory=dict)
    _lock: Any = attrs.field(factory=threading.Lock)

    def of_kind(self, kind: str) -> list[ReceivedRequest]:
        return [seen for seen in self.seen if seen.kind == kind]

    # --- The Hub ---------------------------------------------------------------------------------

    def hub(self, seen: ReceivedRequest) -> tuple[int, Any]:
        number = len(self.of_kind("hub"))
        if seen.path == "/api/upload":
            body = json.loads(seen.body)
            self.completed.append(body)
            parts = self._parts[body["uploadId"]]
            self.uploaded[body["key"]] = b"".join(parts[p["PartNumber"]] for p in body["parts"])
            return 200, {"success": True}
        if seen.method == "GET":
            if self.weights is None and not self.code:
                return 404, {"errorMessage": "no such model"}
            answer = {
                "modelHash": hashlib.sha256(self.code.replace(b"\r", b"")).hexdigest(),
                "modelVersion": 1,
                "modelDownloadUrl": f"{self.url}/object/code?X-Amz-Signature=SECRET{number}",
            }
            if self.weights is not None:
                url = f"{self.url}/object/weights?X-Amz-Signature=SECRET{number}"
                answer["weightsDownloadUrl"] = url
            return 200, answer
        body = json.loads(seen.body)
        size = body.get("weightSize") or body.get("schemaSize") or body.get("modelSize")
        ticket: dict[str, Any] = {"success": True, "alreadyExisted": False, "version": 1}
        if self.multipart and size >= 5 * 1024**2 and seen.query.get("multipartUpload") == "true":
            upload = f"upload{number}"
            self._parts[upload] = {}
            count = -(-size // self.chunk_size)
            urls = [f"{self.url}/part/{upload}/{n + 1}?sig=SECRET" for n in range(count)]
            ticket |= {"uploadUrls": urls, "chunkSize": self.chunk_size}
            return 200, ticket | {"uploadId": upload, "key": "stored"}
        fields = {"key": "stored", "policy": "cG9s", "x-amz-signature": "SECRET"}
        return 200, ticket | {"uploadUrl": f"{self.url}/bucket", "uploadFields": fields}

    # --- Object storage --------------------------------------------------------------------------

    def object(self, seen: ReceivedRequest) -> bytes:
        return (self.code if seen.path.endswith("code") else self.weights) or b""

    def store_part(self, seen: ReceivedRequest) -> str:
        _, _, upload, number = seen.path.split("/")
        self._parts[upload][int(number)] = seen.body
        return f'"{hashlib.md5(seen.body).hexdigest()}"'

    def store_form(self, seen: ReceivedRequest) -> str:
        head = f"content-type: {seen.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + seen.body, policy=email.policy.HTTP)
        parts = list(message.iter_parts())
        names = [part["content-disposition"].params["name"] for part in parts]
        assert names[-1] == "file", "the file must come last"
        key = parts[names.index("key")].get_content().strip()
        content = parts[-1].get_payload(decode=True)
        assert isinstance(content, bytes)
        self.uploaded[key] = content
        return f'"{hashlib.md5(self.uploaded[key]).hexdigest()}"'

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


@functools.lru_cache(maxsize=4)
def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each body is delayed by 40 ms
    store: ClassVar[Store]

    def setup(self) -> None:
        super().setup()
        self.store.connections += 1

    def finish(self) -> None:
        self.store.connections -= 1
        super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kinds = {"object": "get", "bucket": "form", "part": "part"}
        kind = kinds.get(parts.path.split("/")[1], "hub")
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.store._lock:
            number = len(self.store.of_kind(kind))
            seen = ReceivedRequest(number, kind, self.command, parts.path, query, headers)
            self.store.seen.append(seen)
        act = self.store.plan(seen) or Act()
        if kind == "hub":
            seen.body = self.rfile.read(int(headers.get("content-length", 0)))
            status, answer = self.store.hub(seen) if act.status is None else (act.status, {})
            self._answer(status, json.dumps(answer).encode())
            return
        with self.store.counted():
            if self.command == "GET":
                self._get(seen, act)
            else:
                self._put(seen, act)

    do_GET = do_PUT = do_POST = _handle

    def _answer(self, status: int, body: bytes = b"", /, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _get(self, seen: ReceivedRequest, act: Act) -> None:
        if act.status is not None:
            self._answer(act.status, act.text, **act.headers)
            return
        data = self.store.object(seen)
        etag = _etag(data) if act.etag is None else act.etag
        headers = {"etag": etag, **act.headers} if etag else dict(act.headers)
        status, requested = 200, seen.range
        if requested and not act.whole and seen.headers.get("if-range", etag) == etag:
            start, end = requested
            if start >= len(data):
                self._answer(416, b"", **headers, content_range=f"bytes */{len(data)}")
                return
            end = min(end or len(data), len(data), start + (act.shorter or len(data)))
            headers["content_range"] = f"bytes {start}-{end - 1}/{len(data)}"
            status, data = 206, data[start:end]
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        stop = min(n for n in (act.cut, act.stall, len(data)) if n is not None)
        self.wfile.write(data[:stop])
        if act.stall is not None:
            self.store.released.wait(600)
        if act.cut is not None or act.stall is not None:
            self._break()

    def _put(self, seen: ReceivedRequest, act: Act) -> None:
        length = int(seen.headers["content-length"])
        stop = min(n for n in (act.cut, act.stall, length) if n is not None)
        seen.body = self.rfile.read(stop)
        if act.stall is not None:
            self.store.released.wait(600)
        if act.cut is not None or act.stall is not None or len(seen.body) < stop:
            self._break()
        elif act.status is not None:
            self._answer(act.status, act.text, **act.headers)
        else:
            etag = (
                self.store.store_part(seen) if seen.kind == "part" else self.store.store_form(seen)
            )
            etag = etag if act.etag is None else act.etag
            answered = {"etag": etag} if etag else {}
            self._answer(200 if seen.kind == "part" else 204, b"", **answered)

    def _break(self) -> None:
        self.close_connection = True
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Ignore errors: clients may disconnect at any time."""


@contextmanager
def running_store() -> Iterator[Store]:
    """Run a store that can be reached at its ``url`` within the block."""
    store = Store()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        store.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
