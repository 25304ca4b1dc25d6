"""Tables in HTML for notebooks: all text is escaped, and the notebook's theme gives the colours."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from bitfount_api._internal.validation import INVISIBLE, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_ROWS: Final = 100
"""The number of rows that are drawn."""

_MAX_TEXT: Final = 200
_LONG_WORD: Final = re.compile(r"(\S{40})(?=\S)")
_HIDDEN: Final = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{INVISIBLE}]")
# Notebooks align cells to the right, for numbers.
_LEFT: Final = ' style="text-align: left"'


def escape(value: object, limit: int = _MAX_TEXT) -> str:
    r"""Return a value as text in HTML: shortened, with characters that nobody sees as ``\u202e``.

    Args:
        value: The value; nothing is shown for None.
        limit: The maximum length in characters.
    """
    if value is None:
        return ""
    text = shorten(" ".join(str(value)[: 10 * limit].split()), limit)
    text = _HIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)
    # Keys and URLs may be broken, so that they do not widen the table; shorter words may not.
    return html.escape(_LONG_WORD.sub("\\1\0", text)).replace("\0", "<wbr>")


def shorten_list(items: Sequence[object], limit: int = 8) -> str:
    """Return the first items as one text, and the number of the others."""
    shown = ", ".join(map(str, items[:limit]))
    return shown if len(items) <= limit else f"{shown}, … ({len(items):,} in total)"


def table(header: Iterable[object], rows: Sequence[Sequence[str]], total: int, noun: str) -> str:
    """Return a table.

    Args:
        header: The titles of the columns; empty if the first cell of each row is its title.
        rows: The first ``MAX_ROWS`` rows, in HTML.
        total: The number of all rows.
        noun: The rows, in the plural, for the number of those that are left out.
    """
    titles = "".join(f'<th scope="col"{_LEFT}>{escape(title)}</th>' for title in header)
    parts = [f"<thead><tr>{titles}</tr></thead>" if titles else "", "<tbody>"]
    for first, *others in rows:
        parts.append(f'<tr><th scope="row"{_LEFT}>{first}</th>')
        parts.extend(f"<td{_LEFT}>{cell}</td>" for cell in others)
        parts.append("</tr>")
    rest = f"<p>… and {total - len(rows):,} more {noun}</p>" if total > len(rows) else ""
    return f"<table>{''.join(parts)}</tbody></table>{rest}"
