"""Progress of a transfer, told to whoever wants to know.

Every transfer takes a ``progress`` callback. It is told the bytes done, the bytes in all (None
while that is not known), and what is moved; in order, never twice at a time, always from one
thread, which is not the caller's. There are ready-made ones:

    >>> from bitfount_api.progress import rich_progress
    >>> with rich_progress() as progress:  # doctest: +SKIP
    ...     hub.send_weights("Net", 1, Path("net.pt"), progress=progress)
"""

from __future__ import annotations

import importlib
import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
            except Exception:  # noqa: BLE001 - a user's own
                # The transfer matters more than the drawing of it.
                _log.exception("The progress callback failed, and is not called again")
                return


@contextmanager
def rich_progress(console: Any = None) -> Iterator[ProgressCallback]:
    """A callback that draws a bar with rich for each transfer, for the time of the block.

    Args:
        console: The ``rich.console.Console`` to draw on; default: rich's own.

    Raises:
        ImportError: rich is not installed.
    """
    rich = _library("rich.progress")
    bars = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(binary_units=True),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
        console=console,
    )
    tasks: dict[str, Any] = {}
    turn = threading.Lock()

    def tell(done: int, total: int | None, what: str) -> None:
        with turn:  # one callback may serve transfers side by side
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)
            if done == total:
                del tasks[what]  # whatever is called so from now on is another transfer

    with bars:
        yield tell


@contextmanager
def tqdm_progress(file: Any = None) -> Iterator[ProgressCallback]:
    """A callback that draws a bar with tqdm for each transfer, for the time of the block.

    Args:
        file: Where to draw; default: the standard error stream.

    Raises:
        ImportError: tqdm is not installed.
    """
    tqdm = _library("tqdm").tqdm
    bars: dict[str, Any] = {}
    turn = threading.Lock()

    def tell(done: int, total: int | None, what: str) -> None:
        with turn:  # as above
            if what not in bars:
                bars[what] = tqdm(
                    total=total, desc=what, unit="B", unit_scale=True, unit_divisor=1024, file=file
                )
            bar = bars[what]
            bar.total = total
            bar.update(done - bar.n)
            if done == total:
                bars.pop(what).close()

    try:
        yield tell
    finally:
        for bar in bars.values():
            bar.close()


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"drawing progress with {package} needs it: pip install {package}"
        ) from error
