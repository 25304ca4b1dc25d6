"""Destinations of downloads, written to by any number of concurrent requests."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._transfer.byte_ranges import ByteRanges
from bitfount_api._transfer.frames import MAGIC, is_compressed
from bitfount_api._transfer.reorder import ReorderBuffer
from bitfount_api._transfer.zstd import Decompressor
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.progress import ProgressReporter


class Destination:
    """Base class of destinations; tracks the object's identity and the bytes received.

    Subclasses store the bytes.

    Args:
        progress: Reporter of the number of bytes received.
        limit: Maximum size of the object in bytes.
    """

    def __init__(self, progress: ProgressReporter, limit: int) -> None:
        self.etag: str | None = None
        self.size: int | None = None
        self.done = ByteRanges()
        self.ranges = True
        """Whether to request ranges of the object. False once a store has sent none, or others."""
        self._progress = progress
        self._limit = limit
        self._lock = InterruptibleLock()

    @property
    def whole(self) -> bool:
        """Whether all bytes have been received."""
        return self.size is not None and self.done.total == self.size

    def begin(self, etag: str | None, size: int | None) -> None:
        """Begin an object, and discard the bytes received before.

        Args:
            etag: Strong ETag of the object; None if it has none.
            size: Size of the object in bytes; None if it is not known yet.

        Raises:
            TransferError: If the object is too large.
            OSError: If there is no space for the object.
        """
        self._check(size or 0)
        self._progress.add(-self.done.total)
        self._progress.total = size
        self.etag, self.size, self.done = etag, size, ByteRanges()
        self._begin()

    def write_at(self, offset: int, chunk: bytes) -> None:
        """Store received bytes at ``offset``.

        Raises:
            TransferError: If the object is too large, or damaged.
            OSError: If the bytes cannot be stored.
        """
        end = offset + len(chunk)
        self._check(end)
        self._store(offset, chunk)
        with self._lock:
            self.done.add(offset, end)
            self._stored()
        self._progress.add(len(chunk))

    def set_size(self, size: int) -> None:
        """Set the size of the object, known only from the end of its response."""
        self.size = self._progress.total = size

    def gaps(self) -> Iterator[tuple[int, int | None]]:
        """Yield the missing ranges. The end of the last one is None if the size is unknown."""
        if self.size is not None:
            yield from self.done.gaps(self.size)
        else:
            yield self.done.prefix, None

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TransferError(f"the object has more than the {self._limit:,} bytes allowed")

    def _begin(self) -> None:
        raise NotImplementedError

    def _store(self, offset: int, chunk: bytes) -> None:
        raise NotImplementedError

    def _stored(self) -> None:
        """Called with the lock held, when :attr:`done` has grown."""


class MemoryDestination(Destination):
    """An object in memory, stored once: a compressed one is decompressed while it is received.

    Args:
        progress: Reporter of the number of bytes received.
        limit: Maximum size of the object in bytes, compressed and decompressed.
        unpack: Whether to decompress a compressed object.
    """

    def __init__(self, progress: ProgressReporter, limit: int, *, unpack: bool = False) -> None:
        super().__init__(progress, limit)
        self._unpack = unpack
        self._begin()

    def content(self) -> bytes:
        """Return all bytes of the object, without copying the buffer.

        Raises:
            TransferError: If the object is damaged.
        """
        if self._reorder is not None:
            self._reorder.end()
        content = self._buffer.getvalue()
        if self._reorder is None and self._unpack and is_compressed(content):
            # The first chunks were too short for the magic number to be recognised, or began with
            # a skippable frame.
            self._begin()
            self._decompress(0, content)
            return self.content()
        return content

    def _begin(self) -> None:
        # Allocate the whole size immediately: growing would copy, and memory that is not written
        # to takes no space. BytesIO uses the bytes without a copy, as it has the only reference.
        self._buffer = io.BytesIO(bytes(self.size or 0))
        self._reorder: ReorderBuffer | None = None

    def _store(self, offset: int, chunk: bytes) -> None:
        with self._lock:
            if self._reorder is not None or (
                self._unpack and offset == 0 and chunk.startswith(MAGIC)
            ):
                self._decompress(offset, chunk)
            else:
                self._buffer.seek(offset)
                self._buffer.write(chunk)

    def _decompress(self, offset: int, chunk: bytes) -> None:
        if self._reorder is None:
            self._buffer = io.BytesIO()
            self._reorder = ReorderBuffer(
                Decompressor(self._limit), self._buffer.write, self.size or 0
            )
        self._reorder.write_at(offset, chunk)
