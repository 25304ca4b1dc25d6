"""Check the functions that a user passes to be called."""

from __future__ import annotations

import inspect
from contextlib import ContextDecorator


def check_callback(name: str, function: object, kind: str, advice: str) -> None:
    """Check that a function can be called, and need not be awaited.

    Args:
        name: The argument's name in the error.
        function: The function; None is valid, and means that nothing is called.
        kind: What the function must be.
        advice: What to pass instead of an async function.

    Raises:
        TypeError: The function cannot be called, or is async.
    """
    if function is None:
        return
    # A context manager that was not entered decorates the function that it is called with.
    called = type(function).__call__ if callable(function) else ContextDecorator.__call__
    if called is ContextDecorator.__call__:
        raise TypeError(f"{name} must be {kind}")
    if _is_async(function) or _is_async(called):
        raise TypeError(f"{name} is an async function, which nothing would await: {advice}")


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
