"""Where to write what a change needs, for the messages of tests that find something missing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def place(file: str, anchor: str) -> str:
    """Return the file and the line of a text in it, as ``file:line``.

    Args:
        file: Path of the file in the project.
        anchor: Text of which the first line that holds it is the place.

    Raises:
        LookupError: The file does not hold the text: the place has moved.
    """
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if anchor in line:
            return f"{file}:{number}"
    raise LookupError(f"{file} has no {anchor!r}")


def fail_with(complaints: Iterable[str]) -> None:
    """Fail if there are complaints, and show all of them: pytest shortens lists that differ."""
    text = "\n".join(complaints)
    if text:
        pytest.fail(text, pytrace=False)
