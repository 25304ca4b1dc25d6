"""Finds, reads and writes the files whose code is migrated."""

from __future__ import annotations

import bisect
import codecs
import difflib
import io
import re
import stat
import tokenize
from typing import TYPE_CHECKING, Final

import attrs

from bitfount_api.cli.migration.analysis import Result, Use, analyse
from bitfount_api.cli.migration.edits import Edit, apply
from bitfount_api.cli.migration.notebooks import Notebook
from bitfount_api.cli.migration.syntax import Unparsable, parse
from bitfount_api.cli.migration.table import PACKAGE, REQUESTS_MODULES
from bitfount_api.files import atomic_write, final_target, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES: Final = 5 * 1024 * 1024
"""Largest file that is read."""

_SUFFIXES: Final = frozenset({".py", ".pyi", ".pyw", ".ipynb"})
_SKIPPED: Final = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "site-packages"}
    | {".tox", ".nox", ".eggs", ".ipynb_checkpoints"}
)
_CACHES: Final = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
"""Folders that contain no source code."""
_BOM: Final = codecs.BOM_UTF8
_MAGIC: Final = "a line for IPython, which is not edited"


@attrs.frozen
class Place:
    """A use of the official SDK, with its place in a file.

    Args:
        line: Line, from 1; in a notebook, of the cell.
        column: Column, from 1.
        cell: Number of the cell in a notebook, from 1.
        name: Path of the name.
        result: What it needs.
        text: The replacement, or the reason and what to do.
    """

    line: int
    column: int
    cell: int | None
    name: str
    result: Result
    text: str


@attrs.frozen
class Report:
    """What was found in a file.

    Args:
        path: File.
        places: Uses of the official SDK, in order.
        elsewhere: Whether the file has no uses, but handlers for those in other files.
        diff: Edits as a unified diff; empty if there are none.
        old: Contents.
        new: Contents with the edits; None if there are none, or they cannot be written.
    """

    path: Path
    places: list[Place]
    elsewhere: bool = False
    diff: str = ""
    old: bytes = b""
    new: bytes | None = None


@attrs.frozen
class Skipped:
    """A file or folder that was not read, and why."""

    path: Path
    reason: str


def walk(root: Path) -> Iterator[Path | Skipped]:
    """Yield the files with Python code in a folder, in order, and what is skipped.

    Symbolic links in the folder are not followed.
    """
    if not root.is_dir():
        yield root
        return
    found = [root]
    while found:  # a stack: folders may be nested more deeply than calls
        path = found.pop()
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        if path is root or (stat.S_ISDIR(mode) and path.name not in _CACHES):
            if path is not root and _is_of_tools(path):
                yield Skipped(path, "a folder of tools or installed packages")
                continue
            try:
                found += sorted(path.iterdir(), reverse=True)
            except OSError as error:
                yield Skipped(path, error.strerror or "it cannot be read")
        elif path.suffix in _SUFFIXES:
            if stat.S_ISREG(mode):
                yield path
            else:
                reason = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
                yield Skipped(path, reason)
        elif not path.suffix and stat.S_ISREG(mode) and _is_script(path):
            yield path


def _is_of_tools(folder: Path) -> bool:
    return folder.name in _SKIPPED or (folder / "pyvenv.cfg").is_file()


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return re.match(rb"#!.*python", file.read(128)) is not None
    except OSError:
        return False


def examine(path: Path) -> Report:
    """Find the uses of the official SDK in a file, and the edits that they need."""
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        return _unreadable(path, 1, error.strerror or "it cannot be read")
    except ValueError:
        limit = f"{MAX_BYTES // 1024**2} MiB"
        return _unreadable(path, 1, f"the file is larger than {limit}: look for uses yourself")
    if not any(name.encode() in data for name in (PACKAGE, *REQUESTS_MODULES)):
        return Report(path, [])
    report = _examine(path, data)
    elsewhere = PACKAGE.encode() not in data
    if elsewhere and any(place.result is Result.UNREADABLE for place in report.places):
        return Report(path, [])  # it does not matter here
    return attrs.evolve(report, elsewhere=elsewhere)


def _examine(path: Path, data: bytes) -> Report:
    try:
        text, encoding = _decode(data)
        if _encode(text, encoding) != data:
            raise ValueError(f"its encoding {encoding} cannot be kept")
        if path.suffix == ".ipynb":
            return _notebook(path, data, text, encoding)
        return _program(path, data, text, encoding)
    except Unparsable as error:
        return _unreadable(path, error.line, str(error))
    except (ValueError, LookupError, SyntaxError) as error:  # not the declared encoding, or no text
        return _unreadable(path, 1, str(error))


def _unreadable(path: Path, line: int, reason: str) -> Report:
    return Report(path, [Place(line, 1, None, "", Result.UNREADABLE, reason)])


def _decode(data: bytes) -> tuple[str, str]:
    """Return a file's text without byte order mark, and its encoding."""
    lines = io.BytesIO(re.sub(rb"\r\n?", b"\n", data))  # readline() knows no other line ends
    encoding, _ = tokenize.detect_encoding(lines.readline)
    return data.removeprefix(_BOM).decode(encoding.removesuffix("-sig")), encoding


def _encode(text: str, encoding: str) -> bytes:
    bom = _BOM if encoding.endswith("-sig") else b""
    return bom + text.encode(encoding.removesuffix("-sig"))


def _program(path: Path, data: bytes, text: str, encoding: str) -> Report:
    analysis = analyse(text)
    source = text.encode("utf-8")
    places = list(_places(source, analysis.uses, None, 0))
    if not analysis.edits:
        return Report(path, places)
    edited = apply(source, analysis.edits).decode("utf-8")
    _check(edited)
    diff = _diff(text, edited, path.as_posix())
    return Report(path, places, False, diff, data, _encode(edited, encoding))


def _notebook(path: Path, data: bytes, text: str, encoding: str) -> Report:
    notebook = Notebook.parse(text)
    code = notebook.code
    try:
        analysis = analyse(code)
    except Unparsable as error:
        number, line = _cell_of(notebook, error.line)
        return _unreadable(path, line, f"cell {number}: {error}")
    places: list[Place] = []
    sources: list[str] = []
    diff = ""
    start = 0
    for cell in notebook.cells:
        masked, source = cell.masked.encode("utf-8"), cell.source.encode("utf-8")
        end = start + len(masked) + 1
        uses = [one for one in analysis.uses if start <= one.start < end]
        found = [
            *_places(source, uses, cell.number, start),
            *(
                Place(line, column, cell.number, PACKAGE, Result.LOOK, _MAGIC)
                for line, column in cell.names_in_magic()
            ),
        ]
        places += sorted(found, key=lambda place: (place.line, place.column))
        edits = [
            Edit(one.start - start, one.end - start, one.new)
            for one in analysis.edits
            if start <= one.start < end
        ]
        new = apply(source, edits).decode("utf-8")
        sources.append(new)
        # A cell is no file, whose last line needs an end.
        diff += _diff(f"{cell.source}\n", f"{new}\n", f"{path.as_posix()} (cell {cell.number})")
        start = end
    if not analysis.edits:
        return Report(path, places)
    _check(apply(code.encode("utf-8"), analysis.edits).decode("utf-8"))
    edited = notebook.with_cells(sources)
    if edited is None:
        # Writing it would change more than the cells.
        places = [
            attrs.evolve(one, result=Result.LOOK, text=f"edit this cell by hand: {one.text}")
            if one.result is Result.EDIT
            else one
            for one in places
        ]
        return Report(path, places, False, diff)
    return Report(path, places, False, diff, data, _encode(edited, encoding))


def _check(text: str) -> None:
    """Check that edited code is still Python."""
    try:
        parse(text)
    except Unparsable as error:  # a bug: nothing may be written
        raise RuntimeError(f"the edits break line {error.line}") from error


def _cell_of(notebook: Notebook, line: int) -> tuple[int, int]:
    """Return the number of the cell with a line of the notebook's code, and the line in it."""
    for cell in notebook.cells:
        count = cell.masked.count("\n") + 1
        if line <= count:
            return cell.number, line
        line -= count
    return notebook.cells[-1].number, 1


def _places(source: bytes, uses: list[Use], cell: int | None, offset: int) -> Iterator[Place]:
    starts = [0, *(found.end() for found in re.finditer(rb"\r\n|\n|\r", source))]
    for use in uses:
        position = use.start - offset
        line = bisect.bisect(starts, position)
        column = len(source[starts[line - 1] : position].decode("utf-8")) + 1
        yield Place(line, column, cell, use.name, use.result, use.text)


def _diff(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), name, name, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    *lines, last = re.split(r"\r\n|\n|\r", text)
    # As 'patch' and 'git apply' need it.
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def write(report: Report) -> None:
    """Write a file's edits atomically; its permissions stay.

    Raises:
        OSError: If the file cannot be written, or has changed since it was read.
    """
    if report.new is None:
        return
    if read_file(report.path, MAX_BYTES) != report.old:
        raise OSError(None, "it has changed in the meantime: run the command again", report.path)
    target = final_target(report.path)
    mode = stat.S_IMODE(target.stat().st_mode)
    # Others may not read it before it has its permissions.
    atomic_write(target, report.new, private=True)
    target.chmod(mode)
