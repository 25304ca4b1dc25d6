"""No interruption leaves a lock locked."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bitfount_api._internal.locks import InterruptibleLock


class Interrupted(BaseException):
    """Raised by a signal handler, at any point of the program."""


class Acquired(InterruptibleLock):  # type: ignore[misc]
    """A lock: the thread is interrupted as soon as it has the lock."""

    def acquire(self, *arguments: Any, **more: Any) -> bool:
        super().acquire(*arguments, **more)
        raise Interrupted


class Waiting(InterruptibleLock):  # type: ignore[misc]
    """A lock: the thread is interrupted before it has the lock."""

    def acquire(self, *_: Any, **__: Any) -> bool:
        raise Interrupted


def is_free(lock: InterruptibleLock) -> bool:
    """Whether another thread can take the lock."""
    found: list[bool] = []

    def take() -> None:
        found.append(InterruptibleLock.acquire(lock, blocking=False))

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return found[0]


def test_lock_keeps_other_threads_out() -> None:
    lock = InterruptibleLock()
    with lock:
        assert not is_free(lock)
    assert is_free(lock)


@pytest.mark.parametrize("kind", [Acquired, Waiting])
def test_interrupted_lock_is_free(kind: type[InterruptibleLock]) -> None:
    lock = kind()
    with pytest.raises(Interrupted), lock:
        raise AssertionError("the block does not begin")
    assert is_free(lock)


def test_lock_is_free_after_an_error_in_its_block() -> None:
    lock = InterruptibleLock()
    with pytest.raises(KeyError), lock:
        raise KeyError
    assert is_free(lock)


def test_leaving_is_not_written_in_python() -> None:
    """Else an interruption could arrive in it before the lock is released."""
    assert not hasattr(InterruptibleLock.__exit__, "__code__")
