"""Compare this project with plain httpx and, if it is installed, the official SDK.

Prints tables, and writes them to ``results.md``, with ``results.json`` and ``results.svg``, in the
folder of this file.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    calls,
    chart,
    footprint,
    growth,
    official,
    report,
    slow_links,
    startup,
    transfers,
)
from benchmarks.context import FULL, QUICK, Context
from benchmarks.processes import served

if TYPE_CHECKING:
    from benchmarks.results import Row

HERE = Path(__file__).parent


def rows() -> list[Row]:
    """Return all rows of the table."""
    return [
        *startup.ROWS,
        *calls.ROWS,
        *transfers.rows(),
        *slow_links.ROWS,
        *footprint.ROWS,
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if all rows were measured, even if targets are missed. An unknown row exits with 2.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only check that everything runs")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="measure only these rows")
    parser.add_argument("--no-growth", action="store_true", help="do not measure how costs grow")
    parser.add_argument(
        "--folder",
        type=Path,
        help="folder for the results (default for complete runs: the folder of this package)",
    )
    options = parser.parse_args(arguments)
    wanted = [row for row in rows() if not options.only or row.name in options.only]
    if options.only and len(wanted) < len(options.only):
        parser.error(f"unknown row; the rows are {', '.join(row.name for row in rows())}")
    # A proxy would distort the measurements.
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    logging.getLogger("bitfount_api").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as work, served("benchmarks.server") as server:
        scale = QUICK if options.quick else FULL
        context = Context(scale, options.quick, server, Path(work), official.find())
        done = []
        for row in wanted:
            print(f"{row.what} …", file=sys.stderr, flush=True)
            done.append((row, row.measure(context)))
        growths = []
        if not options.no_growth and not options.only:
            print("growth …", file=sys.stderr, flush=True)
            growths = growth.measure(context)
    tables = "\n".join(
        [*report.table(done), *(line for each in growths for line in ("", *each.lines()))]
    )
    print(tables)
    whole = not (options.quick or options.only or options.no_growth)
    if folder := options.folder or (HERE if whole else None):
        written = report.document(done, growths, quick=options.quick)
        text = json.dumps(written, indent=2, ensure_ascii=False) + "\n"
        (folder / "results.json").write_text(text, encoding="utf-8")
        (folder / "results.md").write_text(tables + "\n", encoding="utf-8")
        (folder / "results.svg").write_text(chart.draw(done), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
