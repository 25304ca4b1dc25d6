"""A file packed for the way, in a temporary file beside all others."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api._disk import write_all
from bitfount_api._transfer.files import Source
from bitfount_api._transfer.zstd import Packer
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP_BYTES = 8 * 1024 * 1024


class PackedCopy:
    """A copy of a file, packed step by step.

    Args:
        source: The file.
        most: The most bytes the copy may have.
    """

    def __init__(self, source: Source, most: int) -> None:
        self.size = 0
        self._source = source
        self._most = most
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._packer = Packer(source.size)
        self._chunks: Iterator[bytes] = source.chunks(0, source.size)

    def step(self) -> bool:
        """Pack some more of it.

        Returns:
            Whether there is more to do: not at its end, nor when it has become too large.

        Raises:
            TransferError: The file cannot be read or has changed, or the copy cannot be written.
        """
        try:
            if self._descriptor is None:
                self._descriptor, name = tempfile.mkstemp(prefix="bitfount-api-")
                self._path = Path(name)
            taken = 0
            while taken < _STEP_BYTES:
                chunk = next(self._chunks, b"")
                self._write(self._packer.feed(chunk) if chunk else self._packer.end())
                if not chunk or self.size > self._most:
                    return False
                taken += len(chunk)
        except OSError as error:
            raise TransferError(
                f"{self._source.file_name} cannot be compressed in {tempfile.gettempdir()}: "
                f"{error.strerror or error}"
            ) from error
        return True

    def packed(self) -> Source:
        """The copy."""
        assert self._path is not None  # noqa: S101 - there were steps
        return Source.of_file(self._path, self._source.file_name)

    def discard(self) -> None:
        """Delete the copy. May be called at any time, and again."""
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
