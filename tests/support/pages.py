"""Parse the pages of the documentation into blocks that can be run.

In a page, three comments are for the tests, and are not shown to readers:

    <!-- meanwhile: sandbox.grant("alice/scans", "bob") -->    what other users do at this point
    <!-- given: schema.yaml -->                                where names come from
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
    """A block of code in a page, or an action of other users.

    Args:
        language: Language of the block; ``meanwhile`` for actions of other users.
        body: Content of the block.
        line: Line of the page where the block begins, from 1.
        title: Title: a file name, or ``Output`` for the output of the previous block.
        excuse: Reason why the block is not run.
    """

    language: str
    body: str
    line: int
    title: str | None = None
    excuse: str | None = None


def all_pages() -> list[Path]:
    """Return the handwritten pages, without the reference, which is generated from docstrings."""
    return sorted(path for path in PAGES.rglob("*.md") if path.parent.name != "reference")


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page, in their order.

    Raises:
        ValueError: If a block does not end, or a ``not run`` comment has no block.
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
                raise ValueError(f"line {at}: the first line of the block is not valid: {line}")
            end = next((n for n in range(at, len(lines)) if lines[n].strip() == "```"), None)
            if end is None:
                raise ValueError(f"line {at}: the block does not end")
            indent = len(opened["indent"])
            body = "".join(f"{inner[indent:]}\n" for inner in lines[at:end])
            found.append(Block(opened["language"], body, at + 1, opened["title"], excuse))
            excuse = None
            at = end + 1
        elif excuse is not None and line.strip():
            raise ValueError(f"line {at}: a 'not run' comment must be right before its block")
    return found
