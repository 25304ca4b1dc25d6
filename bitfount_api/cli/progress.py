"""Progress of a transfer, drawn on standard error if it is a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

import attrs

from bitfount_api.cli.streams import sanitize
from bitfount_api.cli.views import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, ProgressColumn, Task, TaskID

    from bitfount_api.cli.output import Output

_WITH_BAR = 60
_WITH_SPEED = 44
"""Minimum terminal widths, in columns, for the bar and the speed."""

_MIN_SECONDS = 1.0
"""Duration of a transfer from which on its speed is shown. A shorter one is mostly waiting."""


@attrs.define
class Counter:
    """Counts the bytes transferred, and updates the progress bar if there is one."""

    _started: float = attrs.field(factory=time.monotonic)
    done: int = 0
    _drawing: tuple[Progress, TaskID] | None = None

    def __call__(self, done: int, total: int | None, label: str) -> None:
        """Record the number of bytes transferred so far."""
        self.done = done
        if self._drawing is not None:
            progress, task = self._drawing
            progress.update(task, completed=done, total=total)

    def draw_on(self, progress: Progress, task: TaskID) -> None:
        """Draw on a progress display from now on."""
        self._drawing = progress, task

    def summary(self) -> str | None:
        """Return the amount, the time and the speed; None if these would mean nothing."""
        seconds = time.monotonic() - self._started
        if not self.done or seconds < _MIN_SECONDS:
            return None
        return f"{format_size(self.done)} in {seconds:.1f} s ({format_size(self.done / seconds)}/s)"


@contextlib.contextmanager
def transfer(output: Output, label: str, done: str) -> Iterator[Counter]:
    """Draw the progress of a transfer, then write a summary of a long one.

    Args:
        output: Output of the command.
        label: Label of the transfer, such as ``"Retina.py"``.
        done: First word of the summary, such as ``"Sent"``.
    """
    counter = Counter()
    yield from _draw(output, label, counter)
    if summary := counter.summary():
        output.note(f"{done} {summary}.")


def _draw(output: Output, label: str, counter: Counter) -> Iterator[Counter]:
    if output.silent or sys.stderr is None or not sys.stderr.isatty():
        yield counter
    else:
        from rich.progress import Progress
        from rich.text import Text

        console = output.console(sys.stderr)
        progress = Progress(
            *_columns(console.width),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        max_length = max(8, console.width // 4)
        name = label if len(label) <= max_length else label[: max_length - 3] + "..."
        with progress:
            output.live = console
            counter.draw_on(progress, progress.add_task(Text(sanitize(name)).markup, total=None))
            try:
                yield counter
            finally:
                output.live = None


def _columns(width: int) -> list[ProgressColumn]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    class SpeedColumn(TransferSpeedColumn):
        def render(self, task: Task) -> Text:
            elapsed = task.finished_time if task.finished else task.elapsed
            return super().render(task) if (elapsed or 0) >= _MIN_SECONDS else Text("")

    columns: list[ProgressColumn] = [TextColumn("{task.description}")]
    if width < _WITH_SPEED:
        return [*columns, TaskProgressColumn()]
    if width >= _WITH_BAR:
        columns.append(BarColumn(bar_width=None))
    return [*columns, DownloadColumn(), SpeedColumn(), TimeRemainingColumn(compact=True)]
