"""Regenerate the site's pictures and the reference of the command line.

python -m docs.tools                  all files
python -m docs.tools --exact          only deterministic files, without recordings of terminals
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.tools import commands, terminal
from docs.tools.pictures import DRAWINGS

PAGES = Path(__file__).parents[1] / "pages"
CHART = Path(__file__).parents[2] / "benchmarks" / "results.svg"
STEPS = 5
"""The number of the demonstration's steps to record."""

COMMANDS = (
    "pods schema alice/retina-scans",
    "projects list",
    "models show alice/RetinaClassifier",
)
"""The commands to record."""


def made() -> dict[Path, str]:
    """Return the deterministic files and their contents."""
    drawings = {PAGES / "pictures" / f"{name}.svg": draw().svg() for name, draw in DRAWINGS.items()}
    drawings[PAGES / "pictures" / "benchmarks.svg"] = CHART.read_text("utf-8")
    return {**drawings, Path(__file__).with_name("commands.md"): commands.reference()}


def recorded() -> dict[Path, str]:
    """Return the recordings of terminals, which contain times and ports."""
    return {
        PAGES / "pictures" / "demo.svg": terminal.demo(STEPS),
        PAGES / "pictures" / "command-line.svg": terminal.session(*COMMANDS),
    }


if __name__ == "__main__":
    wanted = made() if "--exact" in sys.argv[1:] else {**made(), **recorded()}
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
