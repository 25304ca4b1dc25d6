"""The number of concurrent calls is limited, for threads and for each event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, nullcontext

import httpx
import pytest

from bitfount_api._io.capacity import CapacityLimiter
from bitfount_api._io.pool import ClientPool, ConnectionSettings


class Counter:
    """The maximum number of callers in the block at the same time."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.peak = max(self.peak, self.now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1


def test_threads_wait_for_capacity() -> None:
    limiter, counter = CapacityLimiter(3), Counter()

    def work(_: int) -> None:
        with limiter.acquire(60), counter:
            threading.Event().wait(0.002)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(60)))
    assert counter.peak == 3


def test_tasks_wait_for_capacity_in_each_event_loop() -> None:
    limiter = CapacityLimiter(3)

    async def work(counter: Counter) -> None:
        async with limiter.acquire_async(60):
            with counter:
                await asyncio.sleep(0.001)

    async def main() -> int:
        counter = Counter()
        await asyncio.gather(*(work(counter) for _ in range(60)))
        return counter.peak

    with limiter.acquire(1):  # threads are counted separately
        assert [asyncio.run(main()) for _ in range(2)] == [3, 3]


def test_waiting_for_capacity_times_out() -> None:
    limiter = CapacityLimiter(1)
    with limiter.acquire(1), pytest.raises(httpx.PoolTimeout), limiter.acquire(0.01):
        pass

    async def main() -> None:
        async with limiter.acquire_async(1):
            with pytest.raises(httpx.PoolTimeout):
                async with limiter.acquire_async(0.01):
                    pass
        async with limiter.acquire_async(1):
            pass

    asyncio.run(main())
    with limiter.acquire(0.01):
        pass


def test_capacity_is_released_on_error_and_cancellation() -> None:
    limiter = CapacityLimiter(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limiter.acquire(1):
            raise ZeroDivisionError

    async def wait() -> None:
        async with limiter.acquire_async(60):
            await asyncio.sleep(60)

    async def main() -> None:
        tasks = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with limiter.acquire_async(0.01):
            pass

    asyncio.run(main())


def test_calls_of_a_custom_transport_are_not_limited() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    for custom, limited in ((None, True), (transport, False)):
        with ExitStack() as stack:
            settings = ConnectionSettings("agent", transport=custom)
            pool = stack.enter_context(closing(ClientPool(settings)))
            for _ in range(100):
                stack.enter_context(pool.lease(0))
            with pytest.raises(httpx.PoolTimeout) if limited else nullcontext():
                stack.enter_context(pool.lease(0))


def test_lowest_free_number_is_used() -> None:
    limiter = CapacityLimiter(5)
    with limiter.acquire(1) as first:
        with limiter.acquire(1) as second, limiter.acquire(1) as third:
            assert (first, second, third) == (0, 1, 2)
        with limiter.acquire(1) as second:
            assert second == 1

    async def main() -> list[int]:
        async with limiter.acquire_async(1) as one, limiter.acquire_async(1) as other:
            return [one, other]

    assert asyncio.run(main()) == [0, 1]
    with limiter.acquire(1) as again:
        assert again == 0


def test_closed_event_loops_are_dropped() -> None:
    limiter = CapacityLimiter(1)

    async def work() -> None:
        async with limiter.acquire_async(60):
            await asyncio.sleep(0)

    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        await asyncio.gather(work(), work())  # a waiting task keeps its loop known
        return weakref.ref(asyncio.get_running_loop())

    ended = asyncio.run(main())
    asyncio.run(main())
    gc.collect()
    assert ended() is None
