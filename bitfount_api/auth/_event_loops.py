"""Run coroutines in an event loop from a thread, and wait for their results."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

T = TypeVar("T")

_LOOP_CHECK_SECONDS = 1.0


def wait_for(awaitable: Awaitable[T], loop: asyncio.AbstractEventLoop | None) -> T:
    """Return the result of an awaitable that runs in the given loop, or in a new one.

    Args:
        awaitable: Awaitable to wait for.
        loop: Event loop of the awaitable, running in another thread; None for a new loop.

    Raises:
        AuthenticationError: If the loop ends before the awaitable.
        Exception: If the awaitable raises it.
    """
    coroutine = _await(awaitable)
    if loop is not None:
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            if inspect.iscoroutine(awaitable):
                awaitable.close()  # avoid the warning that it was never awaited
            raise
        return _outcome(future, loop)
    if running_loop() is None:
        return asyncio.run(coroutine)
    # Sync code was called within a running event loop, as in a notebook. That loop is blocked, so
    # the coroutine runs in a new loop in another thread.
    own: Future[T] = Future()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run_apart, coroutine, own), daemon=True).start()
    return own.result()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _outcome(future: Future[T], loop: asyncio.AbstractEventLoop) -> T:
    while True:
        try:
            return future.result(_LOOP_CHECK_SECONDS)
        except TimeoutError:
            if future.done():
                return future.result()  # the awaitable's own TimeoutError, or it has just finished
            if not loop.is_running():
                future.cancel()
                raise AuthenticationError(
                    "the event loop ended before new credentials were available"
                ) from None


def _run_apart(coroutine: Coroutine[None, None, T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(asyncio.run(coroutine))
    except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
        outcome.set_exception(error)


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable
