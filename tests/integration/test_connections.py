"""Calls reuse connections, up to a limit, and close them with the session."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
        self.connections = self.open = 0
        self.meeting = threading.Barrier(AT_ONCE)

    def wait_closed(self) -> None:
        """Wait until all connections are closed."""
        end = time.monotonic() + 30
        while self.open:
            assert time.monotonic() < end, f"{self.open} connections are still open"
            time.sleep(0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.server.open += 1

    def finish(self) -> None:
        super().finish()
        self.server.open -= 1

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


def test_threads_keep_their_connections(session: BitfountSession, server: Server) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(3):
            answers = list(pool.map(lambda _: session.get(server.url), range(AT_ONCE)))
            assert {answer.status_code for answer in answers} == {200}
    assert server.connections == AT_ONCE


async def test_tasks_keep_their_connections(server: Server) -> None:
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        for _ in range(3):
            calls = [session.arequest("GET", server.url) for _ in range(AT_ONCE)]
            assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
        assert server.connections == AT_ONCE
    server.wait_closed()


def test_session_close_closes_all_connections(session: BitfountSession, server: Server) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: session.get(server.url), range(AT_ONCE)))
    session.close()
    server.wait_closed()
    with pytest.raises(RequestException, match="is closed"):
        session.get(server.url)


def test_calls_in_progress_fail_when_the_session_is_closed(session: BitfountSession) -> None:
    with RawServer(plan=lambda *_: Act(end="hold")) as server, ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(session.get, server.url) for _ in range(3)]
        while len(server.seen) < 3:
            time.sleep(0.01)
        session.close()
        for call in calls:
            with pytest.raises(RequestException, match="closed"):
                call.result(30)


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
