"""The raw server does what its plan says; the tests that use it depend on that."""

from __future__ import annotations

import socket
import time

import httpx
import pytest
from support.http_server import ReceivedRequest, serving
from support.raw_server import Act, RawServer


def answer(request: ReceivedRequest) -> tuple[int, dict[str, str], bytes]:
    return 201, {"x-request": f"{request.method} {request.target}"}, request.body + b"!"


def test_raw_server_forwards_requests_without_a_fault() -> None:
    with serving(answer) as url:
        upstream = ("127.0.0.1", httpx.URL(url).port or 0)
        with RawServer(upstream) as server:
            for _ in range(2):
                got = httpx.post(f"{server.url}/x?y=1", content=b"body", trust_env=False)
                assert (got.status_code, got.content) == (201, b"body!")
                assert got.headers["x-request"] == "POST /x?y=1"
    assert server.seen == [("POST", "/x?y=1")] * 2


def test_raw_server_refuses_connections() -> None:
    with RawServer(refuse="ever") as server, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    with serving(answer) as url:
        upstream = ("127.0.0.1", httpx.URL(url).port or 0)
        with RawServer(upstream, refuse="moment", after=1, moment=1.0) as server:
            assert httpx.get(server.url, trust_env=False).status_code == 201
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port))
            while True:
                try:
                    assert httpx.get(server.url, trust_env=False).status_code == 201
                    break
                except httpx.ConnectError:
                    time.sleep(0.005)
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (Act(b"nonsense\r\n\r\n"), httpx.RemoteProtocolError),
        (Act(b""), httpx.RemoteProtocolError),
        (Act(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), httpx.RemoteProtocolError),
        (Act(b"", end="reset"), httpx.ReadError),
        (Act(b"HTTP/1.1 200 OK\r\n", end="hold"), httpx.ReadTimeout),
        (Act(read=4), (httpx.ReadError, httpx.WriteError)),
    ],
)
def test_raw_server_performs_the_planned_fault(act: Act, error: type[Exception]) -> None:
    with RawServer(plan=lambda *_: act) as server, pytest.raises(error):
        httpx.post(server.url, content=b"x" * 100_000, trust_env=False, timeout=0.5)
