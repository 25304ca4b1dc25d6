"""Write the sync clients from the async ones, or check them.

    python scripts/unasync.py            write bitfount_api/hub.py from async_hub.py, and so on
    python scripts/unasync.py --check    exit with 1 if writing would change anything

The async modules are written by hand. A sync module is the same text, docstrings and comments
included, without ``async`` and ``await`` and with the sync names of ``NAMES``. ruff then formats it
with the project's configuration.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import rewriting
from rewriting import ROOT, SourceError, formatted

if TYPE_CHECKING:
    from pathlib import Path

TWINS = {
    "async_hub.py": "hub.py",
    "async_am.py": "am.py",
    "async_smart_on_fhir.py": "smart_on_fhir.py",
    "async_streams.py": "streams.py",
}
NAMES = {
    "AsyncBitfountAM": "BitfountAM",
    "AsyncBitfountHub": "BitfountHub",
    "AsyncClient": "SyncClient",
    "AsyncIterable": "Iterable",
    "AsyncIterator": "Iterator",
    "AsyncSMARTOnFHIR": "SMARTOnFHIR",
    "AsyncWeightsStream": "WeightsStream",
    "StopAsyncIteration": "StopIteration",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "async_streams": "streams",
    "aclose": "close",
}
# Without "Async", imports sort differently. A sync loop that only yields becomes `yield from`.
RULES = ("I", "UP028")

_KEYWORD = re.compile(r"\b(?:async|await) ")
_WORD = re.compile(r"\b\w+\b")
_ASYNC = re.compile(r"async|await", re.IGNORECASE)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Folder that contains ``bitfount_api/`` and ``pyproject.toml``.

    Returns:
        0 on success; 1 if a line of an async module has no sync form, or ``--check`` found
        differences.
    """
    package = root / "bitfount_api"

    def generate() -> dict[Path, str]:
        return {package / TWINS[name]: twin(package / name) for name in TWINS}

    return rewriting.main(__doc__, arguments, generate)


def twin(path: Path) -> str:
    """Return the text of the sync twin of an async module.

    Raises:
        SourceError: If a line of the module has no sync form.
    """
    text = path.read_text(encoding="utf-8")
    try:
        text = transformed(text)
    except SourceError as error:
        raise SourceError(f"{path.name}:{error}") from None
    header = f"# Written from {path.name} by `make generate`: edit that file, not this one.\n"
    return formatted(header + text, path.with_name(TWINS[path.name]), *RULES)


def transformed(text: str) -> str:
    """Return the sync form of async source code or prose, with the same layout.

    Raises:
        SourceError: If a line has no sync form. The message begins with the line number.
    """
    text = _KEYWORD.sub("", text)
    text = _WORD.sub(lambda word: NAMES.get(word[0], word[0]), text)
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _ASYNC.search(line):
            raise SourceError(f"{number}: {found[0]!r} has no sync form: {line.strip()}")
    return text


if __name__ == "__main__":
    sys.exit(main())
