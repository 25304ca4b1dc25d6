"""Measure every row of the budget, beside bare httpx and, where it is installed, the official SDK.

Prints tables, and writes them as ``results.md``, with ``results.json`` and ``results.svg``, beside
this file.
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

from benchmarks import calls, chart, footprint, growth, links, official, report, startup, transfers
from benchmarks.processes import served
from benchmarks.setting import FULL, QUICK, Setting

if TYPE_CHECKING:
    from benchmarks.results import Row

HERE = Path(__file__).parent


def rows() -> list[Row]:
    """The whole table."""
    return [
        *startup.ROWS,
        *calls.ROWS,
        *transfers.rows(),
        *links.ROWS,
        *footprint.ROWS,
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if everything could be measured, whatever it came to; 2 where a name is not known.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows alone")
    parser.add_argument("--no-growth", action="store_true", help="leave out how cost grows")
    parser.add_argument(
        "--folder", type=Path, help="where the results go; whole runs are written here unasked"
    )
    options = parser.parse_args(arguments)
    wanted = [row for row in rows() if not options.only or row.name in options.only]
    if options.only and len(wanted) < len(options.only):
        parser.error(f"the rows are {', '.join(row.name for row in rows())}")
    # Of a proxy on the way, and of credentials around, nothing may be seen here.
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    logging.getLogger("bitfount_api").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as work, served("benchmarks.server") as server:
        scale = QUICK if options.quick else FULL
        setting = Setting(scale, options.quick, server, Path(work), official.find())
        done = []
        for row in wanted:
            print(f"{row.what} …", file=sys.stderr, flush=True)
            done.append((row, row.measure(setting)))
        growths = []
        if not options.no_growth and not options.only:
            print("growth …", file=sys.stderr, flush=True)
            growths = growth.grown(setting)
    tables = "\n".join(
        [*report.table(done), *(line for grown in growths for line in ("", *grown.lines()))]
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
