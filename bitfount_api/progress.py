"""Report the progress of transfers to callbacks.

Every transfer accepts a ``progress`` callback. It is called with the bytes transferred so far, the
total (None while unknown), and the name of the file or object. Calls are in order and never
concurrent, always from one thread, which is not the caller's. Ready-made callbacks:

    >>> from bitfount_api.progress import rich_progress
    >>> with rich_progress() as progress:  # doctest: +SKIP
    ...     hub.send_weights("Net", 1, Path("net.pt"), progress=progress)
"""

from __future__ import annotations

import contextvars
import importlib
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ProgressCallback = Callable[[int, int | None, str], None]
    """Called with the bytes transferred so far, the total (None if unknown), and the name of the
    file or object."""

_REDRAW_SECONDS = 0.1

_logger = get_logger(__name__)


class ProgressReporter:
    """Counts the bytes that threads transfer, and calls the progress callback from one thread.

    Calls are in order and never concurrent. A slow callback does not delay the transfer: it is
    called with the latest state when it returns, and always with the final state.

    Args:
        callback: Callback; None for no reports.
        total: Total in bytes; None if unknown.
        label: Name to report, such as a file's name.
    """

    def __init__(self, callback: ProgressCallback | None, total: int | None, label: str) -> None:
        self.total = total
        self._callback = callback
        self._label = label
        self._done = 0
        self._reported: tuple[int, int | None] | None = None
        self._closed = callback is None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, count: int) -> None:
        """Add transferred bytes; a negative count if bytes have to be transferred again."""
        if self._callback is None:
            return
        with self._changed:
            self._done += count
            self._changed.notify()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._report, name="bitfount-api-progress", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Report the last state and stop the thread. May be called more than once."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _report(self) -> None:
        assert self._callback is not None  # noqa: S101 - checked by add()
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._reported != (self._done, self.total)
                )
                state = (self._done, self.total)
                if state == self._reported:
                    return
            self._reported = state
            try:
                self._callback(*state, self._label)
            except Exception:
                # A broken progress display must not fail the transfer.
                _logger.exception("The progress callback failed, and is not called again")
                return


@contextmanager
def rich_progress(console: Any = None) -> Iterator[ProgressCallback]:
    """Return a context manager with a callback that shows a rich progress bar per transfer.

    In a notebook, rich requires ipywidgets: use :func:`notebook_progress`.

    Args:
        console: The ``rich.console.Console`` to draw on; default: rich's default console.

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
    lock = InterruptibleLock()

    def update(done: int, total: int | None, label: str) -> None:
        with lock:  # one callback may serve concurrent transfers
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)
            if done == total:
                del tasks[label]  # the next transfer with this name is another one

    with bars:
        yield update


@contextmanager
def tqdm_progress(file: Any = None) -> Iterator[ProgressCallback]:
    """Return a context manager with a callback that shows a tqdm progress bar per transfer.

    Args:
        file: The stream to draw on; default: the standard error stream.

    Raises:
        ImportError: tqdm is not installed.
    """
    tqdm = _library("tqdm").tqdm
    bars: dict[str, Any] = {}
    lock = InterruptibleLock()

    def update(done: int, total: int | None, label: str) -> None:
        with lock:  # one callback may serve concurrent transfers
            if label not in bars:
                bars[label] = tqdm(
                    total=total, desc=label, unit="B", unit_scale=True, unit_divisor=1024, file=file
                )
            bar = bars[label]
            bar.total = total
            bar.update(done - bar.n)
            if done == total:
                bars.pop(label).close()

    try:
        yield update
    finally:
        for bar in bars.values():
            bar.close()


@contextmanager
def notebook_progress() -> Iterator[ProgressCallback]:
    """Return a context manager with a callback that shows progress bars in a notebook.

    There is one bar per transfer. They are HTML in the output of the cell that opened the context,
    and stay there. They are drawn in the same way with and without ipywidgets, which the bars of
    rich require in notebooks. In a terminal, use :func:`rich_progress` or :func:`tqdm_progress`.

    Raises:
        ImportError: IPython, on which Jupyter's Python kernel is built, is not installed.
    """
    from bitfount_api._internal.progress_bars import ProgressBars

    display = _library("IPython.display").display
    bars = ProgressBars()
    # IPython keeps the cell to which output belongs in the context.
    context = contextvars.copy_context()
    handle = display(bars, display_id=True)  # None outside of IPython
    lock = InterruptibleLock()
    drawn = time.monotonic()

    def draw() -> None:
        if handle is not None:
            context.run(handle.update, bars)

    def update(done: int, total: int | None, label: str) -> None:
        nonlocal drawn
        with lock:  # one callback may serve concurrent transfers
            bars.update(done, total, label)
            # Notebooks limit the number of messages per second.
            if done == total or time.monotonic() - drawn >= _REDRAW_SECONDS:
                draw()
                drawn = time.monotonic()

    try:
        yield update
    finally:
        with lock:
            bars.close()
            draw()


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"{package} is not installed; to show progress with it: pip install {package}"
        ) from error
