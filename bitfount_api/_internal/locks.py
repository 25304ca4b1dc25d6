"""A lock that no interruption leaves locked."""

from __future__ import annotations

import _thread


class InterruptibleLock(_thread.RLock):  # type: ignore[misc]
    """A lock for ``with`` statements, in programs that Ctrl-C interrupts.

    From Python 3.14 on, an interruption can arrive after ``with lock`` has acquired the lock and
    before its block begins, and a ``threading.Lock`` then stays locked for good. Here, that moment
    is inside ``__enter__``. ``__exit__`` is not written in Python, so that nothing can interrupt it
    before it has released the lock.
    """

    def __enter__(self) -> bool:  # type: ignore[override]
        try:
            return self.acquire()
        except BaseException:
            try:  # noqa: SIM105 - another interruption could arrive in suppress()
                self.release()
            except RuntimeError:
                pass  # it was not acquired
            raise
