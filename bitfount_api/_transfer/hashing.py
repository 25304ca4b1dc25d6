"""Hash and decompress a downloaded object while it is received."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from bitfount_api._internal.files import open_truncated, write_all
from bitfount_api._transfer.zstd import MAGIC, Decompressor

if TYPE_CHECKING:
    from pathlib import Path


class ObjectHasher:
    """Hashes an object, after decompressing a compressed one into a second file.

    Args:
        unpacked: Path of the file for the decompressed bytes, created only if needed.
        limit: Maximum number of decompressed bytes.
    """

    def __init__(self, unpacked: Path, limit: int) -> None:
        self.compressed = False
        self.size = 0
        self._path = unpacked
        self._limit = limit
        self._digest = hashlib.sha256()
        self._decompressor: Decompressor | None = None
        self._descriptor: int | None = None

    def update(self, view: memoryview) -> None:
        """Process the next bytes. The first view must hold at least four, or all there are.

        Raises:
            TransferError: If the object is compressed, and damaged or too large.
            OSError: If the decompressed bytes cannot be written.
        """
        if not self.size and self._decompressor is None and view[:4] == MAGIC:
            self.compressed = True
            self._decompressor = Decompressor(self._limit)
            self._descriptor = open_truncated(self._path)
        if self._decompressor is None:
            self._digest.update(view)
            self.size += len(view)
            return
        assert self._descriptor is not None  # noqa: S101 - opened with the decompressor
        for piece in self._decompressor.feed(view):
            write_all(self._descriptor, piece)
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
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file. May be called more than once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
