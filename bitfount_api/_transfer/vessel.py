"""Destinations of downloads, written to by any number of concurrent requests."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from bitfount_api._transfer.in_order import InOrder
from bitfount_api._transfer.ranges import Ranges
from bitfount_api._transfer.zstd import MAGIC, Unpacker
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.progress import Meter


class Vessel:
    """Base class of destinations; tracks the object's identity and the bytes received.

    Subclasses store the bytes.

    Args:
        meter: Progress meter, called with the number of bytes received.
        most: Maximum size of the object in bytes; None for no maximum.
    """

    def __init__(self, meter: Meter, most: int | None) -> None:
        self.etag: str | None = None
        self.size: int | None = None
        self.done = Ranges()
        self._meter = meter
        self._most = most
        self._lock = threading.Lock()

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
        self._meter.add(-self.done.total)
        self._meter.total = size
        self.etag, self.size, self.done = etag, size, Ranges()
        self._begin()

    def take(self, offset: int, chunk: bytes) -> None:
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
        self._meter.add(len(chunk))

    def end(self, size: int) -> None:
        """Set the size of the object, known only from the end of its response."""
        self.size = self._meter.total = size

    def gaps(self) -> Iterator[tuple[int, int | None]]:
        """Yield the missing ranges. The end of the last one is None if the size is unknown."""
        if self.size is not None:
            yield from self.done.gaps(self.size)
        else:
            yield self.done.prefix, None

    def _check(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise TransferError(f"the object has more than the {self._most:,} bytes allowed")

    def _begin(self) -> None:
        raise NotImplementedError

    def _store(self, offset: int, chunk: bytes) -> None:
        raise NotImplementedError

    def _stored(self) -> None:
        """Called with the lock held, when :attr:`done` has grown."""


class Memory(Vessel):
    """An object in memory, stored once: a compressed one is decompressed while it is received.

    Args:
        meter: Progress meter, called with the number of bytes received.
        most: Maximum size of the object in bytes, compressed and decompressed; None for no maximum.
        unpack: Whether to decompress a compressed object. Requires ``most``.
    """

    def __init__(self, meter: Meter, most: int | None, *, unpack: bool = False) -> None:
        super().__init__(meter, most)
        self._unpack = unpack and most is not None
        self._begin()

    def content(self) -> bytes:
        """Return all bytes of the object, without copying the buffer.

        Raises:
            TransferError: If the object is damaged.
        """
        if self._packed is not None:
            self._packed.end()
        content = self._buffer.getvalue()
        if self._packed is None and self._unpack and content.startswith(MAGIC):
            # The first chunks were too short for the magic number to be recognised.
            self._begin()
            self._take_packed(0, content)
            return self.content()
        return content

    def _begin(self) -> None:
        # Allocate the whole size at once: growing would copy, and memory that is not written to
        # takes no space. BytesIO takes the bytes over without a copy, as it has the only reference.
        self._buffer = io.BytesIO(bytes(self.size or 0))
        self._packed: InOrder | None = None

    def _store(self, offset: int, chunk: bytes) -> None:
        with self._lock:
            if self._packed is not None or (
                self._unpack and offset == 0 and chunk.startswith(MAGIC)
            ):
                self._take_packed(offset, chunk)
            else:
                self._buffer.seek(offset)
                self._buffer.write(chunk)

    def _take_packed(self, offset: int, chunk: bytes) -> None:
        if self._packed is None:
            assert self._most is not None  # noqa: S101 - ensured by __init__
            self._buffer = io.BytesIO()
            self._packed = InOrder(Unpacker(self._most), self._buffer.write, self.size or 0)
        self._packed.take(offset, chunk)
