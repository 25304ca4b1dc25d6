"""Clients whose services are played by the test: a queue of answers, sync and async alike."""

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


class Played:
    """A user's clients, over a transport that gives the answers it was told, in order.

    Args:
        asynchronous: Whether the async twins are used.
    """

    def __init__(self, *, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self.requests: list[httpx.Request] = []
        self._answers: list[Answer] = []

    def answer(self, *answers: Answer) -> None:
        """Give these answers to the next requests."""
        self._answers += answers

    def json(self, value: Any, status: int = 200) -> None:
        """Answer the next request with JSON."""
        self.answer(httpx.Response(status, json=value))

    @property
    def asked(self) -> list[str]:
        """What was asked for, as ``"GET https://hub.test/api/pods/bob/scans"``."""
        return [f"{request.method} {request.url}" for request in self.requests]

    def call(
        self, kind: str, name: str, /, *args: Any, client: tuple[Any, ...] = (), **arguments: Any
    ) -> Any:
        """Call a method of a client; afterwards every answer must have been used.

        Args:
            kind: The sync client's class.
            name: The method.
            *args: Its arguments.
            client: Further arguments of the client, behind session and URL.
            **arguments: Its keyword arguments.
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
        assert not self._answers, "not all answers were asked for"
        return result

    def hub(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        """Call a method of the Hub."""
        return self.call("BitfountHub", name, *args, **arguments)

    def access_manager(self, name: str, /, *args: Any, **arguments: Any) -> Any:
        """Call a method of the access manager."""
        return self.call("BitfountAM", name, *args, **arguments)

    def smart_on_fhir(self, resource_server: str | None = None) -> Any:
        """Get an access token by SMART on FHIR."""
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
        assert self._answers, f"nobody expected {request.method} {request.url}"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer
