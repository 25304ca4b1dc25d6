"""Recordings of a program's terminal output, as SVG.

They contain real output, so ports and times differ between recordings. ``python -m docs.tools``
records them again.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.text import Text

from bitfount_api.sandbox import Sandbox
from demo.output import ConsoleOutput
from demo.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.progress import ProgressCallback

# Remove the web fonts that rich's SVG would load from another host.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, monospace"
)


def _console(width: int) -> Console:
    return Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, highlight=False
    )


def _svg(console: Console, title: str) -> str:
    text = console.export_svg(title=title, code_format=_FORMAT, unique_id="terminal")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


class _Recorder(ConsoleOutput):
    """Prints the first steps of the demonstration to a recording console."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.recorded = self._console = _console(100)
        self._steps = steps

    def step(self, who: str, title: str):  # type: ignore[no-untyped-def] # as its base
        """Record a step, unless enough steps have been recorded."""
        if self._count == self._steps:
            self._console = Console(file=io.StringIO())
        return super().step(who, title)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """Print the final state of a progress bar, because the picture is static."""
        columns = (TextColumn("    {task.description}"), BarColumn(), DownloadColumn())
        bars = Progress(*columns, console=Console(file=io.StringIO()))
        task = bars.add_task(label, total=None)
        yield lambda done, total, _: bars.update(task, completed=done, total=total)
        self._console.print(bars.get_renderable())


def demo(steps: int) -> str:
    """Record the first steps of ``make demo``."""
    with Sandbox(users=()) as sandbox, tempfile.TemporaryDirectory() as folder:
        teller = _Recorder(steps)
        tour = Tour(sandbox, teller, Path(folder), 64)
        try:
            tour.walk()
        finally:
            tour.close()
    return _svg(teller.recorded, "make demo")


def session(*commands: str, width: int = 104) -> str:
    """Record the terminal output of commands, against a sandbox with demonstration data.

    Args:
        *commands: Arguments of ``bitfount-api``, one string per command.
        width: Width of the terminal in columns.
    """
    from bitfount_api.cli import demo_data

    console = _console(width)
    with Sandbox() as sandbox:
        demo_data.fill(sandbox)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BITF")},
            **sandbox.environment("alice"),
            "COLUMNS": str(width),
            "TERM": "xterm-256color",
        }
        for number, command in enumerate(commands):
            prompt = ("\n" * (number > 0), ("$ ", "bold green"), f"bitfount-api {command}")
            console.print(Text.assemble(*prompt))
            console.print(Text.from_ansi(_shown(command.split(), environment)))
    return _svg(console, "bitfount-api")


def _shown(arguments: list[str], environment: dict[str, str]) -> str:
    """Return a command's output in a terminal, including colours."""
    parent_end, child_end = pty.openpty()
    program = [sys.executable, "-m", "bitfount_api.cli", *arguments]
    running = subprocess.Popen(program, stdout=child_end, stderr=child_end, env=environment)  # noqa: S603
    os.close(child_end)
    shown = b""
    try:
        while chunk := os.read(parent_end, 65536):
            shown += chunk
    except OSError:
        pass  # Linux raises this when the other end is closed
    finally:
        os.close(parent_end)
        running.wait()
    return shown.decode().replace("\r\n", "\n").rstrip("\n")
