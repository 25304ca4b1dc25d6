"""Make the site's pictures and the page of the command line anew."""

from __future__ import annotations

from pathlib import Path

from docs.making import terminal
from docs.making.pictures import DRAWINGS

PAGES = Path(__file__).parents[1] / "pages"
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
    return {PAGES / "pictures" / f"{name}.svg": draw().svg() for name, draw in DRAWINGS.items()}


def recorded() -> dict[Path, str]:
    """The pictures of terminals, which hold times and ports."""
    return {
        PAGES / "pictures" / "demo.svg": terminal.demo(STEPS),
        PAGES / "pictures" / "command-line.svg": terminal.session(*COMMANDS),
    }


if __name__ == "__main__":
    for path, text in {**made(), **recorded()}.items():
        path.write_text(text, encoding="utf-8")
