"""Zstandard, as weights may be stored: packed and unpacked piece by piece.

The library is loaded when the first packed object is met.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\x28\xb5\x2f\xfd"
"""How a packed object begins."""

_PIECE_BYTES = 1024 * 1024
_INPUT_BYTES = 64 * 1024
"""What is given to the library at a time. It hands back what follows a frame as a copy, so that
many tiny frames in a large piece would be copied over and over."""

_LARGEST_WINDOW = 27
"""As a power of two: the 128 MiB that the zstd command takes unasked. More would be a way to make
a reader use memory."""

_LEVEL = 3


def _library() -> Any:
    return importlib.import_module(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )


class Unpacker:
    """Unpacks frames that follow each other, of known sizes or not.

    Args:
        most: The most bytes that may come out: a few packed ones can stand for any number.
    """

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._zstd = _library()
        self._options = {self._zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
        self._frame: Any = None

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Unpack the next bytes, of any length.

        Raises:
            TransferError: They are damaged, or more comes out than may.
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
                raise TransferError(f"the packed object is damaged: {error}") from error
            if piece:
                self.size += len(piece)
                if self.size > self._most:
                    raise TransferError(
                        f"the packed object holds more than the {self._most:,} bytes it may have"
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

    def end(self) -> None:
        """There are no more bytes.

        Raises:
            TransferError: There should be.
        """
        if self._frame is not None:
            raise TransferError("the packed object is damaged: it ends within a frame")


class Packer:
    """Packs bytes of a known number into one frame, with a checksum.

    Args:
        size: How many there will be.
    """

    def __init__(self, size: int) -> None:
        zstd = _library()
        parameter = zstd.CompressionParameter
        self._compressor = zstd.ZstdCompressor(
            options={parameter.compression_level: _LEVEL, parameter.checksum_flag: 1}
        )
        self._compressor.set_pledged_input_size(size)

    def feed(self, data: bytes) -> bytes:
        """Pack the next bytes; gives what is ready."""
        packed: bytes = self._compressor.compress(data)
        return packed

    def end(self) -> bytes:
        """There are no more bytes; gives the rest."""
        packed: bytes = self._compressor.flush()
        return packed
