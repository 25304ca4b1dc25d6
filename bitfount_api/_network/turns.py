"""Whose turn it is: no more calls at a time than there may be connections.

httpx would let the others wait as well, but looks through all of them at each step of any: with
2,000 waiting, it did a quarter of the work that it did with 100.
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


class Turns:
    """Lets so many calls begin at a time; of each event loop, and of all threads.

    A turn is a number, the lowest that nobody has: few calls at a time have low numbers.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._semaphore = threading.BoundedSemaphore(most)
        self._numbers = _Numbers(most)
        self._of_loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[asyncio.Semaphore, _Numbers]
        ] = weakref.WeakKeyDictionary()

    @contextmanager
    def turn(self, seconds: float) -> Iterator[int]:
        """Wait for a turn, and have it for the time of the block.

        Raises:
            httpx.PoolTimeout: There was none in that time.
        """
        if not self._semaphore.acquire(timeout=seconds):
            raise httpx.PoolTimeout("too many calls are under way")
        number = self._numbers.take()
        try:
            yield number
        finally:
            self._numbers.give(number)
            self._semaphore.release()

    @asynccontextmanager
    async def aturn(self, seconds: float) -> AsyncIterator[int]:
        """:meth:`turn` in the running event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            forget_ended(self._of_loops)
            self._of_loops[loop] = (asyncio.Semaphore(self._most), _Numbers(self._most))
        semaphore, numbers = self._of_loops[loop]
        if semaphore.locked():
            try:
                async with asyncio.timeout(seconds):
                    await semaphore.acquire()
            except TimeoutError:
                raise httpx.PoolTimeout("too many calls are under way") from None
        else:
            await semaphore.acquire()
        number = numbers.take()
        try:
            yield number
        finally:
            numbers.give(number)
            semaphore.release()


def forget_ended(
    of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any],
) -> None:
    """Let go of event loops that have ended: what was kept for one may itself hold on to it."""
    for reference in of_loops.keyrefs():
        loop = reference()
        if loop is not None and loop.is_closed():
            of_loops.pop(loop, None)


class _Numbers:
    """The numbers below one, each had by one at a time."""

    def __init__(self, most: int) -> None:
        self._free = list(range(most))
        self._lock = threading.Lock()

    def take(self) -> int:
        """The lowest that is free; whoever asks knows that there is one."""
        with self._lock:
            return heapq.heappop(self._free)

    def give(self, number: int) -> None:
        """It is free again."""
        with self._lock:
            heapq.heappush(self._free, number)
