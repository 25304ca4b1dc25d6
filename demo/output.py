"""The demonstration's output: text while it runs, or one JSON document at the end."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.progress import ProgressCallback


class UnexpectedError(Exception):
    """A check of a step failed."""


class Output(Protocol):
    """The output interface of the steps."""

    def step(self, who: str, title: str) -> Any:
        """Return a context manager for a step that ``who`` performs."""

    def fact(self, label: str, value: object) -> None:
        """Report a result of the step."""

    def check(self, label: str, outcome: object) -> None:
        """Check a condition, and report it.

        Raises:
            UnexpectedError: If ``outcome`` is false.
        """

    def progress(self, label: str) -> Any:
        """Return a context manager that yields a callback for a transfer's progress."""

    def end(self) -> None:
        """Report that all steps succeeded."""


@attrs.define
class Step:
    """A step with its duration in seconds and its results."""

    who: str
    title: str
    seconds: float = 0.0
    facts: dict[str, Any] = attrs.field(factory=dict)
    checks: list[str] = attrs.field(factory=list)


class JSONOutput:
    """Collects all results, and prints them as one JSON document at the end."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    @contextmanager
    def step(self, who: str, title: str) -> Iterator[None]:
        """Record and time a step."""
        self._steps.append(Step(who, title))
        started = time.perf_counter()
        yield
        self._steps[-1].seconds = round(time.perf_counter() - started, 3)

    def fact(self, label: str, value: object) -> None:
        """Record a result as a JSON value, or as text if its type is not a JSON type."""
        plain = isinstance(value, str | int | float | list | dict | None)
        self._steps[-1].facts[label] = value if plain else str(value)

    def check(self, label: str, outcome: object) -> None:
        """Check a condition, and record it."""
        if not outcome:
            raise UnexpectedError(label)
        self._steps[-1].checks.append(label)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """Yield None, because JSON output shows no progress."""
        yield None

    def end(self) -> None:
        """Print the JSON document."""
        json.dump({"ok": True, "steps": [attrs.asdict(step) for step in self._steps]}, sys.stdout)
        sys.stdout.write("\n")


class ConsoleOutput:
    """Prints to the console, with colours and progress bars on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._count = 0

    @contextmanager
    def step(self, who: str, title: str) -> Iterator[None]:
        """Print a step's title before its results, and its duration after them."""
        self._count += 1
        self._console.print(f"\n[bold cyan]{self._count:>2}  {title}[/]  [dim]{who}[/]")
        started = time.perf_counter()
        yield
        self._console.print(f"    [dim]{time.perf_counter() - started:.2f} s[/]")

    def fact(self, label: str, value: object) -> None:
        """Print a result as a line, or as a table if it is a list of rows."""
        if isinstance(value, list):
            self._table(label, value)
            return
        from rich.markup import escape

        self._console.print(f"    {label:<18} {escape(str(value))}", soft_wrap=True)

    def _table(self, title: str, rows: list[dict[str, Any]]) -> None:
        from rich.padding import Padding
        from rich.table import Table

        table = Table(title=title, title_justify="left", title_style="", header_style="bold")
        for name in rows[0] if rows else []:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        self._console.print(Padding(table, (0, 0, 0, 4)))

    def check(self, label: str, outcome: object) -> None:
        """Check a condition, and print a tick."""
        if not outcome:
            raise UnexpectedError(label)
        self._console.print(f"    [green]✓[/] {label}", soft_wrap=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """Show a progress bar."""
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("    {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            task = bars.add_task(label, total=None)

            def update(done: int, total: int | None, label: str) -> None:
                bars.update(task, completed=done, total=total)

            yield update

    def end(self) -> None:
        """Print that all steps succeeded."""
        self._console.print("\n[bold green]All steps succeeded.[/]")
