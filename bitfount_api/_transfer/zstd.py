"""Incremental Zstandard compression and decompression, for stored weights.

The library is imported on first use.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\x28\xb5\x2f\xfd"
"""The magic number at the beginning of a compressed object."""

_PIECE_BYTES = 1024 * 1024
_INPUT_BYTES = 64 * 1024
"""The number of bytes to pass to the library at a time. The library returns the bytes after a frame
as a copy, so with large pieces, many tiny frames would be copied again and again."""

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

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Decompress the next bytes, of any length.

        Raises:
            TransferError: If the object is damaged, or too large when decompressed.
        """
        view = memoryview(data)
        for start in range(0, len(view), _INPUT_BYTES):
            yield from self._feed(view[start : start + _INPUT_BYTES])

    def _feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        while True:
            if self._frame is None:
                self._frame = self._zstd.ZstdDecompressor(options=self._options)
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
                data = self._frame.unused_data
                self._frame = None
                if not data:
                    return
            elif self._frame.needs_input:
                return

    def finish(self) -> None:
        """Finish after the last bytes.

        Raises:
            TransferError: If the last frame is incomplete.
        """
        if self._frame is not None:
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
