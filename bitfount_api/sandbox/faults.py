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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRANSPORT = "bitfount_api.sandbox.transport"
"""Where a request's scope holds its connection; see :mod:`bitfount_api.sandbox.servers`."""

_MAX_SEEN = 10_000


@attrs.frozen(kw_only=True)
class Fault:
    """What goes wrong with a request.

    ``status`` replaces the answer; the others spoil it, whichever it is. The service itself does
    what it was asked, unless a ``status`` says otherwise or ``reset_after`` is 0.

    Args:
        delay: Seconds to be silent first.
        status: A status to answer with, instead of the service.
        headers: Headers to answer with, for ``status``, such as ``{"retry-after": "1"}``.
        body: The body to answer with, for ``status``.
        reset_after: Reset the connection after so many bytes of the body; 0: before the headers.
        truncate_after: Close the connection after so many bytes of the body.
        corrupt_at: Flip a bit of the byte at this position of the body.
    """

    delay: float = 0
    status: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    reset_after: int | None = None
    truncate_after: int | None = None
    corrupt_at: int | None = None


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
        """
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
                    fnmatchcase(seen.service, planned.service)
                    and fnmatchcase(seen.method, planned.method)
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
        await asyncio.sleep(fault.delay)
        spoiled = _Spoiled(fault, scope[TRANSPORT], send)
        if fault.reset_after == 0:
            _reset(scope[TRANSPORT])
        elif fault.status is None:
            await self._app(scope, receive, spoiled)
        else:
            given = {"content-length": str(len(fault.body)), **fault.headers}
            headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
            start = {"type": "http.response.start", "status": fault.status, "headers": headers}
            await spoiled(start)
            await spoiled({"type": "http.response.body", "body": fault.body})


class _Spoiled:
    """Sends an answer, but for what is wrong with it."""

    def __init__(self, fault: Fault, transport: asyncio.Transport, send: Send) -> None:
        self._fault = fault
        self._transport = transport
        self._send = send
        self._position = 0
        self._broken = False

    async def __call__(self, message: Message) -> None:
        if self._broken:
            return
        if message["type"] == "http.response.body":
            body, end = bytearray(message.get("body", b"")), self._end()
            begin = self._position
            at = self._fault.corrupt_at
            if at is not None and begin <= at < begin + len(body):
                body[at - begin] ^= 1
            self._position += len(body)
            if end is not None and self._position >= end:
                await self._send({**message, "body": bytes(body[: end - begin]), "more_body": True})
                self._break_off()
                return
            message = {**message, "body": bytes(body)}
        await self._send(message)

    def _end(self) -> int | None:
        ends = (self._fault.reset_after, self._fault.truncate_after)
        return min((end for end in ends if end is not None), default=None)

    def _break_off(self) -> None:
        self._broken = True
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
