"""The number of concurrent calls is limited, for threads and for each event loop."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import gc
import random
import signal
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager, nullcontext
from typing import Any

import httpcore
import httpx
import pytest
from support.clocks import replace_monotonic

from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.urls import Origin
from bitfount_api._io.async_pool import AsyncConnection, AsyncPool
from bitfount_api._io.attempt import Attempt
from bitfount_api._io.capacity import Capacity, Place, _Waiter
from bitfount_api._io.connections import MAX_CONNECTIONS, Connections
from bitfount_api._io.deadlines import Limits
from bitfount_api._io.proxies import Proxies
from bitfount_api._io.routes import Routes
from bitfount_api._io.settings import DEFAULT_TRUST, ConnectionSettings
from bitfount_api._io.sync_pool import SyncConnection, SyncPool

HUB = Origin("http", b"hub.test", None)
OTHER = Origin("http", b"am.test", None)


class Below:
    """A connection of httpcore, of a thread or of an event loop, that needs no network."""

    def __init__(self) -> None:
        self.available = True
        self.expired = False
        self.closed = False

    def is_available(self) -> bool:
        return self.available and not self.closed

    def has_expired(self) -> bool:
        return self.expired

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class FakeRoute:
    """A way to a service. Records the connections that are made."""

    handshakes = 0

    def __init__(self) -> None:
        self.made: list[Below] = []

    def connection(self, _: object) -> Any:
        self.made.append(Below())
        return self.made[-1]

    async_connection = connection


class FakeRoutes(Routes):
    def __init__(self) -> None:
        super().__init__(Proxies({}), DEFAULT_TRUST)
        self.route = FakeRoute()
        self.failure: Exception | None = None

    def find(self, _: Origin) -> Any:
        if self.failure is not None:
            raise self.failure
        return self.route


@pytest.fixture
def routes() -> FakeRoutes:
    return FakeRoutes()


def below(connection: SyncConnection | AsyncConnection) -> Any:
    return connection._connection


def within(seconds: float) -> Attempt:
    return Attempt(Limits(), seconds)


@contextmanager
def place_in(capacity: Capacity, seconds: float) -> Iterator[None]:
    place = Place()
    try:
        capacity.take(place, seconds)
        yield
    finally:
        capacity.give_back(place)


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


def free_places(pool: SyncPool, limit: int) -> int:
    """Return how many of the pool's places are free."""
    with ExitStack() as stack:
        for number in range(limit + 1):
            try:
                stack.enter_context(pool.lease(HUB, within(0)))
            except httpcore.PoolTimeout:
                return number
    raise AssertionError("there are more places than the limit")


# --- Threads -------------------------------------------------------------------------------------


def test_threads_wait_for_capacity() -> None:
    capacity, counter = Capacity(3), Counter()

    def work(_: int) -> None:
        with place_in(capacity, 60), counter:
            threading.Event().wait(0.002)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(60)))
    assert counter.peak == 3


def test_threads_wait_for_a_place_in_the_pool(routes: FakeRoutes) -> None:
    pool, counter = SyncPool(routes, 3), Counter()

    def work(_: int) -> None:
        with pool.lease(HUB, within(60)), counter:
            threading.Event().wait(0.002)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(work, range(60)))
    assert counter.peak == 3
    assert len(routes.route.made) <= 3
    assert free_places(pool, 3) == 3


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_first_waiting_thread_is_served_first() -> None:
    capacity = Capacity(1)
    order: list[int] = []
    threads: list[threading.Thread] = []

    def work(number: int) -> None:
        with place_in(capacity, 60):
            order.append(number)

    with place_in(capacity, 0):
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            wait_until(lambda: len(capacity._waiting) == len(threads))
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_newcomer_does_not_overtake_a_waiting_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = Capacity(1)
    asleep, awake = threading.Event(), threading.Event()

    def sleep(waiter: _Waiter, timeout: float | None = None) -> bool:
        """Wake up slowly."""
        asleep.set()
        awake.wait(30)
        return waiter.is_set()

    def work() -> None:
        with place_in(capacity, 60):
            pass

    thread = threading.Thread(target=work)
    with place_in(capacity, 0), monkeypatch.context() as patch:
        patch.setattr(_Waiter, "wait", sleep)
        thread.start()
        assert asleep.wait(30)
    with pytest.raises(httpcore.PoolTimeout), place_in(capacity, 0):
        pass
    awake.set()
    thread.join()
    with place_in(capacity, 0):
        pass


def test_waiting_for_capacity_times_out(routes: FakeRoutes) -> None:
    capacity = Capacity(1)
    with (
        place_in(capacity, 1),
        pytest.raises(httpcore.PoolTimeout, match="too many calls"),
        place_in(capacity, 0.01),
    ):
        pass
    with place_in(capacity, 0):
        pass
    pool = SyncPool(routes, 1)
    with (
        pool.lease(HUB, within(1)),
        pytest.raises(httpcore.PoolTimeout),
        pool.lease(OTHER, within(0.01)),
    ):
        pass
    with pool.lease(HUB, within(0)):
        pass


def test_capacity_is_released_on_error(routes: FakeRoutes) -> None:
    capacity, pool = Capacity(1), SyncPool(routes, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), place_in(capacity, 0):
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError), pool.lease(HUB, within(0)):
            raise ZeroDivisionError
    routes.failure = ZeroDivisionError()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), pool.lease(OTHER, within(0)):
            pass
    assert not pool._active


def test_place_that_was_not_taken_can_be_given_back() -> None:
    capacity = Capacity(1)
    with place_in(capacity, 0):
        capacity.give_back(Place())
        with pytest.raises(httpcore.PoolTimeout), place_in(capacity, 0):
            pass


def test_forgotten_place_is_free_for_waiting_threads() -> None:
    """As when a thread is interrupted just before it gives its place back."""
    capacity = Capacity(1)
    place = Place()
    capacity.take(place, 0)
    served = threading.Event()

    def work() -> None:
        with place_in(capacity, 60):
            served.set()

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: bool(capacity._waiting))
    assert not served.wait(0.01)
    del place
    assert served.wait(30)
    thread.join()


# --- Interruptions -------------------------------------------------------------------------------


class Interrupted(BaseException):
    """Raised by a signal handler, at any point of the program."""


class Interruptions:
    """Interrupts functions in the main thread at random moments, at most once each."""

    def __init__(self) -> None:
        self.count = 0
        self._armed = False
        self._over = threading.Event()

    def _raise(self, *_: object) -> None:
        if self._armed:
            self._armed = False
            self.count += 1
            raise Interrupted

    def _interrupt(self) -> None:
        moments = random.Random(17)
        while not self._over.is_set():
            _thread.interrupt_main(signal.SIGINT)
            self._over.wait(moments.random() * 0.0002)

    @contextmanager
    def _interrupting(self) -> Iterator[None]:
        before = signal.signal(signal.SIGINT, self._raise)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.00001)
        thread = threading.Thread(target=self._interrupt)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            sys.setswitchinterval(interval)
            signal.signal(signal.SIGINT, before)

    def run(self, function: Callable[[], None], times: int) -> None:
        """Run a function again and again, until it was interrupted so many times."""
        end = time.monotonic() + 10
        with self._interrupting():
            while self.count < times and time.monotonic() < end:
                try:
                    self._armed = True
                    function()
                    self._armed = False
                except Interrupted:
                    pass
                finally:
                    self._armed = False
        assert self.count > 20  # on a slow machine


def test_interrupted_calls_lose_no_place(routes: FakeRoutes) -> None:
    pool = SyncPool(routes, 3)

    def call() -> None:
        with contextlib.suppress(httpcore.PoolTimeout), pool.lease(HUB, within(0)):
            pass

    Interruptions().run(call, 1000)
    gc.collect()
    assert free_places(pool, 3) == 3


def test_interrupted_waiting_loses_no_place(routes: FakeRoutes) -> None:
    """A thread that gives up waiting must not keep the others waiting."""
    pool = SyncPool(routes, 1)
    over = threading.Event()

    def keep_busy() -> None:
        while not over.is_set():
            with contextlib.suppress(httpcore.PoolTimeout), pool.lease(HUB, within(10)):
                time.sleep(0)

    def call() -> None:
        with pool.lease(HUB, within(10)):
            time.sleep(0)

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        Interruptions().run(call, 1000)
    finally:
        over.set()
        thread.join()
    gc.collect()
    assert free_places(pool, 1) == 1


class InterruptedLock:
    """A lock: the thread that waits for it is interrupted, the given time that it is used."""

    def __init__(self, at: int) -> None:
        self.uses = 0
        self._at = at
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.uses += 1
        if self.uses == self._at:
            raise Interrupted
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("at", range(1, 6))
def test_interruption_at_the_lock_loses_no_place(at: int) -> None:
    """The lock is used to look for a place, to queue up, to look again, and to leave the queue."""
    capacity = Capacity(1)
    with place_in(capacity, 0):
        lock = InterruptedLock(at)
        capacity._lock = lock  # type: ignore[assignment]
        place = Place()
        with pytest.raises(Interrupted if at <= lock_uses_of_waiting() else httpcore.PoolTimeout):
            capacity.take(place, 0)
        capacity._lock = InterruptibleLock()
    with place_in(capacity, 0):
        pass


def lock_uses_of_waiting() -> int:
    """Return how often the lock is used by a thread that waits in vain."""
    capacity = Capacity(1)
    with place_in(capacity, 0):
        lock = InterruptedLock(0)
        capacity._lock = lock  # type: ignore[assignment]
        with pytest.raises(httpcore.PoolTimeout):
            capacity.take(Place(), 0)
        return lock.uses


# --- Event loops ---------------------------------------------------------------------------------


async def async_free_places(pool: AsyncPool, limit: int) -> int:
    """Return how many of the pool's places are free."""
    async with AsyncExitStack() as stack:
        for number in range(limit + 1):
            try:
                await stack.enter_async_context(pool.lease(HUB, within(0.01)))
            except httpcore.PoolTimeout:
                return number
    raise AssertionError("there are more places than the limit")


def test_tasks_wait_for_a_place(routes: FakeRoutes) -> None:
    async def work(pool: AsyncPool, counter: Counter) -> None:
        async with pool.lease(HUB, within(60)):
            with counter:
                await asyncio.sleep(0.001)

    async def main() -> int:
        pool, counter = AsyncPool(routes, 3), Counter()
        await asyncio.gather(*(work(pool, counter) for _ in range(60)))
        assert await async_free_places(pool, 3) == 3
        return counter.peak

    assert asyncio.run(main()) == 3
    assert len(routes.route.made) <= 3


def test_waiting_for_a_place_of_a_loop_times_out(routes: FakeRoutes) -> None:
    async def main() -> None:
        pool = AsyncPool(routes, 1)
        async with pool.lease(HUB, within(1)):
            with pytest.raises(httpcore.PoolTimeout, match="too many calls"):
                async with pool.lease(OTHER, within(0.01)):
                    pass
        async with pool.lease(HUB, within(0.01)):
            pass

    asyncio.run(main())


def test_place_is_released_on_error_and_cancellation(routes: FakeRoutes) -> None:
    async def wait(pool: AsyncPool) -> None:
        async with pool.lease(HUB, within(60)):
            await asyncio.sleep(60)

    async def main() -> None:
        pool = AsyncPool(routes, 1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with pool.lease(HUB, within(0.01)):
                    raise ZeroDivisionError
        tasks = [asyncio.create_task(wait(pool)) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await async_free_places(pool, 1) == 1
        routes.failure = ZeroDivisionError()
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with pool.lease(OTHER, within(0.01)):
                    pass
        assert not pool._active

    asyncio.run(main())


def test_place_is_released_if_closing_is_cancelled(routes: FakeRoutes) -> None:
    class Slow(Below):
        async def aclose(self) -> None:
            await asyncio.sleep(60)

    async def call(pool: AsyncPool) -> None:
        async with pool.lease(HUB, within(1)) as connection:
            broken = Slow()
            broken.available = False
            connection._connection = broken  # type: ignore[assignment]

    async def main() -> int:
        pool = AsyncPool(routes, 1)
        task = asyncio.create_task(call(pool))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await async_free_places(pool, 1)

    assert asyncio.run(main()) == 1


# --- Which connection is used --------------------------------------------------------------------


def test_newest_idle_connection_is_used_next(routes: FakeRoutes) -> None:
    pool = SyncPool(routes, 5)
    made = routes.route.made
    with pool.lease(HUB, within(1)), pool.lease(HUB, within(1)):
        pass
    # The inner lease ended first, so the first connection is the newest idle one.
    with pool.lease(HUB, within(1)) as connection:
        assert below(connection) is made[0]
        with pool.lease(OTHER, within(1)) as other:
            assert below(other) is made[2]
    assert len(made) == 3
    assert not any(each.closed for each in made)


def test_newest_idle_connection_of_a_loop_is_used_next(routes: FakeRoutes) -> None:
    async def main() -> None:
        pool = AsyncPool(routes, 5)
        made = routes.route.made
        async with pool.lease(HUB, within(1)), pool.lease(HUB, within(1)):
            pass
        async with pool.lease(HUB, within(1)) as connection:
            assert below(connection) is made[0]
            async with pool.lease(OTHER, within(1)) as other:
                assert below(other) is made[2]
        assert len(made) == 3
        assert not any(each.closed for each in made)

    asyncio.run(main())


SPOILED: dict[str, Callable[[Below], None]] = {
    "unavailable": lambda below: setattr(below, "available", False),
    "expired": lambda below: setattr(below, "expired", True),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_idle_connection_that_is_unusable_is_closed(
    routes: FakeRoutes, spoil: Callable[[Below], None]
) -> None:
    made = routes.route.made
    pool = SyncPool(routes, 5)
    with pool.lease(HUB, within(1)):
        pass
    spoil(made[0])
    with pool.lease(HUB, within(1)) as connection:
        assert below(connection) is made[1]
    assert [each.closed for each in made] == [True, False]

    async def main() -> None:
        pool = AsyncPool(routes, 5)
        async with pool.lease(HUB, within(1)):
            pass
        spoil(made[2])
        async with pool.lease(HUB, within(1)) as connection:
            assert below(connection) is made[3]

    asyncio.run(main())
    assert [each.closed for each in made[2:]] == [True, False]


def test_unused_connections_are_closed_later(
    routes: FakeRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call that ends closes those that have been idle for too long."""
    made = routes.route.made
    pool = SyncPool(routes, 5)
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(pool.lease(HUB, within(1)))
    later = time.monotonic() + 16
    replace_monotonic(monkeypatch, "bitfount_api._io.pooled_connection", lambda: later)
    with pool.lease(HUB, within(1)) as connection:
        assert below(connection) is made[0]
    assert [each.closed for each in made] == [False, True, True, True]


def test_idle_connections_to_other_origins_are_limited(routes: FakeRoutes) -> None:
    made = routes.route.made
    pool = SyncPool(routes, 3)
    for number in range(5):
        with pool.lease(HUB._replace(host=b"h%d" % number), within(1)):
            pass
    assert [each.closed for each in made] == [True, True, False, False, False]


def test_closing_closes_idle_connections_and_breaks_calls(routes: FakeRoutes) -> None:
    made = routes.route.made
    pool = SyncPool(routes, 5)
    broken: list[object] = []
    with pool.lease(HUB, within(1)) as connection:
        with pool.lease(HUB, within(1)):
            pass
        connection.shut_down = lambda: broken.append(connection)  # type: ignore[method-assign]
        pool.close()
        assert [each.closed for each in made] == [False, True]
        assert broken == [connection]
    assert [each.closed for each in made] == [True, True]
    with (
        pytest.raises(httpcore.NetworkError, match="the session was closed"),
        pool.lease(HUB, within(1)),
    ):
        pass
    assert made[-1].closed
    assert free_places(SyncPool(routes, 1), 1) == 1


def test_closing_a_loops_pool_breaks_its_calls(routes: FakeRoutes) -> None:
    async def main() -> None:
        made = routes.route.made
        pool = AsyncPool(routes, 5)
        broken: list[object] = []
        async with pool.lease(HUB, within(1)) as connection:
            async with pool.lease(HUB, within(1)):
                pass
            connection.shut_down = lambda: broken.append(connection)  # type: ignore[method-assign]
            await pool.aclose()
            assert [each.closed for each in made] == [False, True]
            assert broken == [connection]
        assert [each.closed for each in made] == [True, True]
        with pytest.raises(httpcore.NetworkError, match="the session was closed"):
            async with pool.lease(HUB, within(1)):
                pass
        assert made[-1].closed

    asyncio.run(main())


# --- Sessions ------------------------------------------------------------------------------------


def connections(transport: Any = None) -> Connections:
    return Connections(ConnectionSettings("agent", transport=transport))


@contextlib.asynccontextmanager
async def loops_closed(made: Connections) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await made.aclose_loop()


def test_calls_of_a_custom_transport_are_not_limited() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200))

    async def main(custom: Any, limited: bool) -> None:
        async with loops_closed(connections(custom)), AsyncExitStack() as stack:
            made = connections(custom)
            for _ in range(MAX_CONNECTIONS):
                await stack.enter_async_context(made.alease(HUB, within(0.01)))
            with pytest.raises(httpcore.PoolTimeout) if limited else nullcontext():
                await stack.enter_async_context(made.alease(HUB, within(0.01)))

    for custom, limited in ((None, True), (transport, False)):
        with ExitStack() as stack:
            made = stack.enter_context(closing(connections(custom)))
            for _ in range(MAX_CONNECTIONS):
                stack.enter_context(made.lease(HUB, within(0)))
            with pytest.raises(httpcore.PoolTimeout) if limited else nullcontext():
                stack.enter_context(made.lease(HUB, within(0)))
        asyncio.run(main(custom, limited))


def test_threads_and_each_loop_have_their_own_places() -> None:
    made = connections()

    async def main() -> None:
        async with loops_closed(made), AsyncExitStack() as stack:
            for _ in range(MAX_CONNECTIONS):
                await stack.enter_async_context(made.alease(HUB, within(0.01)))
            with pytest.raises(httpcore.PoolTimeout):
                await stack.enter_async_context(made.alease(HUB, within(0.01)))

    with closing(made), ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(made.lease(HUB, within(0)))
        for _ in range(2):
            asyncio.run(main())


def test_closed_event_loops_are_dropped() -> None:
    made = connections()

    async def work() -> None:
        async with made.alease(HUB, within(60)):
            await asyncio.sleep(0)

    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        # A waiting task keeps its loop known.
        await asyncio.gather(*(work() for _ in range(MAX_CONNECTIONS + 1)))
        return weakref.ref(asyncio.get_running_loop())

    ended = asyncio.run(main())
    asyncio.run(main())
    gc.collect()
    assert ended() is None
    assert len(made._of_loops) == 1
    made.close()
