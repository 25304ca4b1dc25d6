"""Write the sync clients from the async ones, or check them.

    python scripts/unasync.py            write bitfount_api/hub.py from async_hub.py, and so on
    python scripts/unasync.py --check    end with 1 if that would change anything

The async modules are written by hand. A sync twin is the same text without ``async`` and ``await``,
docstrings and comments included, and with the sync names of ``NAMES``. ruff then joins the lines
that have become short, with the configuration of the project.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from rewriting import ROOT, formatted, options, settle

if TYPE_CHECKING:
    from pathlib import Path

TWINS = {
    "async_hub.py": "hub.py",
    "async_am.py": "am.py",
    "async_smart_on_fhir.py": "smart_on_fhir.py",
}
NAMES = {
    "AsyncBitfountAM": "BitfountAM",
    "AsyncBitfountHub": "BitfountHub",
    "AsyncClient": "SyncClient",
    "AsyncIterable": "Iterable",
    "AsyncIterator": "Iterator",
    "AsyncSMARTOnFHIR": "SMARTOnFHIR",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
}
# Imports are in another order without their "Async", and a loop that only yields is a `yield from`.
RULES = ("I", "UP028")

_KEYWORD = re.compile(r"\b(?:async|await) ")
_WORD = re.compile(r"\b\w+\b")
_LEFT = re.compile(r"async|await|\b__a(?:enter|exit|iter|next)__|\baclose\b", re.IGNORECASE)


class LeftOverError(Exception):
    """Something in an async module has no sync form."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: What follows the name of the script; that of this process without them.
        root: The folder that holds ``bitfount_api/`` and ``pyproject.toml``.

    Returns:
        0: written, or nothing to write; 1: an async module holds something without a sync form, or
        ``--check`` found differences.
    """
    chosen = options(__doc__.splitlines()[0], arguments)
    package = root / "bitfount_api"
    try:
        twins = {package / TWINS[name]: twin(package / name) for name in TWINS}
    except LeftOverError as error:
        print(error, file=sys.stderr)
        return 1
    return settle(twins, check=chosen.check)


def twin(path: Path) -> str:
    """Return the text of the sync twin of an async module.

    Raises:
        LeftOverError: A line of the module has no sync form.
    """
    text = path.read_text(encoding="utf-8")
    try:
        text = transformed(text)
    except LeftOverError as error:
        raise LeftOverError(f"{path.name}:{error}") from None
    header = f"# Written from {path.name} by `make generate`: edit that file, not this one.\n"
    return formatted(header + text, path.with_name(TWINS[path.name]), *RULES)


def transformed(text: str) -> str:
    """Return async source code, or prose about it, in its sync form; the layout is left alone.

    Raises:
        LeftOverError: A line still says something async. The text begins with its number.
    """
    text = _KEYWORD.sub("", text)
    text = _WORD.sub(lambda word: NAMES.get(word[0], word[0]), text)
    for number, line in enumerate(text.splitlines(), start=1):
        if left := _LEFT.search(line):
            raise LeftOverError(f"{number}: {left[0]!r} has no sync form: {line.strip()}")
    return text


if __name__ == "__main__":
    sys.exit(main())
