"""Fault injection: delays, error statuses and broken connections, for tests."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import deque
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import attrs
from attrs import validators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRANSPORT = "bitfount_api.sandbox.transport"
"""Key of the connection in a request's scope; see :mod:`bitfount_api.sandbox.servers`."""

SERVICES = ("access_manager", "hub", "smart_on_fhir", "storage")

_MAX_RECORDED = 10_000
_POLL_SECONDS = 0.05
_POSITION = validators.optional(validators.ge(0))
_STATUS = validators.optional(validators.and_(validators.ge(200), validators.le(599)))


@attrs.frozen(kw_only=True)
class Fault:
    """A fault to inject into a request.

    ``status`` replaces the response; the other faults modify whichever response is sent. The
    service still processes the request, unless ``status`` is given or ``reset_after`` is 0.

    Args:
        delay: Seconds to wait before the response; the request has been processed by then.
        status: Status to respond with instead of the service's response.
        headers: Response headers for ``status``, such as ``{"retry-after": "1"}``.
        body: Response body for ``status``.
        reset_after: Number of body bytes after which to reset the connection; 0: before the
            headers.
        truncate_after: Number of body bytes after which to close the connection.
        corrupt_at: Position of the body byte in which one bit is flipped.

    Raises:
        ValueError: If a number of seconds or bytes is negative, or the status is not final.
    """

    delay: float = attrs.field(default=0, validator=validators.ge(0))
    status: int | None = attrs.field(default=None, validator=_STATUS)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    reset_after: int | None = attrs.field(default=None, validator=_POSITION)
    truncate_after: int | None = attrs.field(default=None, validator=_POSITION)
    corrupt_at: int | None = attrs.field(default=None, validator=_POSITION)


@attrs.frozen
class RecordedRequest:
    """A request that a service received, without its query and headers, which may be secret."""

    service: str
    method: str
    path: str


@attrs.define
class _Planned:
    service: str
    method: str
    path: str
    fault: Fault
    times: int | None


class Faults:
    """The planned faults and the received requests. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._seen: deque[RecordedRequest] = deque(maxlen=_MAX_RECORDED)

    def plan(self, service: str, method: str, path: str, fault: Fault, times: int | None) -> None:
        """Inject a fault into the next requests that match a service, method and path.

        Args:
            service: ``hub``, ``access_manager``, ``smart_on_fhir`` or ``storage``; ``*`` for any.
            method: HTTP method; ``*`` for any.
            path: Path pattern; ``*`` and ``?`` match any characters.
            fault: Fault to inject.
            times: Number of requests to inject it into; None for all.

        Raises:
            ValueError: If there is no such service, or ``times`` is less than 1.
        """
        if service not in (*SERVICES, "*"):
            raise ValueError(f"service {service!r} is not one of {', '.join((*SERVICES, '*'))}")
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for all requests, not {times}")
        with self._lock:
            self._planned.append(_Planned(service, method.upper(), path, fault, times))

    def clear(self) -> None:
        """Remove all planned faults and recorded requests."""
        with self._lock:
            self._planned.clear()
            self._seen.clear()

    def seen(self) -> list[RecordedRequest]:
        """Return the received requests, in the order of their arrival."""
        with self._lock:
            return list(self._seen)

    def take(self, seen: RecordedRequest) -> Fault | None:
        """Record a request, and return the fault that is planned for it."""
        with self._lock:
            self._seen.append(seen)
            for planned in self._planned:
                if (
                    planned.service in (seen.service, "*")
                    and planned.method in (seen.method, "*")
                    and fnmatchcase(seen.path, planned.path)
                ):
                    if planned.times is not None:
                        planned.times -= 1
                        if planned.times <= 0:
                            self._planned.remove(planned)
                    return planned.fault
        return None


class FaultyApp:
    """An application into whose responses the planned faults are injected."""

    def __init__(self, app: ASGIApp, service: str, faults: Faults) -> None:
        self._app = app
        self._service = service
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        fault = self._faults.take(RecordedRequest(self._service, scope["method"], scope["path"]))
        if fault is None:
            await self._app(scope, receive, send)
            return
        response = _FaultyResponse(fault, scope[TRANSPORT], send)
        if fault.reset_after == 0:
            await response.delay()
            response.disconnect()
        elif fault.status is None:
            await self._app(scope, receive, response)
        else:
            fields = {"content-length": str(len(fault.body)), **fault.headers}
            headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
            start = {"type": "http.response.start", "status": fault.status, "headers": headers}
            await response(start)
            await response({"type": "http.response.body", "body": fault.body})
        if response.broken:
            # The server logs an error if the application returns with an incomplete response while
            # the connection is open.
            while (await receive())["type"] != "http.disconnect":
                pass


class _FaultyResponse:
    """Send a response with a fault in it."""

    def __init__(self, fault: Fault, transport: asyncio.Transport, send: Send) -> None:
        self._fault = fault
        self._transport = transport
        self._send = send
        self._position = 0
        self.broken = False

    async def __call__(self, message: Message) -> None:
        if self.broken:
            return
        if message["type"] == "http.response.start":
            await self.delay()
        if message["type"] == "http.response.body":
            body, end = bytearray(message.get("body", b"")), self._end()
            begin = self._position
            at = self._fault.corrupt_at
            if at is not None and begin <= at < begin + len(body):
                body[at - begin] ^= 1
            self._position += len(body)
            if end is not None and self._position >= end:
                await self._send({**message, "body": bytes(body[: end - begin]), "more_body": True})
                self.disconnect()
                return
            message = {**message, "body": bytes(body)}
        await self._send(message)

    def _end(self) -> int | None:
        ends = (self._fault.reset_after, self._fault.truncate_after)
        return min((end for end in ends if end is not None), default=None)

    async def delay(self) -> None:
        """Wait for the fault's delay, or until the client has disconnected."""
        loop = asyncio.get_running_loop()
        end_time = loop.time() + self._fault.delay
        # Only the protocol is notified when its transport closes, so poll the transport.
        while (remaining := end_time - loop.time()) > 0 and not self._transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(min(remaining, _POLL_SECONDS))

    def disconnect(self) -> None:
        """Close or reset the connection, depending on the fault."""
        self.broken = True
        if self._fault.reset_after is None:
            self._transport.close()
        else:
            _reset(self._transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close a connection with an RST, as a crashing machine does."""
    connection = transport.get_extra_info("socket")
    # SO_LINGER with zero seconds discards unsent data and sends an RST on close.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
