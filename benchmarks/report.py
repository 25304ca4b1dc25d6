"""The measurements as a Markdown table and as JSON."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from benchmarks.results import format_value
from bitfount_api import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.growth import Growth
    from benchmarks.results import Measured, Row

Done = tuple["Row", "Measured"]

_MET = {True: "met", False: "**missed**", None: "not measured"}


def table(done: Sequence[Done]) -> Iterator[str]:
    """Yield the lines of a Markdown table of the rows."""
    official = any(measured.official is not None for _, measured in done)
    yield "| | against | target | measured | | bitfount-api | the other |" + (
        " official SDK |" if official else ""
    )
    yield "|---|---|---|---|---|---|---|" + ("---|" if official else "")
    for row, measured in done:
        unit = measured.quantity
        cells = [
            row.what,
            row.against,
            row.target,
            format_value(measured.value, row.unit),
            _MET[row.met(measured)],
            format_value(measured.ours, unit),
            format_value(measured.theirs, unit),
        ]
        if official:
            cells.append(format_value(measured.official, unit))
        yield f"| {' | '.join(cells)} |"
    notes = [f"- {row.what}: {measured.note}" for row, measured in done if measured.note]
    if notes:
        yield from ("", *notes)


def document(done: Sequence[Done], growths: Sequence[Growth], *, quick: bool) -> dict[str, Any]:
    """Return all measurements, for ``results.json``."""
    return {
        "quick": quick,
        "versions": {
            "bitfount-api": __version__,
            "httpx": httpx.__version__,
            "python": platform.python_version(),
        },
        "machine": {"system": platform.system(), "processors": os.cpu_count()},
        "rows": [
            {
                "name": row.name,
                "what": row.what,
                "against": row.against,
                "target": row.target,
                "unit": row.unit,
                "met": row.met(measured),
                **attrs.asdict(measured),
            }
            for row, measured in done
        ],
        "growth": [attrs.asdict(growth) for growth in growths],
    }
