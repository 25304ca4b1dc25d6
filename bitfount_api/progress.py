"""Progress of a transfer, told to whoever wants to know."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    ProgressCallback = Callable[[int, int | None, str], None]
    """Told the bytes done, the bytes in all (None where not known), and what is moved."""

_log = logging.getLogger(__name__)


class Meter:
    """Counts the bytes that any number of threads move, and tells of them from one thread.

    The callback is called in order and never twice at a time, and a slow one does not hold up the
    transfer: it is told the newest state when it is ready for it, and the last one always.

    Args:
        callback: Whom to tell; None for nobody.
        total: Bytes in all; None where not known.
        what: What is moved, such as a file's name.
    """

    def __init__(self, callback: ProgressCallback | None, total: int | None, what: str) -> None:
        self.total = total
        self._callback = callback
        self._what = what
        self._done = 0
        self._told: tuple[int, int | None] | None = None
        self._closed = callback is None
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, count: int) -> None:
        """So many more bytes are done; fewer than none if some have to be moved again."""
        if self._callback is None:
            return
        with self._news:
            self._done += count
            self._news.notify()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._tell, name="bitfount-api-progress", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Tell the last state, and end. May be called again."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()

    def _tell(self) -> None:
        assert self._callback is not None  # noqa: S101 - add() has seen to it
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._told != (self._done, self.total))
                state = (self._done, self.total)
                if state == self._told:
                    return
            self._told = state
            try:
                self._callback(*state, self._what)
            except Exception:
                # The transfer matters more than the drawing of it.
                _log.exception("The progress callback failed, and is not called again")
                return
