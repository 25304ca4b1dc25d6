"""Files of the object store: written whole or not at all, under names of their own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

CHUNK_BYTES = 1024 * 1024
"""How much is copied at a time, in bytes: never a whole object is held in memory."""


class Blobs:
    """A folder of finished files, and one beside it of files that are still written.

    A blob is written once and never changed; what is in it is told by the database alone. So a
    process that is killed leaves at most files that nobody refers to.

    Args:
        folder: Where both folders are, or are made.
    """

    def __init__(self, folder: Path) -> None:
        self._finished = folder / "blobs"
        self._unfinished = folder / "incoming"
        for each in (self._finished, self._unfinished):
            each.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a finished blob is."""
        return self._finished / name

    def new(self) -> BlobWriter:
        """Begin to write a blob."""
        name = secrets.token_hex(16)
        return BlobWriter(name, self._unfinished / name, self._finished / name)

    def remove(self, names: Collection[str]) -> None:
        """Delete finished blobs. Readers that have them open read on."""
        for name in names:
            _unlink(self._finished / name)

    def clean(self, known: Collection[str]) -> None:
        """Delete what was never finished, and what nothing refers to."""
        for path in self._unfinished.iterdir():
            _unlink(path)
        for path in self._finished.iterdir():
            if path.name not in known:
                _unlink(path)


class BlobWriter:
    """A blob while it is written. Its MD5 and its size are counted on the way.

    Args:
        name: What it is called.
        temporary: Where it is until it is finished.
        final: Where it is afterwards.
    """

    def __init__(self, name: str, temporary: Path, final: Path) -> None:
        self.name = name
        self.size = 0
        self._temporary = temporary
        self._final = final
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file: BinaryIO | None = temporary.open("xb", buffering=0)

    @property
    def md5(self) -> bytes:
        """The MD5 of what has been written, 16 bytes."""
        return self._md5.digest()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        if self._file is None:
            raise ValueError("this blob is finished, or was given up")
        view = memoryview(data)
        while view:
            # Without a buffer of Python's own, the system may take less than it is given.
            view = view[self._file.write(view) :]
        self._md5.update(data)
        self.size += len(data)

    def finish(self) -> None:
        """See that it is on the disk, and give it its final name."""
        if self._file is None:
            raise ValueError("this blob is finished, or was given up")
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        os.replace(self._temporary, self._final)
        _sync_folder(self._final.parent)

    def discard(self) -> None:
        """Give it up. Does nothing once it is finished."""
        if self._file is not None:
            self._file.close()
            self._file = None
            _unlink(self._temporary)


def copy(source: Path, write: Callable[[bytes], None]) -> None:
    """Hand on a file's bytes, piece by piece."""
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            write(chunk)


def _sync_folder(folder: Path) -> None:
    """See that a folder's new names are on the disk too, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):  # pragma: no branch - Windows cannot
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unlink(path: Path) -> None:
    # Some systems do not delete what somebody has open; it is cleaned away at the next start.
    with contextlib.suppress(OSError):
        path.unlink()
