"""Whose turn it is: no more calls at a time than there may be connections.

httpx would let the others wait as well, but looks through all of them at each step of any: with
2,000 waiting, it did a quarter of the work that it did with 100.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterator


class Turns:
    """Lets so many calls begin at a time; of each event loop, and of all threads.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads = threading.BoundedSemaphore(most)
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for a turn, and have it for the time of the block.

        Raises:
            httpx.PoolTimeout: There was none in that time.
        """
        if not self._threads.acquire(timeout=seconds):
            raise httpx.PoolTimeout("too many calls are under way")
        try:
            yield
        finally:
            self._threads.release()

    @asynccontextmanager
    async def aturn(self, seconds: float) -> AsyncIterator[None]:
        """:meth:`turn` in the running event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        turns = self._loops.get(loop)
        if turns is None:
            turns = self._loops[loop] = asyncio.Semaphore(self._most)
        if turns.locked():
            try:
                async with asyncio.timeout(seconds):
                    await turns.acquire()
            except TimeoutError:
                raise httpx.PoolTimeout("too many calls are under way") from None
        else:
            await turns.acquire()
        try:
            yield
        finally:
            turns.release()
