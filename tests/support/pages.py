"""The pages of the documentation, taken apart into what can be run.

In a page, three comments are for the tests, and are not shown to readers:

    <!-- meanwhile: sandbox.grant("alice/scans", "bob") -->    what others do at this point
    <!-- given: schema.yaml -->                                a word on where names come from
    <!-- not run: it would need two machines -->               why the next block is not run
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs

PAGES = Path(__file__).parents[2] / "docs" / "pages"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)(?: +title=\"(?P<title>[^\"]+)\")?\s*$")
_MEANWHILE = re.compile(r"^<!-- meanwhile: (?P<code>.+) -->$")
_EXCUSE = re.compile(r"^<!-- not run: (?P<reason>.+) -->$")


@attrs.frozen
class Block:
    """A block of code of a page, or what happens meanwhile.

    Args:
        language: Its language; ``meanwhile`` for what others do.
        body: What is in it.
        line: The line of the page that it begins at, from 1.
        title: Its title: a file's name, or ``Output`` for what the block before prints.
        excuse: Why it is not run.
    """

    language: str
    body: str
    line: int
    title: str | None = None
    excuse: str | None = None


def all_pages() -> list[Path]:
    """The pages that people write, without the reference, which is made from docstrings."""
    return sorted(path for path in PAGES.rglob("*.md") if path.parent.name != "reference")


def blocks(text: str) -> list[Block]:
    """The blocks of a page, in their order.

    Raises:
        ValueError: A block does not end, or an excuse excuses nothing.
    """
    found: list[Block] = []
    lines = text.splitlines()
    excuse: str | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if meanwhile := _MEANWHILE.match(line):
            found.append(Block("meanwhile", meanwhile["code"], at))
        elif excused := _EXCUSE.match(line):
            excuse = excused["reason"]
        elif line.lstrip().startswith("```"):
            opened = _FENCE.match(line)
            if opened is None:
                raise ValueError(f"line {at}: this block's first line is not understood: {line}")
            end = next((n for n in range(at, len(lines)) if lines[n].strip() == "```"), None)
            if end is None:
                raise ValueError(f"line {at}: this block does not end")
            indent = len(opened["indent"])
            body = "".join(f"{inner[indent:]}\n" for inner in lines[at:end])
            found.append(Block(opened["language"], body, at + 1, opened["title"], excuse))
            excuse = None
            at = end + 1
        elif excuse is not None and line.strip():
            raise ValueError(f"line {at}: an excuse stands right before its block")
    return found
