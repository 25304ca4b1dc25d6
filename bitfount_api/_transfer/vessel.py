"""What objects are fetched into, by any number of requests at a time."""

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
    """Knows which object it holds, and which bytes of it. Where they go is for subclasses to say.

    Args:
        meter: Told what has come.
        most: The most bytes the object may have; None for any number.
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
        """Whether everything is there."""
        return self.size is not None and self.done.total == self.size

    def begin(self, etag: str | None, size: int | None) -> None:
        """Hold this object, and forget whatever was there before.

        Args:
            etag: Its strong ETag; None where it has none.
            size: Its bytes; None where that is not known yet.

        Raises:
            TransferError: It is larger than it may be.
            OSError: There is no room for it.
        """
        self._check(size or 0)
        self._meter.add(-self.done.total)
        self._meter.total = size
        self.etag, self.size, self.done = etag, size, Ranges()
        self._begin()

    def take(self, offset: int, chunk: bytes) -> None:
        """Store bytes that have come.

        Raises:
            TransferError: The object is larger than it may be, or damaged.
            OSError: They cannot be stored.
        """
        end = offset + len(chunk)
        self._check(end)
        self._store(offset, chunk)
        with self._lock:
            self.done.add(offset, end)
            self._stored()
        self._meter.add(len(chunk))

    def end(self, size: int) -> None:
        """The object has turned out to have so many bytes."""
        self.size = self._meter.total = size

    def gaps(self) -> Iterator[tuple[int, int | None]]:
        """What is missing; the end of the last gap is None where the size is not known."""
        if self.size is not None:
            yield from self.done.gaps(self.size)
        else:
            yield self.done.prefix, None

    def _check(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise TransferError(f"the object has more than the {self._most:,} bytes it may have")

    def _begin(self) -> None:
        raise NotImplementedError

    def _store(self, offset: int, chunk: bytes) -> None:
        raise NotImplementedError

    def _stored(self) -> None:
        """Called with the lock held, when :attr:`done` has grown."""


class Memory(Vessel):
    """An object in memory, once: unpacked while it comes, where it is packed and that is wanted.

    Args:
        meter: Told what has come.
        most: The most bytes the object may have, packed and unpacked.
        unpack: Whether to unpack what is packed.
    """

    def __init__(self, meter: Meter, most: int | None, *, unpack: bool = False) -> None:
        super().__init__(meter, most)
        self._unpack = unpack and most is not None
        self._begin()

    def content(self) -> bytes:
        """Everything; the buffer's own bytes, not a copy of them.

        Raises:
            TransferError: It is damaged.
        """
        if self._packed is not None:
            self._packed.end()
        content = self._buffer.getvalue()
        if self._packed is None and self._unpack and content.startswith(MAGIC):
            # Its first bytes came one by one, too few at a time to be known by.
            self._begin()
            self._take_packed(0, content)
            return self.content()
        return content

    def _begin(self) -> None:
        # All of it at once: growing would copy, and memory that is not written to takes no room.
        # The buffer takes the bytes over, as nobody else holds them.
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
            assert self._most is not None  # noqa: S101 - as __init__ has seen to
            self._buffer = io.BytesIO()
            self._packed = InOrder(Unpacker(self._most), self._buffer.write, self.size or 0)
        self._packed.take(offset, chunk)
