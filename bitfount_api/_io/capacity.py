"""Limit the number of concurrent calls of threads.

A place is held by an object, not by a count: when the object is gone, so is its place. No
interruption, wherever it arrives, loses a place.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque

import httpcore

from bitfount_api._internal.locks import InterruptibleLock

_MAX_WAIT = 1.0
"""Seconds after which a waiting thread looks for a place by itself: the thread that had to wake it
may have been interrupted."""


class Place:
    """A place among the concurrent calls, once :meth:`Capacity.take` has returned."""

    __slots__ = ("__weakref__",)


class _Waiter(threading.Event):
    """A thread that waits for a place."""

    left = False
    """Whether the thread waits no more. It is set first of all, in case of an interruption."""


class Capacity:
    """The places for concurrent calls of all threads.

    Args:
        limit: Maximum number of concurrent calls.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = InterruptibleLock()
        self._held: weakref.WeakSet[Place] = weakref.WeakSet()
        self._waiting: deque[_Waiter] = deque()

    def take(self, place: Place, seconds: float) -> None:
        """Wait for a free place; first come, first served.

        Raises:
            httpcore.PoolTimeout: If no place is free within ``seconds``.
        """
        if self._try_take(place, None):
            return
        end = time.monotonic() + seconds
        waiter = _Waiter()
        try:
            with self._lock:
                self._waiting.append(waiter)
            while not self._try_take(place, waiter):
                left = end - time.monotonic()
                if left <= 0:
                    raise httpcore.PoolTimeout("too many calls are in progress")
                waiter.wait(min(left, _MAX_WAIT))
                waiter.clear()
        finally:
            waiter.left = True
            with self._lock:
                self._wake_first()

    def _try_take(self, place: Place, waiter: _Waiter | None) -> bool:
        with self._lock:
            if len(self._held) < self._limit and self._first() is waiter:
                self._held.add(place)
                return True
            return False

    def give_back(self, place: Place) -> None:
        """Give back a place, if it was taken."""
        with self._lock:
            self._held.discard(place)
            self._wake_first()

    def _first(self) -> _Waiter | None:
        """Return the thread that has waited longest."""
        while self._waiting and self._waiting[0].left:
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _wake_first(self) -> None:
        if len(self._held) < self._limit and (first := self._first()) is not None:
            first.set()
