"""Make the site's drawings and the reference of the command line anew.

python -m docs.making                  what comes out the same each time
python -m docs.making --recordings     the pictures of terminals, too
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.making import commands, terminal
from docs.making.pictures import DRAWINGS

PAGES = Path(__file__).parents[1] / "pages"
CHART = Path(__file__).parents[2] / "benchmarks" / "results.svg"
STEPS = 5
"""How many of the demonstration's steps are shown."""

COMMANDS = (
    "pods schema alice/retina-scans",
    "projects list",
    "models show alice/RetinaClassifier",
)
"""What is shown of the command line."""


def made() -> dict[Path, str]:
    """The files that come out the same each time, with what has to be in them."""
    drawings = {PAGES / "pictures" / f"{name}.svg": draw().svg() for name, draw in DRAWINGS.items()}
    drawings[PAGES / "pictures" / "benchmarks.svg"] = CHART.read_text("utf-8")
    return {**drawings, Path(__file__).with_name("commands.md"): commands.reference()}


def recorded() -> dict[Path, str]:
    """The pictures of terminals, which hold times and ports."""
    return {
        PAGES / "pictures" / "demo.svg": terminal.demo(STEPS),
        PAGES / "pictures" / "command-line.svg": terminal.session(*COMMANDS),
    }


if __name__ == "__main__":
    wanted = made() if "--exact" in sys.argv[1:] else {**made(), **recorded()}
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
