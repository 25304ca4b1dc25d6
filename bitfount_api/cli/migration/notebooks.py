"""Reads and edits the code cells of Jupyter notebooks."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

import attrs

from bitfount_api.cli.migration.table import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAGIC: Final = re.compile(r"[ \t]*([%!?]|\w[\w. =]*[%!]\w)|.*\?[ \t]*$")
"""Lines for IPython: ``%magic``, ``!command``, ``x = !command`` and ``name?``."""
_OFFICIAL: Final = re.compile(rf"(?<![\w-]){PACKAGE}(?![\w-])")

_FORMATS: Final[tuple[Callable[[Any], str], ...]] = tuple(
    lambda value, indent=indent, ascii_=ascii_, end=end: (  # type: ignore[misc]
        json.dumps(value, indent=indent, ensure_ascii=ascii_) + end
    )
    for indent in (1, 2, 4, None)
    for ascii_ in (False, True)
    for end in ("\n", "")
)
"""How notebooks are written: Jupyter's own way first."""


@attrs.frozen
class Cell:
    """A code cell.

    Args:
        number: Number of the cell in the notebook, from 1.
        source: Code.
        masked: Code, with lines for IPython replaced by comments of the same length.
    """

    number: int
    source: str
    masked: str

    def names_in_magic(self) -> Iterator[tuple[int, int]]:
        """Yield the line and column, from 1, of each line for IPython that names the SDK."""
        lines = zip(self.source.split("\n"), self.masked.split("\n"), strict=True)
        for number, (line, masked) in enumerate(lines, 1):
            found = _OFFICIAL.search(line)
            if line != masked and found is not None:
                yield number, found.start() + 1


@attrs.frozen
class Notebook:
    """A notebook.

    Args:
        document: JSON document.
        cells: Code cells.
        format: Function that writes the document as the file is written; None if none does.
    """

    document: dict[str, Any]
    cells: list[Cell]
    format: Callable[[Any], str] | None

    @classmethod
    def parse(cls, text: str) -> Notebook:
        """Read a notebook.

        Raises:
            ValueError: If it is not a notebook of version 4 with Python code.
        """
        try:
            document = json.loads(text)
            cells = [
                (number, cell)
                for number, cell in enumerate(document["cells"], 1)
                if cell["cell_type"] == "code"
            ]
            language = document.get("metadata", {}).get("kernelspec", {}).get("language", "python")
            found = [Cell(number, *_code(_source(cell))) for number, cell in cells]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError("it is not a notebook of version 4") from None
        if language != "python":
            raise ValueError(f"its language is {str(language)[:40]!r}, not Python")
        return cls(document, found, next((one for one in _FORMATS if one(document) == text), None))

    @property
    def code(self) -> str:
        """The code of all cells, as one program."""
        return "".join(f"{cell.masked}\n" for cell in self.cells)

    def with_cells(self, sources: list[str]) -> str | None:
        """Return the notebook's text with other code; None if its format is unknown."""
        if self.format is None:
            return None
        document = json.loads(json.dumps(self.document))
        for cell, source in zip(self.cells, sources, strict=True):
            if source != cell.source:
                target = document["cells"][cell.number - 1]
                whole = isinstance(target["source"], str)
                target["source"] = source if whole else source.splitlines(keepends=True)
        return self.format(document)


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _code(source: str) -> tuple[str, str]:
    if _is_python(source):
        return source, source
    lines = source.split("\n")
    if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture", "%%prun")):
        return source, "\n".join("#" * len(line.encode("utf-8")) for line in lines)
    return source, "\n".join(_mask(line) for line in lines)


def _is_python(source: str) -> bool:
    """Whether code has no lines for IPython, although one may look like it, such as ``%b)``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _mask(line: str) -> str:
    """Return a line of the same number of bytes that Python can parse."""
    if not _MAGIC.match(line) or line.lstrip().startswith("#"):
        return line
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    size = len(line.lstrip(" \t").encode("utf-8"))
    # A statement, since it may be all that a block contains.
    return f"{indent}0{'#' * (size - 1)}"
