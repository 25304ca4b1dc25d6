"""How the walk is told: to people as it goes, or to machines when it is over."""

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
    """A step did not show what it should."""


class Teller(Protocol):
    """What a step can tell."""

    def step(self, who: str, title: str) -> Any:
        """A context in which a step happens; ``who`` does it."""

    def fact(self, label: str, value: object) -> None:
        """Something the step found."""

    def check(self, label: str, outcome: object) -> None:
        """Something that has to be so.

        Raises:
            UnexpectedError: It is not.
        """

    def progress(self, label: str) -> Any:
        """A context that gives a callback for a transfer's progress."""

    def end(self) -> None:
        """The walk is over, and was as it should be."""


@attrs.define
class Step:
    """What a step was, took (seconds), and showed."""

    who: str
    title: str
    seconds: float = 0.0
    facts: dict[str, Any] = attrs.field(factory=dict)
    checks: list[str] = attrs.field(factory=list)


class JSONTeller:
    """Keeps what is told, and prints it as one JSON document in the end."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    @contextmanager
    def step(self, who: str, title: str) -> Iterator[None]:
        """A step."""
        self._steps.append(Step(who, title))
        began = time.perf_counter()
        yield
        self._steps[-1].seconds = round(time.perf_counter() - began, 3)

    def fact(self, label: str, value: object) -> None:
        """A fact, as JSON has it or as text."""
        plain = isinstance(value, str | int | float | list | dict | None)
        self._steps[-1].facts[label] = value if plain else str(value)

    def check(self, label: str, outcome: object) -> None:
        """A check."""
        if not outcome:
            raise UnexpectedError(label)
        self._steps[-1].checks.append(label)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """Nothing: machines do not watch."""
        yield None

    def end(self) -> None:
        """Print everything."""
        json.dump({"ok": True, "steps": [attrs.asdict(step) for step in self._steps]}, sys.stdout)
        sys.stdout.write("\n")


class PeopleTeller:
    """Tells it on the terminal, with colours and progress bars where there is one."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._count = 0

    @contextmanager
    def step(self, who: str, title: str) -> Iterator[None]:
        """A step: its title, what it told, and how long it took."""
        self._count += 1
        self._console.print(f"\n[bold cyan]{self._count:>2}  {title}[/]  [dim]{who}[/]")
        began = time.perf_counter()
        yield
        self._console.print(f"    [dim]{time.perf_counter() - began:.2f} s[/]")

    def fact(self, label: str, value: object) -> None:
        """A fact: a line, or a table for a list of rows."""
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
        """A check: a tick, or the end."""
        if not outcome:
            raise UnexpectedError(label)
        self._console.print(f"    [green]✓[/] {label}", soft_wrap=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressCallback | None]:
        """A progress bar."""
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

            def tell(done: int, total: int | None, what: str) -> None:
                bars.update(task, completed=done, total=total)

            yield tell

    def end(self) -> None:
        """Say so."""
        self._console.print("\n[bold green]Everything was as it should be.[/]")
