"""Hash and decompress a downloaded object while it is received."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

from bitfount_api._internal.files import sibling
from bitfount_api._internal.open_files import is_same, take_mode
from bitfount_api._transfer.frames import FrameFinder
from bitfount_api._transfer.own_files import (
    REPLACED,
    create_own,
    delete,
    delete_own,
    write_marked,
)
from bitfount_api._transfer.zstd import Decompressor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_NAMES = 10


class ObjectHasher:
    """Hashes an object, after decompressing a compressed one into a second file.

    Args:
        part: Path of the part file. The file for the decompressed bytes is created next to it, only
            if needed.
        limit: Maximum number of decompressed bytes.
    """

    def __init__(self, part: Path, limit: int) -> None:
        self.unpacked: Path | None = None
        self.size = 0
        self._part = part
        self._limit = limit
        self._digest = hashlib.sha256()
        self._finder = FrameFinder()
        self._decompressor: Decompressor | None = None
        self._descriptor: int | None = None

    def update(self, view: memoryview) -> None:
        """Process the next bytes, of any number.

        Raises:
            TransferError: If the object is compressed, and damaged or too large.
            OSError: If the decompressed bytes cannot be written.
        """
        if self._finder.found is None:
            packed = self._finder.feed(view)
            if self._finder.found:
                view = packed
                # The bytes before the first frame, which may have been hashed, have no contents.
                self._digest, self.size = hashlib.sha256(), 0
                self._decompressor = Decompressor(self._limit)
                self._descriptor = self._create()
        if self._decompressor is None:
            self._digest.update(view)
            self.size += len(view)
            return
        assert self._descriptor is not None  # noqa: S101 - opened with the decompressor
        for piece in self._decompressor.feed(view):
            write_marked(self._descriptor, self.size, piece)
            self._digest.update(piece)
            self.size += len(piece)

    def sync(self) -> None:
        """Flush the decompressed bytes to disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def finish(self) -> str:
        """Finish after the last bytes.

        Returns:
            The SHA-256, in hex.

        Raises:
            TransferError: If the object is compressed and incomplete.
            OSError: If the decompressed bytes cannot be written.
        """
        if self._decompressor is not None:
            self._decompressor.finish()
        self.sync()
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, self.size)  # the mark; see PartFile.finish()
        self.close()
        if self._decompressor is not None and self.unpacked is None:
            raise OSError(errno.ESTALE, REPLACED)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file. May be called more than once."""
        if self._descriptor is not None:
            if self.unpacked is not None and not is_same(self.unpacked, self._descriptor):
                self.unpacked = None  # it is not ours any more
            os.close(self._descriptor)
            self._descriptor = None

    def discard(self) -> None:
        """Close and delete the file, and those that killed processes have left."""
        self.close()
        if self.unpacked is not None:
            delete(self.unpacked)
            self.unpacked = None
        delete_own(self._names())

    def _create(self) -> int:
        for path in self._names():
            delete_own([path])  # left by a killed process
            try:
                descriptor = create_own(path)
            except FileExistsError:
                continue
            self.unpacked = path
            take_mode(descriptor, self._part)
            return descriptor
        raise FileExistsError(errno.EEXIST, f"{self._part.name}.unpacked is taken")

    def _names(self) -> Iterator[Path]:
        yield sibling(self._part, ".unpacked")
        for number in range(2, _MAX_NAMES):
            yield sibling(self._part, f".{number}.unpacked")
