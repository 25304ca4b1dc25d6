"""Pictures of a terminal: what a program shows there, as SVG.

They hold what was really printed when they were made, so they differ from run to run in ports and
times. ``python -m docs.making`` makes them anew.
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
from demo.telling import PeopleTeller
from demo.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.progress import ProgressCallback

# Without the fonts that rich would have fetched from elsewhere.
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


class _Recorder(PeopleTeller):
    """Tells the first steps of the walk to a console that keeps them."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.recorded = self._console = _console(100)
        self._steps = steps

    def step(self, who: str, title: str):  # type: ignore[no-untyped-def] # as its base
        """A step; after the last one wanted, nothing is kept."""
        if self._count == self._steps:
            self._console = Console(file=io.StringIO())
        return super().step(who, title)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """A progress bar, as it looks in the end: a picture does not move."""
        columns = (TextColumn("    {task.description}"), BarColumn(), DownloadColumn())
        bars = Progress(*columns, console=Console(file=io.StringIO()))
        task = bars.add_task(label, total=None)
        yield lambda done, total, _: bars.update(task, completed=done, total=total)
        self._console.print(bars.get_renderable())


def demo(steps: int) -> str:
    """What ``make demo`` shows in its first steps."""
    with Sandbox(users=()) as sandbox, tempfile.TemporaryDirectory() as folder:
        teller = _Recorder(steps)
        tour = Tour(sandbox, teller, Path(folder), 64)
        try:
            tour.walk()
        finally:
            tour.close()
    return _svg(teller.recorded, "make demo")


def session(*commands: str, width: int = 104) -> str:
    """What commands show in a terminal, against a sandbox with demonstration data.

    Args:
        *commands: Command lines of ``bitfount-api``, without that word.
        width: The terminal's columns.
    """
    from bitfount_api.cli import demo_data

    console = _console(width)
    with Sandbox() as sandbox:
        demo_data.fill(sandbox)
        # On ports that are free, so that no other sandbox is in the way; the picture leaves it out.
        where = ["--hub-url", sandbox.hub_url, "--access-manager-url", sandbox.access_manager_url]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BITF")},
            **sandbox.environment("alice"),
            "COLUMNS": str(width),
            "TERM": "xterm-256color",
        }
        for number, command in enumerate(commands):
            prompt = ("\n" * (number > 0), ("$ ", "bold green"), f"bitfount-api {command}")
            console.print(Text.assemble(*prompt))
            console.print(Text.from_ansi(_shown([*where, *command.split()], environment)))
    return _svg(console, "bitfount-api")


def _shown(arguments: list[str], environment: dict[str, str]) -> str:
    """What a command shows in a terminal, colours included."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "bitfount_api.cli", *arguments]
    running = subprocess.Popen(program, stdout=theirs, stderr=theirs, env=environment)  # noqa: S603
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    finally:
        os.close(ours)
        running.wait()
    return shown.decode().replace("\r\n", "\n").rstrip("\n")
