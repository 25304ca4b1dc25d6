"""Limit the number of concurrent calls to the number of connections.

httpx can queue calls too, but scans the whole queue at each step of each call: with 2,000 waiting
calls, its throughput was a quarter of that with 100.
"""

from __future__ import annotations

import heapq
import threading
import weakref
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterator


class CapacityLimiter:
    """Limits the number of concurrent calls of all threads, and of each event loop.

    Each call has a slot: a number, the lowest one free, so that few concurrent calls have low ones.

    Args:
        limit: Maximum number of concurrent calls.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._semaphore = threading.BoundedSemaphore(limit)
        self._numbers = _Slots(limit)
        self._of_loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[asyncio.Semaphore, _Slots]
        ] = weakref.WeakKeyDictionary()

    @contextmanager
    def acquire(self, seconds: float) -> Iterator[int]:
        """Wait for a slot, and hold it for the duration of the block.

        Raises:
            httpx.PoolTimeout: If no slot is free within ``seconds``.
        """
        if not self._semaphore.acquire(timeout=seconds):
            raise httpx.PoolTimeout("too many calls are in progress")
        number = self._numbers.take()
        try:
            yield number
        finally:
            self._numbers.release(number)
            self._semaphore.release()

    @asynccontextmanager
    async def acquire_async(self, seconds: float) -> AsyncIterator[int]:
        """Do the same as :meth:`acquire` in the running event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            drop_closed_loops(self._of_loops)
            self._of_loops[loop] = (asyncio.Semaphore(self._limit), _Slots(self._limit))
        semaphore, numbers = self._of_loops[loop]
        if semaphore.locked():
            try:
                async with asyncio.timeout(seconds):
                    await semaphore.acquire()
            except TimeoutError:
                raise httpx.PoolTimeout("too many calls are in progress") from None
        else:
            await semaphore.acquire()
        number = numbers.take()
        try:
            yield number
        finally:
            numbers.release(number)
            semaphore.release()


def drop_closed_loops(
    of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any],
) -> None:
    """Remove the entries of closed event loops, whose values may keep the loop itself alive."""
    for reference in of_loops.keyrefs():
        loop = reference()
        if loop is not None and loop.is_closed():
            of_loops.pop(loop, None)


class _Slots:
    """The numbers from 0 to ``limit - 1``, each in use by one call at a time."""

    def __init__(self, limit: int) -> None:
        self._free = list(range(limit))
        self._lock = threading.Lock()

    def take(self) -> int:
        """Take the lowest free number. The caller ensures that there is one."""
        with self._lock:
            return heapq.heappop(self._free)

    def release(self, number: int) -> None:
        """Mark the number as free."""
        with self._lock:
            heapq.heappush(self._free, number)
