"""Faults on purpose: what a service does when it is not well, for tests."""

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
"""Where a request's scope holds its connection; see :mod:`bitfount_api.sandbox.servers`."""

SERVICES = ("access_manager", "hub", "smart_on_fhir", "storage")

_MAX_SEEN = 10_000
_GLANCE_SECONDS = 0.05
_POSITION = validators.optional(validators.ge(0))
_STATUS = validators.optional(validators.and_(validators.ge(200), validators.le(599)))


@attrs.frozen(kw_only=True)
class Fault:
    """What goes wrong with a request.

    ``status`` replaces the answer; the others spoil it, whichever it is. The service itself does
    what it was asked, unless a ``status`` says otherwise or ``reset_after`` is 0.

    Args:
        delay: Seconds of silence before the answer; what was asked is done by then.
        status: A status to answer with, instead of the service.
        headers: Headers to answer with, for ``status``, such as ``{"retry-after": "1"}``.
        body: The body to answer with, for ``status``.
        reset_after: Reset the connection after so many bytes of the body; 0: before the headers.
        truncate_after: Close the connection after so many bytes of the body.
        corrupt_at: Flip a bit of the byte at this position of the body.

    Raises:
        ValueError: That is no number of seconds or bytes, or no final status.
    """

    delay: float = attrs.field(default=0, validator=validators.ge(0))
    status: int | None = attrs.field(default=None, validator=_STATUS)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    reset_after: int | None = attrs.field(default=None, validator=_POSITION)
    truncate_after: int | None = attrs.field(default=None, validator=_POSITION)
    corrupt_at: int | None = attrs.field(default=None, validator=_POSITION)


@attrs.frozen
class Seen:
    """A request that a service has seen; never with its query or headers, which may be secret."""

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
    """The faults that are planned, and the requests that were seen. Safe for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._seen: deque[Seen] = deque(maxlen=_MAX_SEEN)

    def plan(self, service: str, method: str, path: str, fault: Fault, times: int | None) -> None:
        """Let the next so many requests (None: all) of a service, method and path go wrong.

        Args:
            service: ``hub``, ``access_manager``, ``smart_on_fhir`` or ``storage``; ``*`` for any.
            method: The HTTP method; ``*`` for any.
            path: The path; ``*`` and ``?`` stand for any characters.
            fault: What goes wrong.
            times: How often.

        Raises:
            ValueError: There is no such service, or no time at all.
        """
        if service not in (*SERVICES, "*"):
            raise ValueError(f"there is no service {service!r}: {', '.join(SERVICES)}")
        if times is not None and times < 1:
            raise ValueError("a fault happens once at least; None is for ever")
        with self._lock:
            self._planned.append(_Planned(service, method.upper(), path, fault, times))

    def clear(self) -> None:
        """Plan nothing any more, and forget what was seen."""
        with self._lock:
            self._planned.clear()
            self._seen.clear()

    def seen(self) -> list[Seen]:
        """The requests that were seen, in the order they came."""
        with self._lock:
            return list(self._seen)

    def take(self, seen: Seen) -> Fault | None:
        """Note a request, and give the fault that is planned for it."""
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
    """An application with what is planned to go wrong."""

    def __init__(self, app: ASGIApp, service: str, faults: Faults) -> None:
        self._app = app
        self._service = service
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        fault = self._faults.take(Seen(self._service, scope["method"], scope["path"]))
        if fault is None:
            await self._app(scope, receive, send)
            return
        spoiled = _Spoiled(fault, scope[TRANSPORT], send)
        if fault.reset_after == 0:
            await spoiled.be_silent()
            spoiled.break_off()
        elif fault.status is None:
            await self._app(scope, receive, spoiled)
        else:
            given = {"content-length": str(len(fault.body)), **fault.headers}
            headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
            start = {"type": "http.response.start", "status": fault.status, "headers": headers}
            await spoiled(start)
            await spoiled({"type": "http.response.body", "body": fault.body})
        if spoiled.broken:
            # The server would complain of an answer that did not end before the connection did.
            while (await receive())["type"] != "http.disconnect":
                pass


class _Spoiled:
    """Sends an answer, but for what is wrong with it."""

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
            await self.be_silent()
        if message["type"] == "http.response.body":
            body, end = bytearray(message.get("body", b"")), self._end()
            begin = self._position
            at = self._fault.corrupt_at
            if at is not None and begin <= at < begin + len(body):
                body[at - begin] ^= 1
            self._position += len(body)
            if end is not None and self._position >= end:
                await self._send({**message, "body": bytes(body[: end - begin]), "more_body": True})
                self.break_off()
                return
            message = {**message, "body": bytes(body)}
        await self._send(message)

    def _end(self) -> int | None:
        ends = (self._fault.reset_after, self._fault.truncate_after)
        return min((end for end in ends if end is not None), default=None)

    async def be_silent(self) -> None:
        """Wait for as long as the fault says, but for nobody who has gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._fault.delay
        # A transport tells its protocol that it was closed, and nobody else.
        while (left := until - loop.time()) > 0 and not self._transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(min(left, _GLANCE_SECONDS))

    def break_off(self) -> None:
        """End the connection in the fault's way."""
        self.broken = True
        if self._fault.reset_after is None:
            self._transport.close()
        else:
            _reset(self._transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close a connection by RST, as a machine that falls over does."""
    connection = transport.get_extra_info("socket")
    # Lingering for zero seconds means to throw away what is unsent, and to say so.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
