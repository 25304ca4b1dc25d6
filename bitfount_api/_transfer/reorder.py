"""Decompress bytes that are received out of order."""

from __future__ import annotations

import mmap
import sys
from typing import TYPE_CHECKING

from bitfount_api._transfer.byte_ranges import ByteRanges

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api._transfer.zstd import Decompressor

_STEP_BYTES = 1024 * 1024


class ReorderBuffer:
    """Decompresses an object received in any order, buffering only bytes that arrive early.

    Args:
        decompressor: Decompressor for the bytes, in order.
        write: Function called with the decompressed bytes.
        size: Size of the object in bytes; 0 if it is unknown and the bytes are received in order.
    """

    def __init__(
        self, decompressor: Decompressor, write: Callable[[bytes], object], size: int
    ) -> None:
        self._decompressor = decompressor
        self._write = write
        self._size = size
        self._received = ByteRanges()
        self._position = 0
        # A mapping, not many small pieces on the heap: the heap returns freed memory to the system
        # only much later.
        self._early: mmap.mmap | None = None

    def write_at(self, offset: int, chunk: bytes) -> None:
        """Process the bytes at ``offset``.

        Raises:
            TransferError: If the object is damaged, or too large when decompressed.
        """
        end = offset + len(chunk)
        self._received.add(offset, end)
        if offset == self._position:
            self._feed(chunk)
        else:
            if self._early is None:
                self._early = private_memory(self._size)
            self._early[offset:end] = chunk
        while self._early is not None and self._position < self._received.prefix:
            start = self._position
            end = min(start + _STEP_BYTES, self._received.prefix)
            with memoryview(self._early) as early, early[start:end] as step:
                self._feed(step)
            release_pages(self._early, start, end)

    def end(self) -> None:
        """Finish after the last bytes.

        Raises:
            TransferError: If the object is incomplete.
        """
        self._decompressor.finish()

    def _feed(self, data: bytes | memoryview) -> None:
        for piece in self._decompressor.feed(data):
            self._write(piece)
        self._position += len(data)


def private_memory(size: int) -> mmap.mmap:
    """Return memory private to this process, of which only the pages written to are allocated."""
    if sys.platform == "win32":  # pragma: no cover - the tests run on one system only
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def release_pages(memory: mmap.mmap, start: int, end: int) -> None:
    """Return the whole pages between two offsets to the system, where it supports that."""
    first, after = start - start % mmap.PAGESIZE, end - end % mmap.PAGESIZE
    if hasattr(memory, "madvise") and first < after:
        memory.madvise(mmap.MADV_DONTNEED, first, after - first)
