"""Files that hold an incomplete download. Each ends with a mark, by which it is recognised.

A file with one of their names may belong to somebody else, so the name alone shows nothing.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from bitfount_api._internal.open_files import open_locked, open_new, open_regular, write_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MARK = b"bitfount-api part 1\n"
REPLACED = "another process has replaced the incomplete download"


def create_own(path: Path) -> int:
    """Create a file with the mark.

    Raises:
        FileExistsError: Something has that name.
        OSError: The file cannot be created.
    """
    return open_new(path, MARK)


def write_marked(descriptor: int, offset: int, data: bytes) -> None:
    """Write data at the end of a file, which ends with the mark at every moment."""
    write_at(descriptor, offset + len(data), MARK)
    write_at(descriptor, offset, data)


def is_marked(descriptor: int) -> bool:
    """Whether an open file ends with the mark."""
    size = os.fstat(descriptor).st_size
    if size < len(MARK):
        return False
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(size - len(MARK))
        return file.read(len(MARK)) == MARK


def is_own(path: Path) -> bool:
    """Whether a path is that of a file with the mark, and of nothing else, such as a link to it."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            return False
        descriptor = open_regular(path)
        try:
            return is_marked(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return False


def delete_own(paths: Iterable[Path]) -> None:
    """Delete those of the files that have the mark, and that no other process holds locked."""
    for path in paths:
        if is_own(path):
            with contextlib.suppress(OSError):
                if (descriptor := open_locked(path, create=False)) is not None:
                    if is_marked(descriptor):
                        delete(path)
                    os.close(descriptor)


def delete(path: Path) -> None:
    """Delete a file, if possible."""
    with contextlib.suppress(OSError):
        path.unlink()
