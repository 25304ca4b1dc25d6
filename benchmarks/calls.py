"""Single calls over open connections: ``get_pod`` and plain httpx's ``GET`` with ``json()``."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from benchmarks import official
from benchmarks.compare import alternate
from benchmarks.pods import IDENTIFIER
from benchmarks.results import Measured, Row
from bitfount_api import APIKeysHandler, AsyncBitfountHub, BitfountHub, BitfountSession

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.compare import Comparison
    from benchmarks.context import Context

HEADERS = {"x-api-key-id": "key-id", "x-api-key": "key"}

# The connection limits of this project; httpx would keep 20 connections by default.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=50)


def session() -> BitfountSession:
    """Return a session with API keys."""
    return BitfountSession(APIKeysHandler("key-id", "key", "alice"))


def get_pod_sync(context: Context) -> Measured:
    """Measure sequential calls in one thread."""
    url = f"{context.server}/api/pods/{IDENTIFIER}"
    count = context.scale.calls

    def each(call: Callable[[], object]) -> float:
        start = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - start) / count

    with (
        BitfountHub(session(), context.server) as hub,
        hub.session,
        httpx.Client(headers=HEADERS, limits=LIMITS) as client,
    ):
        comparison = alternate(
            lambda: each(lambda: hub.get_pod(IDENTIFIER)),
            lambda: each(lambda: client.get(url).json()),
            rounds=context.scale.rounds,
        )
    return Measured.of(comparison, official=official.seconds(context, "get_pod", 200))


def get_pod_async(context: Context) -> Measured:
    """Measure sequential calls in one event loop."""
    scale = context.scale
    return Measured.of(side_by_side(context, scale.calls, 1, scale.rounds))


def get_pod_burst(context: Context) -> Measured:
    """Measure concurrent calls in one event loop."""
    scale = context.scale
    return Measured.of(side_by_side(context, scale.burst, scale.concurrent, -(-scale.rounds // 3)))


def side_by_side(context: Context, count: int, concurrent: int, rounds: int) -> Comparison:
    """Compare the seconds per call of ``count`` calls, ``concurrent`` of them at a time."""
    url = f"{context.server}/api/pods/{IDENTIFIER}"
    with asyncio.Runner() as runner:
        hub = AsyncBitfountHub(session(), context.server)
        client = httpx.AsyncClient(headers=HEADERS, limits=LIMITS, timeout=60)

        async def bare() -> object:
            return (await client.get(url)).json()

        async def close() -> None:
            await hub.session.aclose()
            await client.aclose()

        try:
            return alternate(
                lambda: runner.run(_each(lambda: hub.get_pod(IDENTIFIER), count, concurrent)),
                lambda: runner.run(_each(bare, count, concurrent)),
                rounds=rounds,
            )
        finally:
            runner.run(close())


async def _each(call: Callable[[], Awaitable[object]], count: int, concurrent: int) -> float:
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    start = time.perf_counter()
    async with asyncio.TaskGroup() as workers:
        for _ in range(concurrent):
            workers.create_task(work())
    return (time.perf_counter() - start) / count


ROWS = [
    Row("get-pod", "`get_pod`, sync", "bare httpx", 0.8, "×", get_pod_sync),
    Row("get-pod-async", "`get_pod`, async", "bare httpx", 0.8, "×", get_pod_async),
    Row("get-pod-burst", "1,000 `get_pod`, 50 at a time", "bare httpx", 0.45, "×", get_pod_burst),
]
