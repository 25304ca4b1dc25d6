"""A bar chart of how much of each budget is used."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from benchmarks.results import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.report import Done

_ROW = 26
_TOP = 64
_NAME_END, _BAR_START, _BUDGET = 330, 342, 260
_MAX_VALUE = 1.25
"""The share of the budget at which a bar is truncated."""

_COLUMNS = (("bitfount-api", 740), ("the other", 835), ("official SDK", 940))
_WIDTH = 960
_WITHIN, _BEYOND, _INK, _FAINT = "#2f6f9f", "#b5502d", "#1c2733", "#8a96a3"


def used(done: Done) -> float | None:
    """Return the share of its budget that a row uses; more than 1 is a missed target."""
    row, measured = done
    if measured.value is None:
        return None
    if row.at == "least":
        return row.limit / measured.value if measured.value else None
    return max(0.0, measured.value / row.limit)


def draw(rows: Sequence[Done]) -> str:
    """Draw one bar per row, as SVG."""
    height = _TOP + _ROW * len(rows) + 16
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    style = f'font-family="system-ui, sans-serif" font-size="13" fill="{_INK}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img">',
        "<title>How much of each budget is used</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        *_head(height),
    ]
    for number, done in enumerate(rows):
        lines += _bar(number, done)
    return "\n".join([*lines, "</svg>", ""])


def _head(height: int) -> Iterator[str]:
    limit = _BAR_START + _BUDGET
    yield _text(_NAME_END, 28, "How much of each budget is used", weight="bold", anchor="end")
    yield _text(limit, 28, "the budget", anchor="middle", color=_FAINT)
    for name, end in _COLUMNS:
        yield _text(end, 28, name, anchor="end", color=_FAINT)
    yield f'<path d="M{limit} 38V{height - 12}" stroke="{_FAINT}" stroke-dasharray="3 3"/>'


def _bar(number: int, done: Done) -> Iterator[str]:
    row, measured = done
    y = _TOP + _ROW * number
    share = used(done)
    yield _text(_NAME_END, y, row.what.replace("`", ""), anchor="end")
    if share is None:
        yield _text(_BAR_START, y, "not measured", color=_FAINT)
        return
    width = max(2.0, min(share, _MAX_VALUE) * _BUDGET)
    color = _WITHIN if share <= 1 else _BEYOND
    yield (
        f'<rect x="{_BAR_START}" y="{y - 13}" width="{width:.0f}" height="17" rx="2" '
        f'fill="{color}"/>'
    )
    label = f"{format_value(measured.value, row.unit)}  ({row.target})"
    if width > _BUDGET * 0.6:
        yield _text(_BAR_START + 8, y, label, color="#ffffff")
    else:
        yield _text(_BAR_START + width + 8, y, label)
    values = (measured.ours, measured.theirs, measured.official)
    for (_, end), value in zip(_COLUMNS, values, strict=True):
        yield _text(end, y, format_value(value, measured.quantity), anchor="end")


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", color: str = "", weight: str = ""
) -> str:
    more = (f' fill="{color}"' if color else "") + (f' font-weight="{weight}"' if weight else "")
    return f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}"{more}>{escape(text)}</text>'
