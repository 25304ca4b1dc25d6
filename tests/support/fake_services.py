"""Clients whose responses come from a queue, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

import bitfount_api
from bitfount_api import APIKeysHandler, BitfountSession, RetryPolicy

HUB = "https://hub.test"
ACCESS_MANAGER = "https://am.test"
FHIR = "https://fhir.test"
STORAGE = "https://storage.test"

URLS = {"BitfountHub": HUB, "BitfountAM": ACCESS_MANAGER, "SMARTOnFHIR": FHIR}

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class FakeServices:
    """A user's clients, over a transport that returns queued responses in order.

    Args:
        asynchronous: Whether to use the async clients.
    """

    def __init__(self, *, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self.requests: list[httpx.Request] = []
        self._answers: list[Answer] = []

    def answer(self, *answers: Answer) -> None:
        """Queue responses to the next requests."""
        self._answers += answers

    def json(self, value: Any, status: int = 200) -> None:
        """Queue a JSON response to the next request."""
        self.answer(httpx.Response(status, json=value))

    @property
    def request_lines(self) -> list[str]:
        """The requests made so far, such as ``"GET https://hub.test/api/pods/bob/scans"``."""
        return [f"{request.method} {request.url}" for request in self.requests]

    def call(
        self, kind: str, name: str, /, *args: Any, client: tuple[Any, ...] = (), **arguments: Any
    ) -> Any:
        """Call a method of a client and check that every queued response was used.

        Args:
            kind: Class of the sync client.
            name: Name of the method.
            *args: Arguments of the method.
            client: Further arguments of the client, after session and URL.
            **arguments: Keyword arguments of the method.
        """
        transport = httpx.MockTransport(self._ahandle if self.asynchronous else self._handle)
        session = BitfountSession(
            APIKeysHandler("id-hub:id-am", "key-hub:key-am", "alice"),
            transport=transport,
            retry=RetryPolicy(retries=0),
        )
        of = (URLS[kind], *client)
        if self.asynchronous:
            result = asyncio.run(self._acall(session, kind, of, name, args, arguments))
        else:
            result = self._call(session, kind, of, name, args, arguments)
        assert not self._answers, "not all queued responses were used"
        return result

    def hub(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        """Call a method of the Hub client."""
        return self.call("BitfountHub", name, *args, **arguments)

    def access_manager(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        """Call a method of the access manager client."""
        return self.call("BitfountAM", name, *args, **arguments)

    def smart_on_fhir(self, resource_server: str | None = None) -> Any:
        """Get an access token from SMART on FHIR."""
        return self.call("SMARTOnFHIR", "get_access_token", client=(resource_server,))

    def _call(
        self, session: BitfountSession, kind: str, of: Any, name: str, args: Any, arguments: Any
    ) -> Any:
        with session:
            client = getattr(bitfount_api, kind)(session, *of)
            return getattr(client, name)(*args, **arguments)

    async def _acall(
        self, session: BitfountSession, kind: str, of: Any, name: str, args: Any, arguments: Any
    ) -> Any:
        async with session:
            client = getattr(bitfount_api, f"Async{kind}")(session, *of)
            return await getattr(client, name)(*args, **arguments)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._next(request)

    async def _ahandle(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._next(request)

    def _next(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self._answers, f"unexpected request: {request.method} {request.url}"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer
