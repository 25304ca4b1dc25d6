"""Views that show data to people: fields, tables, findings and texts."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api.cli.streams import sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, JustifyMethod

_COLUMN_GAP = 2
_MIN_COLUMN_WIDTH = 12
"""Minimum width in characters. With narrower columns, rows are shown one below the other."""


@attrs.frozen
class Text:
    """A text that is shown unchanged, such as a key."""

    text: str


@attrs.frozen
class Fields:
    """Names and values of one object, in order. Values that are None or empty are omitted."""

    fields: Mapping[str, Any]


@attrs.frozen
class Rows:
    """A table.

    Args:
        columns: Key of each column in the rows, and its heading.
        rows: Rows as mappings.
        empty: Note for standard error if there are no rows.
    """

    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    empty: str

    def cells(self) -> list[list[str]]:
        """Return the rows as texts."""
        return [[display(row.get(key)) for key in self.columns] for row in self.rows]


@attrs.frozen
class Findings:
    """Findings of ``doctor``, grouped by area.

    Args:
        findings: Area, level (a key of ``_COLOURS``), text, and advice or "" of each finding.
    """

    findings: Sequence[tuple[str, str, str, str]]


_TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
"""A time as the services write it, which takes more space than it is worth in a table."""

View = Text | Fields | Rows | Findings

_COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


def display(value: Any) -> str:
    """Return a value as text for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(display(item) for item in value)
    return " ".join(sanitize(str(value)).split())


def format_size(count: float) -> str:
    """Return a number of bytes for people, such as 1.5 MB, in SI units (powers of 1000)."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def format_time(posix: float) -> str:
    """Return a time for people, in the local time zone; in UTC at the ends of the calendar."""
    try:
        moment = dt.datetime.fromtimestamp(posix, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{posix:.0f} s after 1970"
    with contextlib.suppress(ValueError, OverflowError, OSError):
        moment = moment.astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S %z")


# --- For pipes: one row per line, not truncated --------------------------------------------------


def plain(view: View) -> str:
    """Return a view as text without colours and borders, with one row or field per line."""
    if isinstance(view, Text):
        return view.text if view.text.endswith("\n") else f"{view.text}\n"
    if isinstance(view, Fields):
        cells = [[f"{name}:", display(value)] for name, value in _known(view)]
    elif isinstance(view, Findings):
        cells = [
            [area, level, display(text) + (f" -> {display(advice)}" if advice else "")]
            for area, level, text, advice in view.findings
        ]
    else:
        cells = [[heading.upper() for heading in view.columns.values()], *view.cells()]
    if not cells:
        return ""
    from rich.cells import cell_len

    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


# --- For terminals -------------------------------------------------------------------------------


def draw(view: View, console: Console) -> None:
    """Draw a view with the width and colours of a terminal."""
    if isinstance(view, Text):
        console.out(sanitize(view.text).removesuffix("\n"), highlight=False)
    elif isinstance(view, Fields):
        _draw_fields([(name, display(value)) for name, value in _known(view)], console)
    elif isinstance(view, Findings):
        _draw_findings(view, console)
    elif _fits(view, console.width):
        _draw_table(view, console)
    else:
        for at, row in enumerate(_drawn(view)):
            if at:
                console.print()
            facts = zip(view.columns.values(), row, strict=True)
            _draw_fields([(name, value) for name, value in facts if value], console)


def _known(view: Fields) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in view.fields.items() if value not in (None, "", [])]


def _draw_fields(facts: Sequence[tuple[str, str]], console: Console) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text as RichText

    widest = max((len(name) for name, _ in facts), default=0)
    if console.width < widest + 2 + 2 * _MIN_COLUMN_WIDTH:
        for name, value in facts:
            console.print(RichText(name, "bold cyan"))
            console.print(Padding(RichText(value, overflow="fold"), (0, 0, 0, 2)))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(RichText(name), RichText(value))
    console.print(table)


def _draw_findings(view: Findings, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text as RichText

    last = None
    for area, level, text, advice in view.findings:
        if area != last:
            console.print(RichText(area, "bold"))
            last = area
        table = Table.grid(padding=(0, 1))
        table.add_column(width=max(map(len, _COLOURS)) + 2, no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row(RichText(f"  {level}", _COLOURS[level]), RichText(display(text)))
        if advice:
            table.add_row("", RichText.assemble(("-> ", "bold"), display(advice)))
        console.print(table)


def _drawn(view: Rows) -> list[list[str]]:
    """Return the rows as texts, with short times."""
    return [[_TIME.sub(_short_time, cell) for cell in row] for row in view.cells()]


def _short_time(found: re.Match[str]) -> str:
    return dt.datetime.fromisoformat(found[0]).astimezone().strftime("%Y-%m-%d %H:%M")


def _fits(view: Rows, width: int) -> bool:
    """Return whether every column fits with its longest word or with the minimum width.

    The first column must fit with its content: a name or an id in two lines cannot be copied.
    """
    needed = -_COLUMN_GAP
    rows = _drawn(view)
    for at, heading in enumerate(view.columns.values()):
        if at:
            words = (len(word) for row in rows for word in row[at].split())
            widest = min(max(words, default=0), _MIN_COLUMN_WIDTH)
        else:
            widest = max((len(row[0]) for row in rows), default=0)
        needed += max(len(heading), widest) + _COLUMN_GAP
    return needed <= width


def _draw_table(view: Rows, console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text as RichText

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, _COLUMN_GAP - 1, 0, 0),  # the box adds one character
        pad_edge=False,
        show_edge=False,
        header_style="bold cyan",
    )
    for at, (key, heading) in enumerate(view.columns.items()):
        number = all(_is_number(row.get(key)) for row in view.rows)
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=not at)
    for cells in _drawn(view):
        table.add_row(*(RichText(cell) for cell in cells))
    console.print(table)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, (int, float)) and math.isfinite(value))
