"""Many calls at a time share clients of httpx, a few each, and keep the connections they have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bitfount_api import APIKeysHandler, BitfountSession, RequestException

AT_ONCE = 23


class Server(ThreadingHTTPServer):
    """Answers when as many are asking as there should be at a time, and counts connections."""

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
    clients = [session.client(turn) for turn in range(AT_ONCE)]
    assert [clients.count(client) for client in dict.fromkeys(clients)] == [5, 5, 5, 5, 3]


async def test_tasks_share_clients_and_keep_their_connections(server: Server) -> None:
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        for _ in range(3):
            calls = [session.arequest("GET", server.url) for _ in range(AT_ONCE)]
            assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
        assert server.connections == AT_ONCE
        clients = [session.async_client(turn) for turn in range(AT_ONCE)]
        assert len(set(clients)) == 5
    assert all(client.is_closed for client in clients)


def test_a_session_closes_all_of_them(session: BitfountSession) -> None:
    clients = [session.client(turn) for turn in (0, 7, 99)]
    session.close()
    assert all(client.is_closed for client in clients)
    with pytest.raises(RequestException, match="is closed"):
        session.client(0)


def test_certificates_are_read_once(
    session: BitfountSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.client(0)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    session.client(50)
