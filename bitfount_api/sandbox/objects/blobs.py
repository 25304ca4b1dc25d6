"""Files of the object store: written atomically, with random names."""

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
"""Number of bytes that are copied at a time, so that no whole object is held in memory."""


class Blobs:
    """A folder of finished files, and a folder of files that are still being written.

    A blob is written once and never changed; only the database knows which object it belongs to.
    A process that is killed therefore leaves behind at most files that nothing refers to.

    Args:
        folder: Parent of both folders, which are created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._finished = folder / "blobs"
        self._unfinished = folder / "incoming"
        for each in (self._finished, self._unfinished):
            each.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return the path of a finished blob."""
        return self._finished / name

    def new(self) -> BlobWriter:
        """Return a writer for a new blob."""
        name = secrets.token_hex(16)
        return BlobWriter(name, self._unfinished / name, self._finished / name)

    def remove(self, names: Collection[str]) -> None:
        """Delete finished blobs. Readers that have opened them can continue to read."""
        for name in names:
            _unlink(self._finished / name)

    def clean(self, known: Collection[str]) -> None:
        """Delete unfinished blobs, and blobs that nothing refers to."""
        for path in self._unfinished.iterdir():
            _unlink(path)
        for path in self._finished.iterdir():
            if path.name not in known:
                _unlink(path)


class BlobWriter:
    """Writer of a blob, which also computes its MD5 and its size.

    Args:
        name: Name of the blob.
        temporary: Path of the file until it is finished.
        final: Path of the finished file.
    """

    def __init__(self, name: str, temporary: Path, final: Path) -> None:
        self.name = name
        self.size: int = 0
        self._temporary = temporary
        self._final = final
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file: BinaryIO | None = temporary.open("xb", buffering=0)

    @property
    def md5(self) -> bytes:
        """The MD5 of the bytes written so far, 16 bytes."""
        return self._md5.digest()

    def write(self, data: bytes) -> None:
        """Write bytes."""
        if self._file is None:
            raise ValueError("the blob has been finished or discarded")
        view = memoryview(data)
        while view:
            # An unbuffered write may write fewer bytes than requested.
            view = view[self._file.write(view) :]
        self._md5.update(data)
        self.size += len(data)

    def finish(self) -> None:
        """Flush the file to disk, and rename it to its final name."""
        if self._file is None:
            raise ValueError("the blob has been finished or discarded")
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        os.replace(self._temporary, self._final)
        _sync_folder(self._final.parent)

    def discard(self) -> None:
        """Delete the unfinished file. No-op once the blob is finished."""
        if self._file is not None:
            self._file.close()
            self._file = None
            _unlink(self._temporary)


def copy(source: Path, write: Callable[[bytes], None]) -> None:
    """Pass a file's bytes to a function, piece by piece."""
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            write(chunk)


def _sync_folder(folder: Path) -> None:
    """Flush a folder's new names to disk, where the system supports it."""
    if hasattr(os, "O_DIRECTORY"):  # pragma: no branch - Windows cannot
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unlink(path: Path) -> None:
    # Some systems do not delete open files; clean() deletes them at the next start.
    with contextlib.suppress(OSError):
        path.unlink()
