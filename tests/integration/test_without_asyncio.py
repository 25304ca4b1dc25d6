"""Async clients say at once that they need asyncio: under trio, and under no event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountAM,
    AsyncBitfountHub,
    AsyncSMARTOnFHIR,
    BitfountHub,
    BitfountSession,
)

PAGE = {"totalProjects": 0, "projects": []}


class Services:
    """Services that count requests."""

    def __init__(self) -> None:
        self.requests = 0
        self.session = BitfountSession(
            APIKeysHandler("id", "key", "alice"), transport=httpx.MockTransport(self)
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(200, json=PAGE)


async def first(items: AsyncIterator[Any]) -> Any:
    return await anext(items)


async def enter(manager: Any) -> None:
    async with manager:
        pass


CALLS: dict[str, Callable[[BitfountSession], Coroutine[Any, Any, Any]]] = {
    "get_pod": lambda session: AsyncBitfountHub(session).get_pod("alice/scans"),
    "iter_projects": lambda session: first(AsyncBitfountHub(session).iter_projects()),
    "get_weights_from_url": lambda session: AsyncBitfountHub.get_weights_from_url("https://x.test"),
    "check_access": lambda session: AsyncBitfountAM(session).get_access_manager_key(),
    "get_access_token": lambda session: AsyncSMARTOnFHIR(session).get_access_token(),
    "arequest": lambda session: session.arequest("GET", "https://x.test"),
    "aauthenticate": lambda session: session.aauthenticate(),
    "async with session": lambda session: enter(session),
    "async with client": lambda session: enter(AsyncBitfountHub(session)),
}
calls = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


def check(services: Services, run: Callable[[], Any]) -> None:
    with pytest.raises(RuntimeError, match=r"asyncio only.*trio\.to_thread") as caught:
        run()
    assert type(caught.value) is RuntimeError
    assert services.requests == 0
    services.session.close()


@calls
def test_async_call_without_event_loop_raises(call: Any) -> None:
    services = Services()
    check(services, lambda: call(services.session).send(None))


@calls
def test_async_call_outside_a_task_raises(call: Any) -> None:
    """As in trio's guest mode: the event loop of asyncio is running, but no task of it."""
    services = Services()

    async def main() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        failures: list[BaseException] = []

        def drive() -> None:
            try:
                call(services.session).send(None)
            except BaseException as error:
                failures.append(error)
            done.set()

        loop.call_soon(drive)
        await done.wait()
        raise failures[0]

    check(services, lambda: asyncio.run(main()))


@calls
def test_async_call_under_trio_raises(call: Any) -> None:
    trio = pytest.importorskip("trio")
    services = Services()
    check(services, lambda: trio.run(call, services.session))


def test_sync_client_works_in_threads_of_trio() -> None:
    trio = pytest.importorskip("trio")
    services = Services()
    hub = BitfountHub(services.session)

    async def main() -> Any:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.to_thread.run_sync, hub.get_projects)
        return await trio.to_thread.run_sync(hub.get_projects)

    assert trio.run(main) == PAGE
    assert services.requests == 4


def test_session_can_be_closed_under_trio() -> None:
    trio = pytest.importorskip("trio")
    session = Services().session
    trio.run(AsyncBitfountHub(session, owns_session=True).aclose)
    assert session.closed
