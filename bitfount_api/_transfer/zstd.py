"""Incremental Zstandard compression and decompression, for stored weights.

The library is imported on first use.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from bitfount_api._transfer.frames import Next, find_next
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_PIECE_BYTES = 1024 * 1024
_INPUT_BYTES = 64 * 1024
_FIRST_INPUT_BYTES = 256
"""The number of bytes of a frame to pass to the library at first, and the most later. The library
returns the bytes after a frame as a copy, so with large pieces, many tiny frames would be copied
again and again."""

_LONGEST_EMPTY_FRAME = 21

_FREE_FRAMES = 10_000
_PACKED_BYTES_PER_FRAME = 128
_BYTES_PER_FRAME = 1024
"""The number of frames that an object may always have, and the number of bytes, compressed or not,
for each further one. The library takes about 12 µs for a frame, however small: a second for a
mebibyte of frames of one byte. RFC 8878 sets no limit, but no encoder makes such objects of
weights; those that make small frames, from which one can read at any offset, make them of a few
kilobytes, which may compress to few bytes. Frames that are skipped do not count."""

_MAX_WINDOW_LOG = 27
"""The maximum window as a power of two: 128 MiB, the default maximum of the zstd command. With a
larger one, a sender could make the reader use much memory."""

_LEVEL = 3


def _library() -> Any:
    return importlib.import_module(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )


class Decompressor:
    """Decompresses consecutive frames, of known or unknown sizes.

    Args:
        limit: Maximum number of decompressed bytes, since few compressed bytes can decompress to
            any number.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._limit = limit
        self._zstd = _library()
        self._options = {self._zstd.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
        self._frame: Any = None
        self._input_bytes = _FIRST_INPUT_BYTES
        self._held = b""
        self._skip = 0
        self._received = 0
        self._frames = 0

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Decompress the next bytes, of any length.

        Raises:
            TransferError: If the object is damaged, too large when decompressed, or made of
                absurdly many tiny frames.
        """
        self._received += len(data)
        view = memoryview(self._held + bytes(data) if self._held else data)
        self._held = b""
        position = 0
        while position < len(view):
            if self._frame is None:
                if self._skip:
                    step = min(self._skip, len(view) - position)
                    self._skip -= step
                    position += step
                    continue
                following, count = find_next(view[position : position + _LONGEST_EMPTY_FRAME])
                if following is Next.UNKNOWN:
                    self._held = bytes(view[position:])  # fewer than 22 bytes
                    return
                if following is Next.SKIPPED:
                    self._skip = count
                    continue
                self._count_frame(len(view) - position)
                self._frame = self._zstd.ZstdDecompressor(options=self._options)
                self._input_bytes = _FIRST_INPUT_BYTES
            part = view[position : position + self._input_bytes]
            self._input_bytes = min(2 * self._input_bytes, _INPUT_BYTES)
            position += len(part) - (yield from self._decompress(part))

    def _count_frame(self, following: int) -> None:
        self._frames += 1
        before = self._received - following
        paid = before // _PACKED_BYTES_PER_FRAME + self.size // _BYTES_PER_FRAME
        if self._frames > _FREE_FRAMES + paid:
            raise TransferError(
                f"the compressed object has {self._frames:,} frames in its first {before:,} bytes, "
                f"which is more than one for {_PACKED_BYTES_PER_FRAME} bytes: compress it again, "
                "as one frame"
            )

    def _decompress(self, data: bytes | memoryview) -> Generator[bytes, None, int]:
        """Decompress the next bytes of a frame; return the number of bytes after its end."""
        while True:
            try:
                piece = self._frame.decompress(data, max_length=_PIECE_BYTES)
            except self._zstd.ZstdError as error:
                raise TransferError(f"the compressed object is damaged: {error}") from error
            if piece:
                self.size += len(piece)
                if self.size > self._limit:
                    raise TransferError(
                        f"the object decompresses to more than the {self._limit:,} bytes allowed"
                    )
                yield piece
            data = b""
            if self._frame.eof:
                left = len(self._frame.unused_data)
                self._frame = None
                return left
            if self._frame.needs_input:
                return 0

    def finish(self) -> None:
        """Finish after the last bytes.

        Raises:
            TransferError: If the last frame is incomplete.
        """
        if self._frame is not None or self._held or self._skip:
            raise TransferError("the compressed object is damaged: it ends within a frame")


class Compressor:
    """Compresses a known number of bytes into one frame with a checksum.

    Args:
        size: Number of bytes to compress.
    """

    def __init__(self, size: int) -> None:
        zstd = _library()
        parameter = zstd.CompressionParameter
        self._compressor = zstd.ZstdCompressor(
            options={parameter.compression_level: _LEVEL, parameter.checksum_flag: 1}
        )
        self._compressor.set_pledged_input_size(size)

    def feed(self, data: bytes) -> bytes:
        """Compress the next bytes, and return the compressed bytes that are ready."""
        compressed: bytes = self._compressor.compress(data)
        return compressed

    def finish(self) -> bytes:
        """Finish the frame, and return the remaining compressed bytes."""
        compressed: bytes = self._compressor.flush()
        return compressed
