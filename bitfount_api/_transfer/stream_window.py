"""The part of an object that is received next, and its contents, for callers that read a stream."""

from __future__ import annotations

import hashlib
import io
import tempfile
from typing import IO, TYPE_CHECKING

from bitfount_api._transfer.destinations import Destination
from bitfount_api._transfer.frames import FrameFinder
from bitfount_api._transfer.zstd import Decompressor
from bitfount_api.exceptions import TransferError
from bitfount_api.progress import ProgressReporter

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW_BYTES = 8 * 1024 * 1024
"""The number of bytes to request at a time: enough to make the latency of a request small, and few
enough to be kept in memory."""

_STEP_BYTES = 1024 * 1024


class StreamWindow(Destination):
    """The next bytes of an object, which are requested when the previous ones have been read.

    They are in memory. If the store sends more than was requested, as one without range requests
    does, they are in a temporary file.

    Args:
        limit: Maximum size of the object in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(ProgressReporter(None, None, "stream"), limit)
        self._start = self._position = 0
        self._file: IO[bytes] = io.BytesIO()
        self._sends_all = False
        """Whether the store sends all of the object, whatever is requested."""

    @property
    def whole(self) -> bool:
        """Whether all bytes of the window have been received."""
        return self.size is not None and self.done.prefix >= self._end(self.size)

    @property
    def ended(self) -> bool:
        """Whether all bytes of the object have been read."""
        return self._position == self.size

    def gaps(self) -> Iterator[tuple[int, int | None]]:
        """Yield the missing ranges of the window; without range requests, those of the object."""
        if self.ranges and not self._sends_all:
            yield from self.done.gaps(self._end(self.size))
        else:
            yield from super().gaps()

    def read(self) -> bytes:
        """Return the next bytes; empty if they must be requested first.

        Those of an incomplete window are kept: a store that sends no parts starts again.
        """
        if not self.whole:
            return b""
        received = self.done.prefix
        self._file.seek(self._position - self._start)
        chunk = self._file.read(min(_STEP_BYTES, received - self._position))
        self._position += len(chunk)
        if self._position == received:
            self._start = received
            self._file.seek(0)
            self._file.truncate()
        return chunk

    def close(self) -> None:
        """Delete the bytes. May be called more than once."""
        self._file.close()

    def _end(self, size: int | None) -> int:
        if (self._sends_all or not self.ranges) and size is not None:
            return size
        end = self._start + WINDOW_BYTES
        return end if size is None else min(end, size)

    def _begin(self) -> None:
        if self._start:
            raise TransferError(
                "the weights changed while they were read, or object storage does not send parts "
                "of them any more: read them again from the beginning"
            )
        self._file.seek(0)
        self._file.truncate()

    def _store(self, offset: int, chunk: bytes) -> None:
        position = offset - self._start
        with self._lock:
            if position + len(chunk) > WINDOW_BYTES and isinstance(self._file, io.BytesIO):
                received, self._file = self._file, tempfile.TemporaryFile()  # noqa: SIM115 - see close()
                self._file.write(received.getbuffer())
                self._sends_all = True
            self._file.seek(position)
            self._file.write(chunk)


class Contents:
    """The contents of an object, decompressed if it is compressed, with their size and hash.

    Args:
        limit: Maximum number of decompressed bytes.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._limit = limit
        self._finder = FrameFinder()
        self._held: list[bytes] = []
        self._decompressor: Decompressor | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the contents of the next bytes of the object.

        Raises:
            TransferError: The object is damaged, or too large.
        """
        pieces: Iterator[bytes] = iter((data,))
        if self._finder.found is None:
            pieces = self._begin(data)
        elif self._decompressor is not None:
            pieces = self._decompressor.feed(data)
        return self._hashed(pieces)

    def finish(self) -> Iterator[bytes]:
        """Yield the remaining contents.

        Raises:
            TransferError: The object is compressed and incomplete.
        """
        if self._decompressor is not None:
            self._decompressor.finish()
        return self._hashed(self._release())

    def _begin(self, data: bytes) -> Iterator[bytes]:
        compressed = bytes(self._finder.feed(data))
        if self._finder.found:
            self._held.clear()  # frames without contents
            self._decompressor = Decompressor(self._limit)
            return self._decompressor.feed(compressed)
        self._held.append(data)
        if self._finder.found is None:
            if sum(map(len, self._held)) > WINDOW_BYTES:
                raise TransferError(
                    f"the weights begin with over {WINDOW_BYTES:,} bytes of skippable frames: "
                    "download them to a file"
                )
            return iter(())
        return self._release()

    def _release(self) -> Iterator[bytes]:
        held = self._held
        self._held = []
        return iter(held)

    def _hashed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.digest.update(piece)
            self.size += len(piece)
            yield piece
