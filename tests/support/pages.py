"""Parse the pages of the documentation into blocks that can be run.

In a page, three comments are for the tests, and are not shown to readers:

    <!-- meanwhile: sandbox.grant("alice/scans", "bob") -->    what other users do at this point
    <!-- not run: it would need two machines -->               why the next block is not run
    <!-- not typed: it is code for the official SDK -->        why it is not type-checked
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs

PAGES = Path(__file__).parents[2] / "docs" / "pages"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)(?: +title=\"(?P<title>[^\"]+)\")?\s*$")
_MEANWHILE = re.compile(r"^<!-- meanwhile: (?P<code>.+) -->$")
_EXCUSE = re.compile(r"^<!-- not (?P<what>run|typed): (?P<reason>.+) -->$")


@attrs.frozen
class Block:
    """A block of code in a page, or an action of other users.

    Args:
        language: Language of the block; ``meanwhile`` for actions of other users.
        body: Content of the block.
        line: Line of the page where the block begins, from 1.
        title: Title: a file name, or ``Output`` for the output of the previous block.
        excuse: Reason why the block is not run.
        untyped: Reason why the block is not type-checked.
    """

    language: str
    body: str
    line: int
    title: str | None = None
    excuse: str | None = None
    untyped: str | None = None


def all_pages() -> list[Path]:
    """Return the handwritten pages, without the reference, which is generated from docstrings."""
    return sorted(path for path in PAGES.rglob("*.md") if path.parent.name != "reference")


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page, in their order.

    Raises:
        ValueError: If a block does not end, or a ``not run`` or ``not typed`` comment has no block.
    """
    found: list[Block] = []
    lines = text.splitlines()
    excuses: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if meanwhile := _MEANWHILE.match(line):
            found.append(Block("meanwhile", meanwhile["code"], at))
        elif excused := _EXCUSE.match(line):
            excuses[excused["what"]] = excused["reason"]
        elif line.lstrip().startswith("```"):
            opened = _FENCE.match(line)
            if opened is None:
                raise ValueError(f"line {at}: the first line of the block is not valid: {line}")
            end = next((n for n in range(at, len(lines)) if lines[n].strip() == "```"), None)
            if end is None:
                raise ValueError(f"line {at}: the block does not end")
            indent = len(opened["indent"])
            body = "".join(f"{inner[indent:]}\n" for inner in lines[at:end])
            found.append(
                Block(
                    *(opened["language"], body, at + 1, opened["title"]),
                    excuse=excuses.pop("run", None),
                    untyped=excuses.pop("typed", None),
                )
            )
            at = end + 1
        elif excuses and line.strip():
            raise ValueError(f"line {at}: a 'not …' comment must be right before its block")
    return found


def included_file(block: Block) -> str | None:
    """Return the file that a block includes, relative to the repository; None if it has code."""
    found = re.fullmatch(r'--8<-- "(.+)"\n', block.body)
    return found[1] if found else None


def python_modules(text: str) -> dict[str | None, str]:
    """Return the Python code of a page: its blocks as one module, and each file with a title.

    Each line has the same number as in the page.

    Returns:
        The modules by title; None for the blocks without a title.
    """
    modules: dict[str | None, str] = {}
    for block in blocks(text):
        if block.language == "python" and not block.untyped and not included_file(block):
            before = modules.get(block.title, "")
            blank = "\n" * (block.line - 1 - before.count("\n"))
            modules[block.title] = before + blank + block.body
    return modules
