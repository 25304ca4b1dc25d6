"""The network layer against real sockets: proxies, certificates, deadlines, odd answers, bodies."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import pickle
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
import httpx
import pytest
from support.http_server import Answer, ReceivedRequest, certificate, serving
from support.raw_server import Act, RawServer
from support.socket_server import SocketServer, read_head, tunnel

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSession,
    ConnectError,
    DeviceCodeFlowHandler,
    ExternallyManagedJWTHandler,
    HTTPError,
    RequestException,
    RequestTimeout,
    RetryPolicy,
)

KEYS = APIKeysHandler("id", "SECRET-key", "alice")
ONCE = RetryPolicy(retries=0)
TWICE = RetryPolicy(retries=1, backoff=0.01)
UNUSED = "https://hub.test/"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def send(session: BitfountSession, method: str, url: str, asynchronous: bool, **more: Any) -> Any:
    async def main() -> httpx.Response:
        async with session:
            return await session.arequest(method, url, **more)

    if asynchronous:
        return asyncio.run(main())
    with session:
        return session.request(method, url, **more)


def create_project(session: BitfountSession, url: str, asynchronous: bool) -> str:
    async def main() -> str:
        async with session:
            return await AsyncBitfountHub(session, url).create_project("n")

    if asynchronous:
        return asyncio.run(main())
    with session:
        return BitfountHub(session, url).create_project("n")


# --- Proxies -------------------------------------------------------------------------------------


@ways
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 No", "302 Found"])
def test_final_refusal_of_connect_is_not_repeated(asynchronous: bool, status: str) -> None:
    refusal = f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode()
    with RawServer(plan=lambda *_: Act(refusal)) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, retry=RetryPolicy(3, backoff=0.01))
        with pytest.raises(RequestException, match=f"the proxy refused.*{status[:3]}") as caught:
            send(session, "GET", UNUSED, asynchronous)
    assert not isinstance(caught.value, ConnectError)
    assert not caught.value.sent
    assert proxy.seen == [("CONNECT", "hub.test:443")]


@ways
def test_temporary_refusal_of_connect_is_retried(asynchronous: bool) -> None:
    busy = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
    with RawServer(plan=lambda *_: Act(busy)) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, retry=TWICE)
        with pytest.raises(ConnectError, match="503") as caught:
            send(session, "GET", UNUSED, asynchronous)
    assert not caught.value.sent
    assert len(proxy.seen) == 2


@ways
def test_broken_connect_counts_as_not_sent(asynchronous: bool) -> None:
    with RawServer(plan=lambda *_: Act(b"")) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, retry=TWICE)
        with pytest.raises(ConnectError) as caught:
            create_project(session, "https://hub.test", asynchronous)
    assert not caught.value.sent
    assert len(proxy.seen) == 2  # what creates something is retried only if it was not sent


@ways
def test_request_broken_after_connect_counts_as_sent(
    asynchronous: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, path = tls
    requests = []
    with (
        SocketServer(lambda c: requests.append(read_head(c)), context) as service,
        SocketServer(tunnel) as proxy,
    ):
        session = BitfountSession(KEYS, proxy=proxy.url, verify=path, retry=TWICE)
        with pytest.raises(ConnectError) as caught:
            create_project(session, service.url, asynchronous)
    assert caught.value.sent
    assert len(requests) == 1


@ways
def test_error_counts_as_sent_if_an_earlier_attempt_was(asynchronous: bool) -> None:
    with serving(lambda _: (503, {}, b"")) as url:
        upstream = httpx.URL(url)
        with RawServer((upstream.host, upstream.port or 0), refuse="ever", after=1) as service:
            session = BitfountSession(KEYS, retry=TWICE)
            with pytest.raises(ConnectError, match="no connection could be made") as caught:
                send(session, "GET", service.url, asynchronous)
    assert len(service.seen) == 1
    assert caught.value.sent


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """The TLS settings of a server, and the file with its CA."""
    path = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, path.with_name("key.pem"))
    return context, path


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_tunnel_through_a_proxy(
    asynchronous: bool, encrypted: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    """An https:// proxy is trusted like the services."""
    context, path = tls
    with (
        serving(lambda _: (200, {}, b"reached"), context) as url,
        SocketServer(tunnel, context if encrypted else None) as proxy,
    ):
        session = BitfountSession(KEYS, proxy=proxy.url, verify=path)
        assert send(session, "GET", url, asynchronous).text == "reached"
        assert proxy.connections == 1


def new_uvloop() -> asyncio.AbstractEventLoop:
    uvloop = pytest.importorskip("uvloop")
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@pytest.mark.parametrize("kind", ["sync", "asyncio", "uvloop"])
@pytest.mark.parametrize("end", ["closes", "sends plaintext"])
def test_https_proxy_ends_the_handshake_of_its_tunnel(
    end: str, kind: str, tls: tuple[ssl.SSLContext, Path], caplog: pytest.LogCaptureFixture
) -> None:
    def post(session: BitfountSession) -> None:
        if kind == "sync":
            session.request("POST", UNUSED)
            return
        factory = new_uvloop if kind == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(session.arequest("POST", UNUSED))

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connection.recv(1024)
        if end == "sends plaintext":
            connection.sendall(b"220 mail.test\r\n")
            connection.recv(1024)

    context, path = tls
    with SocketServer(serve, context) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, verify=path, retry=TWICE, timeout=20)
        with pytest.raises(ConnectError, match=r"closed|EOF|WRONG_VERSION") as caught:
            post(session)
    assert not caught.value.sent
    assert proxy.connections == 2
    assert not caplog.records  # asyncio logs what fails in its own code


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_bytes_after_the_answer_to_connect_end_the_call(
    encrypted: bool, asynchronous: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    """A service that speaks first waits for an answer, so that a handshake would never end."""

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n220 mail.test\r\n")
        while connection.recv(1024):
            pass

    context, path = tls
    with SocketServer(serve, context if encrypted else None) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, verify=path, retry=ONCE, timeout=20)
        with pytest.raises(ConnectError, match="did not begin with a TLS handshake") as caught:
            send(session, "POST", UNUSED, asynchronous)
    assert not caught.value.sent


@ways
def test_untrusted_https_proxy_is_refused(
    asynchronous: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    with SocketServer(tunnel, tls[0]) as proxy:
        session = BitfountSession(KEYS, proxy=proxy.url, retry=ONCE)
        with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            send(session, "GET", UNUSED, asynchronous)
    assert not caught.value.sent


@ways
def test_password_of_a_proxy_may_have_any_character(asynchronous: bool) -> None:
    heads = []

    def refuse(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n")

    with SocketServer(refuse) as proxy:
        session = BitfountSession(KEYS, proxy=f"http://user:p#a/s?s:w@rd@{proxy.address}")
        with pytest.raises(RequestException, match="407"):
            send(session, "GET", UNUSED, asynchronous)
    assert httpx.BasicAuth("user", "p#a/s?s:w@rd")._auth_header.encode() in heads[0]


@ways
@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
@pytest.mark.parametrize("mark", ["#", "/", "?", "@", ":", " "])
def test_password_of_a_proxy_is_never_shown(
    mark: str,
    scheme: str,
    asynchronous: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    proxy = f"{scheme}://user:SECRET{mark}SECRET@127.0.0.1:1"
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    for argument in (proxy, None):
        session = BitfountSession(KEYS, retry=ONCE, proxy=argument)
        with pytest.raises(RequestException) as caught:
            send(session, "GET", UNUSED, asynchronous)
        assert "SECRET" not in f"{caught.value!r} {caught.value.__dict__}"
        session = BitfountSession(KEYS, retry=ONCE, proxy=argument)
        assert BitfountHub(session, UNUSED).get_pod("alice/scans") is None
        assert "Pod alice/scans could not be retrieved" in caplog.text
        assert "SECRET" not in caplog.text
        assert session.proxy_for(UNUSED) == f"{scheme}://127.0.0.1:1"


@ways
@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_connection_error_names_the_proxy(scheme: str, asynchronous: bool) -> None:
    if scheme == "socks5":
        pytest.importorskip("socksio")
    with SocketServer(lambda connection: connection.close()) as proxy:
        session = BitfountSession(KEYS, retry=ONCE, proxy=f"{scheme}://user:SECRET@{proxy.address}")
        way = rf"\(https://hub.test/ through the proxy {scheme}://{proxy.address}\): no connection"
        with pytest.raises(ConnectError, match=way):
            send(session, "GET", UNUSED, asynchronous)


@ways
def test_timeout_names_the_proxy(asynchronous: bool) -> None:
    with RawServer(plan=lambda *_: Act(end="hold")) as proxy:
        session = BitfountSession(KEYS, retry=ONCE, proxy=proxy.url, timeout=0.2)
        with pytest.raises(RequestTimeout, match=f"through the proxy {proxy.url}"):
            send(session, "GET", UNUSED, asynchronous)


@ways
def test_connection_error_names_no_unused_proxy(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with SocketServer(lambda connection: connection.close()) as service:
        session = BitfountSession(KEYS, retry=ONCE)
        with pytest.raises(ConnectError) as caught:
            send(session, "GET", f"http://{service.address}/", asynchronous)
    assert "proxy" not in str(caught.value)


# --- Certificates --------------------------------------------------------------------------------


def test_certificates_are_loaded_once_and_not_in_the_event_loop(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context, path = tls
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(path.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    loads = []
    real = ssl.create_default_context

    def load(*arguments: Any, **named: Any) -> ssl.SSLContext:
        loads.append(threading.get_ident())
        return real(*arguments, **named)

    monkeypatch.setattr(ssl, "create_default_context", load)
    with serving(lambda _: (200, {}, b""), context) as url:
        for asynchronous in (True, False, True):
            assert send(BitfountSession(KEYS), "GET", url, asynchronous).status_code == 200
    assert len(loads) == 1
    assert loads[0] != threading.get_ident()


# --- Odd answers ---------------------------------------------------------------------------------


@ways
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=["length", "chunked", "no content"],
)
def test_bytes_after_a_response_are_not_the_next_one(asynchronous: bool, answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        while read_head(connection):
            connection.sendall(answer + b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled")

    async def main(url: str) -> list[str]:
        async with BitfountSession(KEYS, retry=ONCE) as session:
            return [(await session.arequest("GET", url)).text for _ in range(3)]

    with SocketServer(serve) as server:
        if asynchronous:
            bodies = asyncio.run(main(server.url))
        else:
            with BitfountSession(KEYS, retry=ONCE) as session:
                bodies = [session.get(server.url).text for _ in range(3)]
        assert "smuggled" not in bodies
        assert server.connections == 3


@ways
def test_connection_closed_while_idle_is_not_used(asynchronous: bool) -> None:
    """What creates something would not be sent again."""

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(OK)

    async def main(url: str) -> None:
        async with BitfountSession(KEYS, retry=ONCE) as session:
            for _ in range(3):
                assert (await session.arequest("POST", url)).status_code == 200
                await asyncio.sleep(0.05)

    with SocketServer(serve) as server:
        if asynchronous:
            asyncio.run(main(server.url))
            return
        with BitfountSession(KEYS, retry=ONCE) as session:
            for _ in range(3):
                assert session.post(server.url).status_code == 200
                threading.Event().wait(0.05)


@ways
@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_unreadable_body_of_a_refusal_keeps_its_status(asynchronous: bool, encoding: str) -> None:
    def answer(_: ReceivedRequest) -> Answer:
        return 503, {"content-encoding": encoding}, b"not compressed at all"

    with serving(answer) as url, pytest.raises(HTTPError) as caught:
        create_project(BitfountSession(KEYS, retry=ONCE), url, asynchronous)
    assert caught.value.status_code == 503


@ways
def test_bytes_after_a_gzip_body_are_ignored(asynchronous: bool) -> None:
    body = gzip.compress(b'{"a": 1}') + bytes(2_000_000)
    with serving(lambda _: (200, {"content-encoding": "gzip"}, body)) as url:
        response = send(BitfountSession(KEYS), "GET", url, asynchronous)
    assert response.json() == {"a": 1}


@ways
def test_response_to_a_raw_request_holds_no_secret(asynchronous: bool) -> None:
    headers = {"set-cookie": "c=d", "location": "/elsewhere"}
    requests = []

    def answer(request: ReceivedRequest) -> Answer:
        requests.append(request)
        return 302, headers, b"moved"

    async def main(url: str) -> list[httpx.Response]:
        async with BitfountHub(session, url).session:
            return [await session.arequest("GET", url + "/x?y=1") for _ in range(2)]

    session = BitfountSession(KEYS)
    with serving(answer) as url:
        if asynchronous:
            responses = asyncio.run(main(url))
        else:
            with BitfountHub(session, url).session:
                responses = [session.get(url + "/x?y=1") for _ in range(2)]
    response = responses[1]
    assert requests[1].headers["x-api-key"] == "SECRET-key"
    assert "cookie" not in requests[1].headers
    assert response.next_request is None
    assert str(response.url).endswith("/x?y=1")
    assert "SECRET" not in repr(response.request.headers)
    assert b"SECRET" not in pickle.dumps(response)
    assert pickle.loads(pickle.dumps(response)).text == "moved"


# --- Bodies --------------------------------------------------------------------------------------


def refuse_early(connection: socket.socket) -> None:
    """Answer before the body has been received, and close the connection."""
    read_head(connection)
    body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    connection.sendall(
        b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
        % (len(body), body)
    )
    if isinstance(connection, ssl.SSLSocket):
        # OpenSSL reads nothing more after a failed write, so servers linger before they close.
        threading.Event().wait(0.5)


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_early_refusal_of_an_upload_is_read(
    asynchronous: bool, encrypted: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, path = tls
    with SocketServer(refuse_early, context if encrypted else None) as store:
        session = BitfountSession(KEYS, verify=path, retry=ONCE)
        body = io.BytesIO(bytes(30_000_000))
        response = send(session, "PUT", store.url, asynchronous, content=body)
    assert response.status_code == 403
    assert "AccessDenied" in response.text


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_interim_response_does_not_end_an_upload(
    encrypted: bool, asynchronous: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    size = 10_000_000

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Con")
        left = size
        while left and (data := connection.recv(min(left, 65536))):
            left -= len(data)
        connection.sendall(b"tinue\r\n\r\n" + OK)

    context, path = tls
    with SocketServer(serve, context if encrypted else None) as service:
        session = BitfountSession(KEYS, verify=path, retry=ONCE, timeout=10)
        body = io.BytesIO(bytes(size))
        response = send(session, "PUT", service.url, asynchronous, content=body)
    assert (response.status_code, response.text) == (200, "{}")


LARGE = 16 * 1024 * 1024


class SlowService:
    """A service that reads ten mebibytes of a body per second, and counts the bytes."""

    def __init__(self) -> None:
        self.received = 0

    def __call__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        read_head(connection)
        paused_at = 0
        while self.received < LARGE and (data := connection.recv(64 * 1024)):
            self.received += len(data)
            if self.received - paused_at > 100 * 1024:
                paused_at = self.received
                threading.Event().wait(0.01)
        connection.sendall(OK)


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_timeout_does_not_end_an_upload_that_goes_on(
    encrypted: bool, asynchronous: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, path = tls
    with SocketServer(SlowService(), context if encrypted else None) as service:
        session = BitfountSession(KEYS, verify=path, retry=ONCE, timeout=1)
        response = send(session, "PUT", service.url, asynchronous, content=bytes(LARGE))
    assert response.status_code == 200


@ways
def test_deadline_ends_an_upload_that_goes_on(asynchronous: bool) -> None:
    slow = SlowService()
    with SocketServer(slow) as service:
        session = BitfountSession(KEYS, retry=ONCE, deadline=0.3)
        with pytest.raises(RequestTimeout) as caught:
            send(session, "PUT", service.url, asynchronous, content=bytes(LARGE))
    assert caught.value.sent
    assert slow.received < LARGE // 2


@ways
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("kind", [bytes, io.BytesIO])
def test_refusal_of_a_service_that_reads_no_more_is_read(
    kind: Callable[[bytes], Any],
    encrypted: bool,
    asynchronous: bool,
    tls: tuple[ssl.SSLContext, Path],
    released: threading.Event,
) -> None:
    def serve(connection: socket.socket) -> None:
        read_head(connection)
        threading.Event().wait(0.2)  # nothing more can be sent then
        connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        released.wait(30)

    context, path = tls
    with SocketServer(serve, context if encrypted else None) as service:
        session = BitfountSession(KEYS, verify=path, retry=ONCE, timeout=20)
        response = send(session, "PUT", service.url, asynchronous, content=kind(bytes(2 * LARGE)))
        released.set()
    assert (response.status_code, response.text) == (413, "no")


def busy_once(requests: list[ReceivedRequest], status: int) -> Callable[[ReceivedRequest], Answer]:
    def answer(request: ReceivedRequest) -> Answer:
        requests.append(request)
        return (status, {}, b"") if len(requests) == 1 else (200, {}, b"")

    return answer


def generated() -> Iterator[bytes]:
    yield b"only "
    yield b"once"


async def generated_async() -> AsyncIterator[bytes]:
    yield b"only "
    yield b"once"


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return b""


@ways
@pytest.mark.parametrize("status", [503, 401])
@pytest.mark.parametrize("kind", ["generator", "part of a form"])
def test_body_that_can_be_read_once_is_sent_once(
    asynchronous: bool, status: int, kind: str
) -> None:
    requests: list[ReceivedRequest] = []
    body: dict[str, Any] = {"content": generated_async() if asynchronous else generated()}
    if kind != "generator":
        body = {"files": {"f": Pipe()}}
    with serving(busy_once(requests, status)) as url:
        session = BitfountSession(KEYS, retry=TWICE)
        assert send(session, "PUT", url, asynchronous, **body).status_code == status
    assert len(requests) == 1


@ways
@pytest.mark.parametrize("kind", ["file", "list", "form"])
def test_body_that_can_be_read_again_is_sent_again(
    asynchronous: bool, kind: str, tmp_path: Path
) -> None:
    if kind == "list" and asynchronous:
        pytest.skip("an async request takes no list")
    path = tmp_path / "body"
    path.write_bytes(b"skipped, the body")
    requests: list[ReceivedRequest] = []
    with serving(busy_once(requests, 503)) as url, path.open("rb") as file:
        file.seek(9)
        body: Any = {"content": file if kind == "file" else [b"the", b" body"]}
        if kind == "form":
            body = {"files": {"f": io.BytesIO(b"the body")}}
        session = BitfountSession(KEYS, retry=TWICE)
        assert send(session, "PUT", url, asynchronous, **body).status_code == 200
    first, second = [request.body for request in requests]
    assert b"the body" in first.replace(b"3\r\nthe\r\n5\r\n body", b"the body") or kind == "list"
    if kind == "file":
        assert first == second == b"the body"
    elif kind == "form":
        assert b"the body" in first
        assert b"the body" in second


def test_file_read_to_its_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"x")
    with path.open("rb") as file, BitfountSession(KEYS) as session:
        file.read()
        with pytest.raises(ValueError, match=r"seek\(0\)"):
            session.put("http://127.0.0.1:1/", content=file)
        with path.open() as text, pytest.raises(ValueError, match="binary mode"):
            session.put("http://127.0.0.1:1/", content=text)


@ways
@pytest.mark.parametrize("length", ["1", "9"])
def test_content_length_that_does_not_fit_is_an_error(asynchronous: bool, length: str) -> None:
    with serving(lambda _: (200, {}, b"")) as url:
        session = BitfountSession(KEYS, retry=ONCE, timeout=5)
        with pytest.raises(RequestException, match="content-length"):
            send(
                session,
                "PUT",
                url,
                asynchronous,
                content=b"12345",
                headers={"content-length": length},
            )


# --- Deadlines -----------------------------------------------------------------------------------


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set at the end of the test, so that threads that were left behind end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Threads that a call has left behind must not disturb the next test."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("bitfount-api"):
            thread.join(60)
            assert not thread.is_alive()


@ways
def test_deadline_covers_the_look_up_of_a_name(
    asynchronous: bool, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: Any, **__: Any) -> Any:
        released.wait(60)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    session = BitfountSession(KEYS, deadline=0.2)
    with pytest.raises(RequestTimeout) as caught:
        send(session, "GET", "http://hub.test/", asynchronous)
    assert not released.is_set()
    assert not caught.value.sent


@ways
def test_deadline_covers_getting_credentials(asynchronous: bool, released: threading.Event) -> None:
    def get_token() -> tuple[str, datetime]:
        released.wait(60)
        return "late", datetime(2100, 1, 1, tzinfo=UTC)

    handler = ExternallyManagedJWTHandler(None, None, get_token, "alice")
    with pytest.raises(RequestTimeout, match="authentication"):
        create_project(BitfountSession(handler, deadline=0.2), UNUSED, asynchronous)
    assert not released.is_set()


@ways
def test_deadline_covers_the_lock_of_the_token_file(asynchronous: bool, tmp_path: Path) -> None:
    handler = DeviceCodeFlowHandler(
        "http://localhost:1", "client", storage_path=tmp_path, retry=ONCE
    )
    lock = handler._file.path.with_name(".token.lock")
    lock.parent.mkdir(parents=True)
    with filelock.FileLock(lock), pytest.raises(RequestTimeout, match="authentication"):
        create_project(BitfountSession(handler, deadline=0.3), UNUSED, asynchronous)


@ways
def test_deadline_covers_a_slow_oauth_service(
    asynchronous: bool, released: threading.Event, tmp_path: Path
) -> None:
    def drip(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not released.wait(0.02):
            connection.sendall(b" ")

    with SocketServer(drip) as oauth:
        url = oauth.url.replace("127.0.0.1", "localhost")
        handler = DeviceCodeFlowHandler(
            url, "client", storage_path=tmp_path, prompt=lambda _: None, retry=ONCE
        )
        with pytest.raises(RequestTimeout, match="authentication"):
            create_project(BitfountSession(handler, deadline=0.3), UNUSED, asynchronous)
        released.set()


# --- Found by attack -----------------------------------------------------------------------------


def test_connection_closed_behind_a_blocked_loop_is_not_used() -> None:
    """The event loop has not had a chance to see what the service did."""
    closed = threading.Event()

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(OK)
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 8\r\n\r\nsmuggled")
        connection.close()
        closed.set()

    with SocketServer(serve) as server, asyncio.Runner() as runner:
        session = BitfountSession(KEYS, retry=ONCE)
        for _ in range(3):
            closed.clear()
            response = runner.run(session.arequest("POST", server.url))
            assert (response.status_code, response.text) == (200, "{}")
            assert closed.wait(10)
        runner.run(session.aclose())


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_calls_in_an_event_loop_of_uvloop(
    encrypted: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    uvloop = pytest.importorskip("uvloop")
    context, path = tls

    async def main(url: str) -> list[str]:
        async with BitfountSession(KEYS, verify=path) as session:
            calls = [session.arequest("PUT", url, content=io.BytesIO(b"body")) for _ in range(9)]
            return [response.text for response in await asyncio.gather(*calls)]

    with (
        serving(lambda request: (200, {}, request.body), context if encrypted else None) as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        assert runner.run(main(url)) == ["body"] * 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_does_not_share_connections() -> None:
    def serve(connection: socket.socket) -> None:
        while head := read_head(connection):
            body = head.split(b" ")[1]
            connection.sendall(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
            )

    with SocketServer(serve) as server, BitfountSession(KEYS) as session:
        assert session.get(f"{server.url}/warm").text == "/warm"
        child = os.fork()
        who = "parent" if child else "child"
        right = all(
            session.get(f"{server.url}/{who}/{number}").text == f"/{who}/{number}"
            for number in range(30)
        )
        if not child:
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert right


def test_look_ups_of_a_name_share_a_thread(
    released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(60) and [])
    with BitfountSession(KEYS, deadline=0.02, retry=ONCE) as session:
        for _ in range(5):
            with pytest.raises(RequestTimeout):
                session.get("http://hub.test/")
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("bitfount-api-name") == 1


async def test_busy_threads_of_the_loop_do_not_delay_a_call(
    released: threading.Event, tmp_path: Path
) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"body")
    waiting = [asyncio.create_task(asyncio.to_thread(released.wait, 60)) for _ in range(100)]
    await asyncio.sleep(0)
    with serving(lambda request: (200, {}, request.body)) as url, path.open("rb") as file:
        async with BitfountSession(KEYS, deadline=30) as session:
            assert (await session.arequest("PUT", url, content=file)).text == "body"
    released.set()
    await asyncio.gather(*waiting)


@ways
def test_deadline_covers_a_body_that_blocks(asynchronous: bool, released: threading.Event) -> None:
    if not asynchronous:
        pytest.skip("the body runs in the caller's own thread")

    def body() -> Iterator[bytes]:
        yield b"x"
        released.wait(60)

    with SocketServer(lambda _: released.wait(60)) as server, pytest.raises(RequestTimeout):
        send(BitfountSession(KEYS, deadline=0.2), "PUT", server.url, True, content=body())
    assert not released.is_set()


@ways
def test_repeated_headers_are_sent_repeatedly(asynchronous: bool) -> None:
    heads = []

    def serve(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(OK)

    with SocketServer(serve) as server:
        headers = [("X-A", "1"), ("X-A", "2"), ("Cookie", "a=1"), ("Cookie", "b=2")]
        send(BitfountSession(KEYS), "GET", server.url, asynchronous, headers=headers)
    lines = heads[0].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith((b"x-a", b"cookie"))] == [
        b"x-a: 1", b"x-a: 2", b"cookie: a=1", b"cookie: b=2",
    ]  # fmt: skip


@ways
def test_request_that_cannot_be_made_is_not_sent(asynchronous: bool) -> None:
    with serving(lambda _: (200, {}, b"")) as url, pytest.raises(RequestException) as caught:
        send(BitfountSession(KEYS), "POST", url, asynchronous, headers={"x": "a\nb"})
    assert not caught.value.sent


@ways
@pytest.mark.parametrize("reply", [b"", b"garbage", b"\x05\xff", b"\x05\x00\x05\x01\x00\x01"])
def test_odd_socks_proxy_raises_a_documented_error(asynchronous: bool, reply: bytes) -> None:
    pytest.importorskip("socksio")

    def serve(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(reply)

    with SocketServer(serve) as proxy:
        session = BitfountSession(KEYS, proxy=f"socks5://{proxy.address}", retry=ONCE)
        with pytest.raises(RequestException) as caught:
            send(session, "POST", "http://hub.test/", asynchronous)
    assert not caught.value.sent


@ways
def test_response_has_the_time_that_it_took(asynchronous: bool) -> None:
    with serving(lambda _: (200, {}, b"")) as url:
        assert send(BitfountSession(KEYS), "GET", url, asynchronous).elapsed.total_seconds() > 0


@ways
@pytest.mark.parametrize("mark", ["#", "/", "?"])
def test_warning_of_get_pod_shows_no_password(
    mark: str, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    proxy = f"http://user:SECRET{mark}SECRET@127.0.0.1:1"
    session = BitfountSession(KEYS, retry=ONCE, proxy=proxy)
    if asynchronous:
        assert asyncio.run(AsyncBitfountHub(session, UNUSED).get_pod("alice/scans")) is None
    else:
        assert BitfountHub(session, UNUSED).get_pod("alice/scans") is None
    assert "Pod alice/scans could not be retrieved" in caplog.text
    assert "SECRET" not in caplog.text


@ways
@pytest.mark.parametrize(
    ("method", "status", "times"),
    [("PUT", 503, 2), ("POST", 503, 1), ("PATCH", 503, 1)]
    + [(method, 401, 2) for method in ("PUT", "POST", "PATCH")],
)
@pytest.mark.parametrize("kind", ["bytes", "file", "form"])
def test_every_repeated_request_has_its_whole_body(
    asynchronous: bool, method: str, status: int, times: int, kind: str
) -> None:
    requests: list[ReceivedRequest] = []
    body: dict[str, Any] = {"content": b"the body"}
    if kind == "file":
        body = {"content": io.BytesIO(b"the body")}
    elif kind == "form":
        body = {"data": {"a": "1"}, "files": {"f": io.BytesIO(b"the body")}}
    tokens = iter(range(9))
    expires = datetime(2100, 1, 1, tzinfo=UTC)
    handler = ExternallyManagedJWTHandler(
        None, None, lambda: (f"t{next(tokens)}", expires), "alice"
    )
    with serving(busy_once(requests, status)) as url:
        session = BitfountSession(handler, retry=TWICE)
        BitfountHub(session, url)  # its URL gets the credentials, which a 401 renews
        send(session, method, url, asynchronous, **body)
    assert ["the body" in request.body.decode() for request in requests] == [True] * times


@ways
def test_clients_keep_no_cookies(asynchronous: bool) -> None:
    requests: list[ReceivedRequest] = []

    def answer(request: ReceivedRequest) -> Answer:
        requests.append(request)
        return 200, {"set-cookie": "c=d"}, b'{"totalProjects": 0, "projects": []}'

    async def main(url: str) -> None:
        async with BitfountSession(KEYS) as session:
            for _ in range(2):
                await AsyncBitfountHub(session, url).get_projects()

    with serving(answer) as url:
        if asynchronous:
            asyncio.run(main(url))
        else:
            with BitfountSession(KEYS) as session:
                for _ in range(2):
                    BitfountHub(session, url).get_projects()
    assert ["cookie" in request.headers for request in requests] == [False, False]
