"""Coroutines that a thread has run in an event loop, and waits for."""

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
    """Wait for something in the loop that it belongs to; in one of its own where there is none.

    Args:
        awaitable: What to wait for.
        loop: Its loop, which runs in another thread.

    Raises:
        AuthenticationError: The loop ended before.
        Exception: What it raises.
    """
    coroutine = _await(awaitable)
    if loop is not None:
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            if inspect.iscoroutine(awaitable):
                awaitable.close()  # it will never be awaited, and need not complain of that
            raise
        return _outcome(future, loop)
    if running_loop() is None:
        return asyncio.run(coroutine)
    # Sync code called from within an event loop, as in a notebook: that loop is not to be had.
    own: Future[T] = Future()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run_apart, coroutine, own), daemon=True).start()
    return own.result()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that this thread runs, if it runs one."""
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
                return future.result()  # a TimeoutError of its own, or just in time
            if not loop.is_running():
                future.cancel()
                raise AuthenticationError(
                    "the event loop ended before there were new credentials"
                ) from None


def _run_apart(coroutine: Coroutine[None, None, T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(asyncio.run(coroutine))
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(error)


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable
