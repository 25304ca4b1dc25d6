"""The functions of the user that are told of responses and retries."""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from bitfount_api._internal.callbacks import check_callback
from bitfount_api._internal.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api.events import OnResponse, OnRetry, ResponseEvent, RetryEvent

_logger = get_logger(__name__)

_in_hook: ContextVar[bool] = ContextVar("bitfount_api_hook", default=False)
"""Whether a hook is running, also in the tasks that it starts. Their calls are told to no hook: a
hook that makes a call would be called without end."""


class Hooks:
    """Functions to call, in this order.

    Args:
        on_response: Functions that are called after each response.
        on_retry: Functions that are called before each pause before a retry.
    """

    def __init__(
        self, on_response: tuple[OnResponse, ...] = (), on_retry: tuple[OnRetry, ...] = ()
    ) -> None:
        self.on_response = on_response
        self.on_retry = on_retry

    def with_others(self, on_response: OnResponse | None, on_retry: OnRetry | None) -> Hooks:
        """Return these hooks and others, which are called after them.

        Raises:
            TypeError: One of them cannot be called.
        """
        return Hooks(
            self.on_response + _checked("on_response", on_response),
            self.on_retry + _checked("on_retry", on_retry),
        )

    def response(self, event: ResponseEvent) -> None:
        """Tell of a response."""
        for hook in self.on_response:
            _call("on_response", hook, event)

    def retry(self, event: RetryEvent) -> None:
        """Tell of a pause before a retry."""
        for hook in self.on_retry:
            _call("on_retry", hook, event)


NO_HOOKS = Hooks()


def _checked(name: str, hook: Callable[[Any], object] | None) -> tuple[Any, ...]:
    check_callback(
        name,
        hook,
        "a function of one argument, the event",
        "pass a function that starts a task, or puts the event into a queue",
    )
    return () if hook is None else (hook,)


def _call(name: str, hook: Callable[[Any], object], event: object) -> None:
    if _in_hook.get():
        return
    token = _in_hook.set(True)
    try:
        result = hook(event)
        if inspect.iscoroutine(result):
            result.close()
            _logger.warning("%s returned a coroutine, which nothing awaits", name)
    except Exception:
        _logger.warning("%s failed, and its failure is ignored", name, exc_info=True)
    finally:
        _in_hook.reset(token)
