"""Concurrent calls share httpx clients, a few calls each, and reuse their connections."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.http_server import serving
from support.raw_server import Act, RawServer

from bitfount_api import APIKeysHandler, BitfountSession, RequestException

AT_ONCE = 23


class Server(ThreadingHTTPServer):
    """Answers once the expected number of requests is in progress, and counts connections."""

    request_queue_size = 200
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.meeting = threading.Barrier(AT_ONCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.meeting.wait(30)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def session() -> Iterator[BitfountSession]:
    with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        yield session


def test_threads_share_clients_and_keep_their_connections(
    session: BitfountSession, server: Server
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(3):
            answers = list(pool.map(lambda _: session.get(server.url), range(AT_ONCE)))
            assert {answer.status_code for answer in answers} == {200}
    assert server.connections == AT_ONCE
    with ExitStack() as leases:
        clients = [leases.enter_context(session._connections.lease(1)) for _ in range(AT_ONCE)]
    assert [clients.count(client) for client in dict.fromkeys(clients)] == [5, 5, 5, 5, 3]


async def test_tasks_share_clients_and_keep_their_connections(server: Server) -> None:
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        for _ in range(3):
            calls = [session.arequest("GET", server.url) for _ in range(AT_ONCE)]
            assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
        assert server.connections == AT_ONCE
        async with AsyncExitStack() as leases:
            clients = [
                await leases.enter_async_context(session._connections.alease(1))
                for _ in range(AT_ONCE)
            ]
        assert len(set(clients)) == 5
    assert all(client.is_closed for client in clients)


def test_session_close_closes_all_clients(session: BitfountSession) -> None:
    with ExitStack() as leases:
        clients = [leases.enter_context(session._connections.lease(1)) for _ in range(100)]
    assert len(set(clients)) == 20
    session.close()
    assert all(client.is_closed for client in clients)
    with pytest.raises(RequestException, match="is closed"), session._connections.lease(1):
        pass


async def test_calls_waiting_at_close_open_no_connections() -> None:
    def silent(*_: str) -> Act:
        return Act(end="hold")

    session = BitfountSession(APIKeysHandler("id", "key", "alice"), timeout=15)
    with RawServer(plan=silent) as server:
        calls = [asyncio.create_task(session.arequest("GET", server.url)) for _ in range(120)]
        while len(server.seen) < 100:
            await asyncio.sleep(0.01)
        await session.aclose()
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, RequestException)
            assert "closed" in str(outcome)
        assert len(server.seen) == 100


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # unclosed connections
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_closed_event_loops_are_dropped(session: BitfountSession) -> None:
    async def call(url: str) -> weakref.ref[asyncio.AbstractEventLoop]:
        assert (await session.arequest("GET", url)).status_code == 200
        return weakref.ref(asyncio.get_running_loop())

    async def call_and_leave(url: str) -> None:
        await call(url)
        await session.aclose_loop()

    with serving(lambda _: (200, {}, b"")) as url:
        ended = [asyncio.run(call(url)) for _ in range(2)]
        asyncio.run(call_and_leave(url))
    gc.collect()
    assert [loop() for loop in ended] == [None, None]


def test_certificates_are_read_once(
    session: BitfountSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as leases:
        first = leases.enter_context(session._connections.lease(1))
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
        clients = [leases.enter_context(session._connections.lease(1)) for _ in range(50)]
    assert any(client is not first for client in clients)
