"""The connections of event loops: what a service does between the connection and the handshake."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

import httpcore
import pytest
from support.socket_server import SocketServer

from bitfount_api._io.async_network import AsyncNetwork
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.deadlines import Limits

WAIT = 20


def new_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def new_uvloop() -> asyncio.AbstractEventLoop:
    uvloop = pytest.importorskip("uvloop")
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def closes(connection: socket.socket) -> None:
    connection.close()


def closes_half(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1024):
        pass


def speaks_first(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.test\r\n")
    while connection.recv(1024):
        pass


@pytest.mark.parametrize("loop_factory", [new_loop, new_uvloop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("service", "message"),
    [
        (closes, "closed before the TLS handshake"),
        (closes_half, "closed before the TLS handshake"),
        (speaks_first, "did not begin with a TLS handshake"),
    ],
    ids=["closes", "closes_half", "speaks_first"],
)
def test_service_without_tls_fails_the_handshake_at_once(
    service: Callable[[socket.socket], None],
    message: str,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def main(address: str) -> None:
        network = AsyncNetwork(Attempt(Limits(), WAIT), handshakes=1)
        host, port = address.split(":")
        stream = await network.connect_tcp(host, int(port), WAIT)
        await asyncio.sleep(0.1)  # the event loop has seen what the service did
        with pytest.raises(httpcore.ConnectError, match=message):
            await stream.start_tls(ssl.create_default_context(), host, WAIT)

    with SocketServer(service) as server, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main(server.address))


@pytest.mark.parametrize("loop_factory", [new_loop, new_uvloop], ids=["asyncio", "uvloop"])
def test_request_counts_as_unsent_if_nothing_was_written(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def main(address: str) -> bool:
        attempt = Attempt(Limits(), WAIT)
        host, port = address.split(":")
        stream = await AsyncNetwork(attempt, handshakes=0).connect_tcp(host, int(port), WAIT)
        assert await stream.read(1024, WAIT) == b""
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"POST / HTTP/1.1\r\n", WAIT)
        return attempt.sent

    with SocketServer(closes) as server, asyncio.Runner(loop_factory=loop_factory) as runner:
        assert not runner.run(main(server.address))
