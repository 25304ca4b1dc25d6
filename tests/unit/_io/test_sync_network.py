"""The connections of threads: what a service does between the connection and the handshake."""

from __future__ import annotations

import gc
import select
import socket
import ssl
import struct

import httpcore
import pytest
from support.socket_server import SocketServer

from bitfount_api._io.attempt import Attempt
from bitfount_api._io.deadlines import Limits
from bitfount_api._io.sync_network import Network

WAIT = 20


def resets(connection: socket.socket) -> None:
    # With zero seconds, the close sends an RST.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_connection_reset_before_the_handshake_is_closed() -> None:
    with SocketServer(resets) as server:
        host, port = server.address.split(":")
        network = Network(Attempt(Limits(), WAIT), handshakes=1)
        stream = network.connect_tcp(host, int(port), WAIT)
        assert network.socket is not None
        assert select.select([network.socket], [], [], WAIT)[0]
        with pytest.raises(httpcore.ConnectError, match="reset by peer"):
            stream.start_tls(ssl.create_default_context(), host, WAIT)
        stream.close()
    gc.collect()  # a socket that was left open would raise a ResourceWarning
