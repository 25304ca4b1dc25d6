"""The connections of threads: each step respects the limits of the call that it is made for."""

from __future__ import annotations

import os
import socket
import ssl
import time
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import httpcore

from bitfount_api._io.attempt import is_answer
from bitfount_api._io.names import look_up
from bitfount_api._io.polling import poll

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from bitfount_api._io.attempt import Attempt

_SOCKS_MESSAGES = (b"\x01", b"\x05")
"""The first byte of what is sent to a SOCKS proxy. No request begins with one of them."""

READ_BYTES = 256 * 1024
"""The minimum size of a read, in bytes. httpcore asks for a quarter of it: when 400 MB were
transferred over four connections, a quarter of the time went into waking threads for such small
reads."""

_WRITE_BYTES = 256 * 1024
"""The maximum size of a write, in bytes. The timeout and the deadline apply to each.

It is that of the chunks of files: a quarter of it made uploads slower by a half."""

NO_TLS = "the service did not begin with a TLS handshake"

_MOMENT = 2.0
"""Seconds to connect to an address of a host before the next one is tried."""

_LOOK_UP_STEP = 0.1
"""Seconds after which a thread that waits for a name sees whether it is cancelled."""

_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError)


class Network(httpcore.NetworkBackend):
    """The network, for one connection.

    Args:
        attempt: The attempt that the connection is opened for.
        handshakes: The number of TLS handshakes before the first byte of a request is sent to the
            service itself, and not to a proxy.
    """

    def __init__(self, attempt: Attempt, handshakes: int) -> None:
        self.attempt = attempt
        self.handshakes = handshakes
        self.socket: socket.socket | None = None
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look up a host, and connect to the first of its addresses that answers."""
        limits = self.attempt.limits
        timeout = self.attempt.connect if timeout is None else timeout
        end = time.monotonic() + (limits.remaining(timeout, httpcore.ConnectTimeout) or timeout)
        addresses = self._look_up(host, port, end)
        # The first addresses may lead nowhere, so each is tried for a moment only, but the last;
        # then all of them with the time that is left.
        attempts = [(address, _MOMENT) for address in addresses[:-1]]
        attempts += [(address, timeout) for address in [addresses[-1], *addresses[:-1]]]
        while True:
            address, seconds = attempts.pop(0)
            limits.raise_if_cancelled()
            left = end - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout("the time to connect is used up")
            try:
                stream = self._backend.connect_tcp(
                    address, port, min(seconds, left), local_address, socket_options or []
                )
            except httpcore.ConnectTimeout:
                if not attempts:
                    raise
            except httpcore.ConnectError:
                # It refuses, so it is not tried again.
                attempts = [each for each in attempts if each[0] != address]
                if not attempts:
                    raise
            else:
                return Stream(stream, self, handshakes=0)

    def _look_up(self, host: str, port: int, end: float) -> list[str]:
        addresses = look_up(host, port)
        while True:
            self.attempt.limits.raise_if_cancelled()
            try:
                return addresses.result(min(_LOOK_UP_STEP, max(0, end - time.monotonic())))
            except TimeoutError:
                if time.monotonic() >= end:
                    raise httpcore.ConnectTimeout(
                        "the host name could not be looked up in time"
                    ) from None
            except (OSError, UnicodeError) as error:
                raise httpcore.ConnectError(str(error)) from error

    def close(self) -> None:
        """Close the connection. May be called more than once."""
        if self.socket is not None:
            self.socket.close()

    def shut_down(self) -> None:
        """Shut the connection down, also while another thread waits for it."""
        if self.socket is not None:
            # Not the method of a TLS socket: it would destroy the state that a thread reads with.
            _shut_down(self.socket)


class Stream(httpcore.NetworkStream):
    """A connection, with or without TLS.

    Args:
        stream: The connection that respects no limits.
        network: The network that opened it.
        handshakes: The number of TLS handshakes so far.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, network: Network, *, handshakes: int
    ) -> None:
        self._stream = stream
        self._network = network
        self._handshakes = handshakes
        self._leads_to_service = handshakes == network.handshakes
        self._received = b""
        network.socket = stream.get_extra_info("socket")

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read at least one byte; none at the end."""
        attempt = self._network.attempt
        if self._received:
            data, self._received = self._received, b""
        else:
            # httpcore gives no timeout for the handshake with a SOCKS proxy.
            timeout = attempt.timeout if timeout is None else timeout
            data = self._read(max(max_bytes, READ_BYTES), timeout)
        attempt.end.received(data)
        return data

    def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        limits = self._network.attempt.limits
        left = limits.remaining(timeout, httpcore.ReadTimeout)
        with self._shut_down_on_cancel(self._socket()):
            return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes.

        Raises:
            httpcore.WriteError: If the connection broke, or the service has answered although the
                request is not complete. httpcore reads the response then.
        """
        attempt = self._network.attempt
        timeout = attempt.timeout if timeout is None else timeout
        leads_to_service = self._leads_to_service and not is_socks(buffer)
        # Of a view, httpcore does not copy the rest after each partial write.
        view = memoryview(buffer)
        for start in range(0, len(view), _WRITE_BYTES):
            left = attempt.limits.remaining(timeout, httpcore.WriteTimeout) or timeout
            with self._shut_down_on_cancel(self._socket()):
                if leads_to_service:
                    if start or (attempt.streams_body and attempt.sent):
                        left = self._wait_writable(left)
                    attempt.sent = True
                part: Any = view[start : start + _WRITE_BYTES]
                self._stream.write(part, left)

    def _shut_down_on_cancel(self, connection: socket.socket) -> AbstractContextManager[None]:
        cancellation = self._network.attempt.limits.cancellation
        if cancellation is None:
            return nullcontext()
        return cancellation.shut_down_on_cancel(connection)

    def _wait_writable(self, seconds: float) -> float:
        """Wait until bytes can be sent, and return the seconds that are left.

        Raises:
            httpcore.WriteError: If the service has answered.
            httpcore.WriteTimeout: If the time is used up.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            readable, writable = poll(self._socket(), left)
            if readable and self._has_answer():
                raise httpcore.WriteError("the service answered before the end of the request")
            if writable:
                return left
        raise httpcore.WriteTimeout

    def _has_answer(self) -> bool:
        """Whether what can be read is an answer of the service, or the end of the connection."""
        try:
            # Over TLS, the bytes may be a message of TLS itself.
            data = self._stream.read(READ_BYTES, 0)
        except httpcore.ReadError as error:
            return not isinstance(error.__cause__, _WOULD_BLOCK)
        self._received += data
        return not data or is_answer(self._received)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Do a TLS handshake."""
        limits = self._network.attempt.limits
        left = limits.remaining(timeout, httpcore.ConnectTimeout)
        if self._network.attempt.end.has_body:
            raise httpcore.ConnectError(NO_TLS)  # the service would wait for an answer
        # start_tls detaches the socket object, so a second one for the same connection is needed to
        # shut it down. Not by dup(): a TLS socket (an https:// proxy's) has none.
        with self._duplicate() as duplicate:
            self._network.socket = duplicate
            with self._shut_down_on_cancel(duplicate):
                stream = self._stream.start_tls(ssl_context, server_hostname, left)
        self._network.attempt.end.restart()  # after the response of a proxy
        return Stream(stream, self._network, handshakes=self._handshakes + 1)

    def _duplicate(self) -> socket.socket:
        ours = self._socket()
        try:
            # The module ssl would leave the socket of a connection open that has been reset.
            if code := ours.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, os.strerror(code))
            return socket.fromfd(ours.fileno(), ours.family, ours.type, ours.proto)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    def _socket(self) -> socket.socket:
        found: socket.socket = self._stream.get_extra_info("socket")
        return found

    def get_extra_info(self, info: str) -> Any:
        """Return information about the connection, such as its ``socket``."""
        return self._stream.get_extra_info(info)


def is_socks(buffer: bytes) -> bool:
    """Whether bytes to send are a message for a SOCKS proxy, or encrypted for a service."""
    return buffer[:1] in _SOCKS_MESSAGES


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
