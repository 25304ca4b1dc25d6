"""The connections of event loops, on asyncio's own transports."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import httpcore

from bitfount_api._io.attempt import is_answer
from bitfount_api._io.names import look_up
from bitfount_api._io.polling import poll
from bitfount_api._io.sync_network import NO_TLS, is_socks

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable

    from bitfount_api._io.attempt import Attempt

_MAX_BUFFERED_BYTES = 1024 * 1024
"""The number of received bytes that are kept for the caller before reading is paused."""

_READ_BYTES = 64 * 1024

_READS_IN_A_ROW = 16
"""The number of reads of buffered bytes after which other tasks run."""

_NEXT_ADDRESS_AFTER = 0.25
"""Seconds after which the next address of a host is tried as well, as RFC 8305 recommends."""


class AsyncNetwork(httpcore.AsyncNetworkBackend):
    """The network, for one connection; see :class:`bitfount_api._io.sync_network.Network`.

    Args:
        attempt: The attempt that the connection is opened for.
        handshakes: The number of TLS handshakes before the first byte of a request is sent to the
            service itself, and not to a proxy.
    """

    def __init__(self, attempt: Attempt, handshakes: int) -> None:
        self.attempt = attempt
        self.handshakes = handshakes
        self.transport: asyncio.Transport | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look up a host, and connect to the first of its addresses that answers."""
        del local_address, socket_options  # not used by this library
        try:
            async with asyncio.timeout(timeout):
                addresses = await asyncio.wrap_future(look_up(host, port))
                protocol = await _connect_to_any(addresses, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the time to connect is used up") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        return AsyncStream(protocol, self)

    def close(self) -> None:
        """Close the connection. May be called more than once."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()

    def shut_down(self) -> None:
        """Close the connection, also while another task waits for it."""
        if self.transport is not None:
            self.transport.abort()


async def _connect_to_any(addresses: list[str], port: int) -> _Protocol:
    """Connect to the addresses in turn, each a moment after the one before."""
    waiting = deque(addresses)
    attempts: set[asyncio.Task[_Protocol]] = set()
    failure: OSError | None = None
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.create_task(_connect(waiting.popleft(), port)))
            done, attempts = await asyncio.wait(
                attempts,
                timeout=_NEXT_ADDRESS_AFTER if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            attempts |= done  # of two that end together, the second is discarded
            for attempt in done:
                try:
                    connected = attempt.result()
                except OSError as error:
                    failure = failure or error
                    attempts.discard(attempt)
                else:
                    attempts.discard(attempt)
                    return connected
    finally:
        await _discard(attempts)
    assert failure is not None  # noqa: S101 - a host has at least one address
    raise failure


async def _discard(attempts: set[asyncio.Task[_Protocol]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, _Protocol):
            outcome.transport.abort()


async def _connect(address: str, port: int) -> _Protocol:
    _, protocol = await asyncio.get_running_loop().create_connection(_Protocol, address, port)
    return protocol


class _Protocol(asyncio.Protocol):
    """Receives bytes into a buffer, and wakes the task that waits for them."""

    transport: asyncio.Transport

    def __init__(self, *, encrypted: bool = False) -> None:
        self.encrypted = encrypted
        self.received: deque[bytes] = deque()
        self.ended = False
        self.failure: Exception | None = None
        self._buffered = 0
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    # --- Called by the transport -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of another class

    def data_received(self, data: bytes) -> None:
        self.received.append(data)
        self._buffered += len(data)
        if self._buffered > _MAX_BUFFERED_BYTES and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self.ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self.encrypted:
            self._read_rest()
        self.ended = True
        self.failure = exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._writer)
        self._writer = None

    def _read_rest(self) -> None:
        """Read what the service had sent before it closed the connection: an early refusal.

        The event loop does not read it any more, once a write has failed.
        """
        ours = self.transport.get_extra_info("socket")
        with (
            suppress(OSError),
            socket.fromfd(ours.fileno(), ours.family, ours.type) as duplicate,
        ):
            duplicate.setblocking(False)
            while data := duplicate.recv(_READ_BYTES):
                self.received.append(data)

    # --- Called by the stream --------------------------------------------------------------------

    def take(self) -> bytes:
        """Return the next received bytes; none if none are there."""
        if not self.received:
            return b""
        data = self.received.popleft()
        self._buffered -= len(data)
        if self._paused and self._buffered <= _MAX_BUFFERED_BYTES // 2:
            self._paused = False
            self.transport.resume_reading()
        return data

    @property
    def has_answer(self) -> bool:
        """Whether bytes of a response, and not of an interim one, are there."""
        return bool(self.received) and is_answer(b"".join(self.received))

    async def wait_readable(self, seconds: float | None) -> None:
        """Wait until there are bytes, or there will be none.

        Raises:
            TimeoutError: Neither happens within ``seconds``.
        """
        if self.received or self.ended:
            return
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        # A timer is several times faster than asyncio.timeout(), and there is one for each read.
        timer = None if seconds is None else loop.call_later(seconds, _time_out, self._reader)
        try:
            await self._reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()

    async def wait_writable(self, seconds: float | None) -> None:
        """Wait until the transport takes more bytes, or the service has answered.

        Raises:
            TimeoutError: Neither happens within ``seconds``.
        """
        while self._writer is not None and not self.ended and not self.has_answer:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.wait(
                        [self._writer, self._reader], return_when=asyncio.FIRST_COMPLETED
                    )
            finally:
                self._reader = None


def _make_abortable(transport: Any) -> None:
    """Let asyncio abort a TLS transport when a handshake within it fails.

    On Python 3.11, asyncio raises a TypeError or an AttributeError instead.
    """
    with suppress(AttributeError):  # uvloop's transports need no change, and allow none
        transport._force_close = lambda _error: transport.abort()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _time_out(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


class AsyncStream(httpcore.AsyncNetworkStream):
    """A connection, with or without TLS.

    Args:
        protocol: The protocol of the connection.
        network: The network that opened it.
        below: The transports below the protocol's: one for each TLS handshake so far.
    """

    def __init__(
        self,
        protocol: _Protocol,
        network: AsyncNetwork,
        below: tuple[asyncio.Transport, ...] = (),
    ) -> None:
        self._protocol = protocol
        self._network = network
        self._transports = (*below, protocol.transport)
        self._encrypted = bool(below)
        self._leads_to_service = len(below) == network.handshakes
        self._reads = 0
        network.transport = protocol.transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read at least one byte; none at the end."""
        protocol = self._protocol
        if protocol.received:
            self._reads += 1
            if self._reads % _READS_IN_A_ROW == 0:
                await asyncio.sleep(0)  # let other tasks run, although nothing is waited for
        else:
            # httpcore gives no timeout for the handshake with a SOCKS proxy.
            seconds = self._network.attempt.timeout if timeout is None else timeout
            try:
                await self._wait(protocol.wait_readable, seconds)
            except TimeoutError:
                raise httpcore.ReadTimeout from None
        data = protocol.take()
        if not data and protocol.failure is not None:
            raise httpcore.ReadError(str(protocol.failure)) from protocol.failure
        self._network.attempt.end.received(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes.

        Raises:
            httpcore.WriteError: If the connection broke, or the service has answered although the
                request is not complete. httpcore reads the response then.
        """
        protocol, attempt = self._protocol, self._network.attempt
        leads_to_service = self._leads_to_service and not is_socks(buffer)
        if leads_to_service and attempt.streams_body and attempt.sent and protocol.has_answer:
            raise httpcore.WriteError("the service answered before the end of the request")
        if protocol.ended:
            raise httpcore.WriteError(str(protocol.failure or "the connection was closed"))
        if leads_to_service:
            attempt.sent = True
        protocol.transport.write(buffer)
        if protocol.transport.is_closing():
            await asyncio.sleep(0)  # the transport calls connection_lost() then
        if attempt.streams_body:
            try:
                await self._wait(protocol.wait_writable, timeout)
            except TimeoutError:
                raise httpcore.WriteTimeout from None

    async def _wait(
        self, wait: Callable[[float | None], Awaitable[None]], seconds: float | None
    ) -> None:
        """Wait until the time is used up, and longer while bytes are still being sent.

        The transports buffer what they cannot send at once, however much it is.
        """
        while True:
            unsent = self._unsent_bytes()
            try:
                return await wait(seconds)
            except TimeoutError:
                if self._unsent_bytes() >= unsent:
                    raise

    def _unsent_bytes(self) -> int:
        return sum(transport.get_write_buffer_size() for transport in self._transports)

    async def aclose(self) -> None:
        """Close the connection."""
        transport = self._protocol.transport
        if self._encrypted or transport.get_write_buffer_size():
            transport.abort()  # it would wait for the other side
        else:
            transport.close()
        await asyncio.sleep(0)  # the socket is closed by the event loop

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Do a TLS handshake."""
        # The event loop would wait for what has already come, until the time is used up.
        if self._protocol.received or self._network.attempt.end.has_body:
            self._protocol.transport.abort()
            raise httpcore.ConnectError(NO_TLS)
        if self._protocol.ended:
            self._protocol.transport.abort()
            raise httpcore.ConnectError("the connection was closed before the TLS handshake")
        if self._encrypted and sys.version_info < (3, 12):
            _make_abortable(self._protocol.transport)
        protocol = _Protocol(encrypted=True)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._protocol.transport, protocol, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            self._protocol.transport.abort()
            raise httpcore.ConnectTimeout("the TLS handshake was not completed in time") from None
        except OSError as error:
            self._protocol.transport.abort()
            reason = str(error) or "the connection was closed during the TLS handshake"
            raise httpcore.ConnectError(reason) from error
        except BaseException:
            self._protocol.transport.abort()
            raise
        # An event loop may return a transport although the connection ended before.
        ours = None if transport is None else transport.get_extra_info("ssl_object")
        if transport is None or ours in (None, self.get_extra_info("ssl_object")):
            self._protocol.transport.abort()
            raise httpcore.ConnectError("the connection was closed during the TLS handshake")
        protocol.connection_made(transport)
        self._network.attempt.end.restart()  # after the response of a proxy
        return AsyncStream(protocol, self._network, self._transports)

    def get_extra_info(self, info: str) -> Any:
        """Return information about the connection, such as its ``socket``."""
        if info == "is_readable":
            # The event loop may not have run since the connection was used last.
            return (
                bool(self._protocol.received)
                or self._protocol.ended
                or poll(self._protocol.transport.get_extra_info("socket"), 0)[0]
            )
        return self._protocol.transport.get_extra_info(
            {"server_addr": "peername", "client_addr": "sockname"}.get(info, info)
        )
