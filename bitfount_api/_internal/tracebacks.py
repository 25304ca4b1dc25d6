"""Remove this library's local variables, which hold secrets, from the tracebacks of exceptions."""

from __future__ import annotations

import functools
import sys
import types
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from bitfount_api.exceptions import BitfountError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

_OWN_PACKAGES = frozenset(
    (
        *("anyio", "attr", "bitfount_api", "filelock", "h11", "httpcore", "httpx", "jwt"),
        *("sniffio", "socksio"),
    )
)
_LIBRARIES = sys.stdlib_module_names | {"cryptography"}
"""Packages whose variables hold what this library passes to them."""

_EXPECTED = (BitfountError, ValueError, OSError, KeyboardInterrupt)
"""Exceptions that are no bugs, so that the places where they were raised need not be known."""


def without_variables(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that gets or reads secrets: its exceptions do not hold its variables."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        handled = sys.exception()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            strip_tracebacks(error, handled, keep_places=not isinstance(error, _EXPECTED))
            raise

    return wrapper


def strip_tracebacks(
    error: BaseException, handled: BaseException | None = None, *, keep_places: bool = False
) -> None:
    """Remove this library's frames from an error's traceback and from those it is chained to.

    Error reporters show the local variables of each frame, and those of this library hold presigned
    URLs, headers, request bodies and keys. So do those of the standard library and of cryptography
    that it called. The error text says which operation failed. Frames of other code, such as a
    function that supplies tokens, stay.

    Args:
        error: The error.
        handled: The exception that the caller of this library is handling, which is not changed.
        keep_places: Remove the variables only, for an error that may be a bug.
    """
    seen = {id(handled)}
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = _cleaned(each.__traceback__, keep_places=keep_places)
            waiting += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                waiting += each.exceptions


def _cleaned(trace: types.TracebackType | None, *, keep_places: bool) -> types.TracebackType | None:
    kept = []
    below_own = False
    while trace is not None:
        package = trace.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        below_own = package in _OWN_PACKAGES or (below_own and package in _LIBRARIES)
        if not below_own or (keep_places and _cleared(trace.tb_frame)):
            kept.append(trace)
        trace = trace.tb_next
    rebuilt = None
    for each in reversed(kept):
        rebuilt = types.TracebackType(rebuilt, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return rebuilt


def _cleared(frame: types.FrameType) -> bool:
    """Remove the variables of a frame, and return whether that was possible."""
    try:
        frame.clear()
    except RuntimeError:
        return False  # it is still running
    return True
