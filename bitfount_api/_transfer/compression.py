"""Compress a file for transfer, into a file in the system's temporary folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api._internal.open_files import write_all
from bitfount_api._transfer.request_bodies import Source
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP_BYTES = 8 * 1024 * 1024


class CompressedCopy:
    """A compressed copy of a file, written step by step.

    Args:
        source: Source of the file.
        limit: Maximum size of the copy in bytes.
    """

    def __init__(self, source: Source, limit: int) -> None:
        self.size = 0
        self._source = source
        self._limit = limit
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._compressor = Compressor(source.size)
        self._chunks: Iterator[bytes] = source.chunks(0, source.size)

    def step(self) -> bool:
        """Compress the next bytes of the file.

        Returns:
            Whether there is more to do: False at the end of the file, or if the copy is too large.

        Raises:
            TransferError: If the file cannot be read or has changed, or the copy cannot be written.
        """
        try:
            if self._descriptor is None:
                self._descriptor, name = tempfile.mkstemp(prefix="bitfount-api-")
                self._path = Path(name)
            count = 0
            while count < _STEP_BYTES:
                chunk = next(self._chunks, b"")
                self._write(self._compressor.feed(chunk) if chunk else self._compressor.finish())
                if not chunk or self.size > self._limit:
                    return False
                count += len(chunk)
        except OSError as error:
            raise TransferError(
                f"{self._source.file_name} cannot be compressed in {tempfile.gettempdir()}: "
                f"{error.strerror or error}"
            ) from error
        return True

    def source(self) -> Source:
        """Return a source for the copy."""
        assert self._path is not None  # noqa: S101 - set by step()
        return Source.from_file(self._path, self._source.file_name)

    def discard(self) -> None:
        """Delete the copy. May be called at any time, and more than once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._path = None

    def _write(self, data: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101 - opened by step()
        self.size += len(data)
        write_all(self._descriptor, data)
