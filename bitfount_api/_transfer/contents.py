"""What a downloaded object holds, found out while its bytes go by."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from bitfount_api._disk import open_emptied, write_all
from bitfount_api._transfer.zstd import MAGIC, Unpacker

if TYPE_CHECKING:
    from pathlib import Path


class Contents:
    """Hashes an object's bytes; those of a packed one are unpacked into another file, and hashed.

    Args:
        unpacked: The file for what comes out of a packed object. It is made if it is needed.
        most: The most bytes that may come out.
    """

    def __init__(self, unpacked: Path, most: int) -> None:
        self.packed = False
        self.size = 0
        self._path = unpacked
        self._most = most
        self._digest = hashlib.sha256()
        self._unpacker: Unpacker | None = None
        self._descriptor: int | None = None

    def take(self, view: memoryview) -> None:
        """Take the next bytes: at first at least four, or all there are.

        Raises:
            TransferError: They are packed, and damaged or too many.
            OSError: They cannot be written.
        """
        if not self.size and self._unpacker is None and view[:4] == MAGIC:
            self.packed = True
            self._unpacker = Unpacker(self._most)
            self._descriptor = open_emptied(self._path)
        if self._unpacker is None:
            self._digest.update(view)
            self.size += len(view)
            return
        assert self._descriptor is not None  # noqa: S101 - opened together with the unpacker
        for piece in self._unpacker.feed(view):
            write_all(self._descriptor, piece)
            self._digest.update(piece)
            self.size += len(piece)

    def sync(self) -> None:
        """Have what was written on the disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def end(self) -> str:
        """There are no more bytes.

        Returns:
            The SHA-256, in hex.

        Raises:
            TransferError: They are packed, and incomplete.
            OSError: They cannot be written.
        """
        if self._unpacker is not None:
            self._unpacker.end()
        self.sync()
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Let go of the file. May be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
