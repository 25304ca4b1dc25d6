"""Unpacking what does not arrive in its order."""

from __future__ import annotations

import mmap
import sys
from typing import TYPE_CHECKING

from bitfount_api._transfer.ranges import Ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api._transfer.zstd import Unpacker

_STEP_BYTES = 1024 * 1024


class InOrder:
    """Unpacks an object whose bytes come in any order, and keeps no more of them than it must.

    Args:
        unpacker: Given the bytes in their order.
        write: Given what comes out.
        size: How many bytes the object has; 0 where that is not known, and all come in order.
    """

    def __init__(self, unpacker: Unpacker, write: Callable[[bytes], object], size: int) -> None:
        self._unpacker = unpacker
        self._write = write
        self._size = size
        self._arrived = Ranges()
        self._taken = 0
        # Not many small pieces on the heap: what is freed there is not given back for a long time.
        self._early: mmap.mmap | None = None

    def take(self, offset: int, chunk: bytes) -> None:
        """Take the bytes from there on.

        Raises:
            TransferError: They are damaged, or more comes out than may.
        """
        end = offset + len(chunk)
        self._arrived.add(offset, end)
        if offset == self._taken:
            self._feed(chunk)
        else:
            if self._early is None:
                self._early = private_memory(self._size)
            self._early[offset:end] = chunk
        while self._early is not None and self._taken < self._arrived.prefix:
            start = self._taken
            end = min(start + _STEP_BYTES, self._arrived.prefix)
            with memoryview(self._early) as early, early[start:end] as step:
                self._feed(step)
            forget(self._early, start, end)

    def end(self) -> None:
        """There are no more bytes.

        Raises:
            TransferError: There should be.
        """
        self._unpacker.end()

    def _feed(self, data: bytes | memoryview) -> None:
        for piece in self._unpacker.feed(data):
            self._write(piece)
        self._taken += len(data)


def private_memory(size: int) -> mmap.mmap:
    """Memory of this process, of which only what is written to takes room."""
    if sys.platform == "win32":  # pragma: no cover - of two systems, tests run on one
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def forget(memory: mmap.mmap, start: int, end: int) -> None:
    """Give back what is between the two, as far as the system can: whole pages."""
    first, after = start - start % mmap.PAGESIZE, end - end % mmap.PAGESIZE
    if hasattr(memory, "madvise") and first < after:
        memory.madvise(mmap.MADV_DONTNEED, first, after - first)
