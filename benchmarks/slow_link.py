"""A slow link: a TCP proxy that delays all data and limits the rate of each connection.

Run as a separate process (``python -m benchmarks.slow_link PORT``), it prints its port and
forwards all connections to the given port. Hospital links behave like this: distance and other
users of the link limit the rate of a single connection, so several connections are faster.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import socket
import sys

_CHUNK_BYTES = 16 * 1024
_SOCKET_BYTES = 64 * 1024


class Direction:
    """One direction of one connection.

    Args:
        delay: Delay of each byte in seconds.
        rate: Maximum rate in bytes per second.
    """

    def __init__(self, delay: float, rate: float) -> None:
        self._delay = delay
        self._rate = rate
        self._in_flight: collections.deque[tuple[float, bytes]] = collections.deque()
        self._changed = asyncio.Event()
        self._capacity = asyncio.Semaphore(max(4, int(2 * delay * rate / _CHUNK_BYTES)))

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening: float
    ) -> None:
        """Forward all data until either side closes the connection.

        Args:
            reader: Source of the data.
            writer: Destination of the data.
            opening: Additional delay of the first byte in seconds, for the TCP handshake.
        """
        deliver = asyncio.create_task(self._deliver(writer))
        try:
            free = asyncio.get_running_loop().time() + opening
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._capacity.acquire()
                free = max(free, asyncio.get_running_loop().time()) + len(chunk) / self._rate
                self._in_flight.append((free + self._delay, chunk))
                self._changed.set()
            self._in_flight.append((free + self._delay, b""))
            self._changed.set()
            await deliver
        finally:
            deliver.cancel()

    async def _deliver(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._in_flight:
                self._changed.clear()
                await self._changed.wait()
            due, chunk = self._in_flight.popleft()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not chunk:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()
            self._capacity.release()


async def join(
    port: int,
    delay: float,
    rate: float,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Forward one connection to the port, in both directions."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    _limit_buffers(writer)
    _limit_buffers(far_writer)
    try:
        async with asyncio.TaskGroup() as tasks:
            # A handshake takes one round trip before the first byte.
            tasks.create_task(Direction(delay, rate).carry(reader, far_writer, 2 * delay))
            tasks.create_task(Direction(delay, rate).carry(far_reader, writer, 0))
    except* OSError:
        pass  # one side has closed the connection
    finally:
        for end in (writer, far_writer):
            end.close()


def _limit_buffers(writer: asyncio.StreamWriter) -> None:
    """Limit the kernel's buffers to the capacity of a network, so that the sender has to wait."""
    connection = writer.get_extra_info("socket")
    for which in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        connection.setsockopt(socket.SOL_SOCKET, which, _SOCKET_BYTES)


async def serve(port: int, delay: float, rate: float) -> None:
    """Serve until standard input is closed, at the latest when the parent process exits."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(port, delay, rate, reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=_SOCKET_BYTES)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int, help="the port to forward to")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds, one way")
    parser.add_argument("--rate", type=float, default=2e6, help="bytes/s per connection")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.delay, options.rate))
