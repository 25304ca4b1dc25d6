"""A service that sends one byte at a time, each just before the timeout."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSession,
    RequestTimeout,
    RetryPolicy,
)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n"


@contextlib.contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """Run a server that answers with some bytes, and then with single bytes without end."""
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(first)
            while not ended.wait(0.01):
                connection.sendall(b"y")

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=drip, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(20)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("where", ["status line", "headers", "body"])
def test_deadline_ends_a_dripping_response(where: str, asynchronous: bool) -> None:
    session = BitfountSession(
        APIKeysHandler("id", "key", "alice"), timeout=5, deadline=0.3, retry=RetryPolicy(retries=0)
    )
    first = {"status line": b"", "headers": HEAD + b"x: ", "body": HEAD + b"\r\n"}[where]

    async def main(url: str) -> None:
        async with session:
            await AsyncBitfountHub(session, url).get_projects()

    def ask(url: str) -> None:
        if asynchronous:
            asyncio.run(main(url))
        else:
            BitfountHub(session, url).get_projects()

    begun = time.monotonic()
    with dripping(first) as url, pytest.raises(RequestTimeout), session:
        ask(url)
    assert time.monotonic() - begun < 60  # the answer would last for days


def test_deadline_applies_to_proxy_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping(HEAD) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        session = BitfountSession(
            APIKeysHandler("id", "key", "alice"),
            deadline=0.3,
            retry=RetryPolicy(retries=0),
            allow_insecure=True,
        )
        with session, pytest.raises(RequestTimeout):
            BitfountHub(session, "http://hub.test").get_projects()


def test_deadline_applies_to_the_tls_handshake() -> None:
    with (
        dripping(b"\x16\x03\x03\x40\x00") as url,
        BitfountSession(
            APIKeysHandler("id", "key", "alice"), deadline=0.3, retry=RetryPolicy(retries=0)
        ) as session,
        pytest.raises(RequestTimeout),
    ):
        BitfountHub(session, url.replace("http:", "https:")).get_projects()
