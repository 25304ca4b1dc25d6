"""Request bodies for uploads from disk or memory, which can be sent again on a retry."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api._internal.validation import quote
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    import io
    from collections.abc import Generator
    from pathlib import Path
    from typing import BinaryIO

    from bitfount_api.progress import ProgressReporter

CHUNK_BYTES = 256 * 1024
"""The number of bytes to read and send at a time. Smaller chunks cost time. In an event loop, a
chunk must be sent within the timeout between two bytes, even over a slow link, so chunks must not
be larger."""


@attrs.frozen
class Source:
    """A file or bytes of a known size, which must not change while it is sent.

    Args:
        file_name: Name under which the file is stored.
        size: Size in bytes.
    """

    file_name: str
    size: int
    _data: bytes | None = attrs.field(default=None, repr=False, alias="data")
    _path: Path | None = attrs.field(default=None, alias="path")
    _identity: tuple[int, ...] = attrs.field(default=(), alias="identity")

    @classmethod
    def from_bytes(cls, data: bytes, file_name: str) -> Source:
        """Return a source for bytes in memory."""
        return cls(file_name, len(data), data=data)

    @classmethod
    def from_file(cls, path: Path, file_name: str | None = None) -> Source:
        """Return a source for a file on disk, without reading the file.

        Raises:
            TransferError: If the file is missing, unreadable, empty, or not a regular file, or if
                its name is not UTF-8.
        """
        name = file_name or path.name
        try:
            name.encode()
        except UnicodeEncodeError:
            raise TransferError(f"the file name {quote(name)} is not UTF-8: rename it") from None
        try:
            # Checked before opening: opening a pipe blocks until there is a writer.
            if not stat.S_ISREG(path.stat().st_mode):
                raise TransferError(f"{path} is not a file")
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
        except OSError as error:
            raise TransferError(f"{path} cannot be read: {error.strerror or error}") from error
        if status.st_size == 0:
            raise TransferError(f"{path} is empty")
        return cls(name, status.st_size, path=path, identity=_file_identity(status))

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield ``length`` bytes from ``offset`` on, in chunks.

        Raises:
            TransferError: If the file cannot be read, or has changed.
        """
        if self._data is not None:
            view = memoryview(self._data)[offset : offset + length]
            for start in range(0, length, CHUNK_BYTES):
                yield bytes(view[start : start + CHUNK_BYTES])
            return
        assert self._path is not None  # noqa: S101 - a source has data or a path
        try:
            with self._path.open("rb", buffering=0) as file:
                self._check(file)
                file.seek(offset)
                while length:
                    chunk = file.read(min(CHUNK_BYTES, length))
                    if not chunk:
                        break
                    length -= len(chunk)
                    if not length:
                        self._check(file)  # before the last chunk, so that the upload fails
                    yield chunk
        except OSError as error:
            raise TransferError(
                f"{self._path} cannot be read: {error.strerror or error}"
            ) from error
        if length:
            raise TransferError(f"{self._path} was truncated while it was sent")

    def _check(self, file: io.RawIOBase) -> None:
        if _file_identity(os.fstat(file.fileno())) != self._identity:
            raise TransferError(f"{self._path} changed while it was sent; send it again")


def _file_identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class FormBody:
    """The body of a presigned form of known length: all fields first, the file last.

    Args:
        fields: Fields of the form, in their order.
        source: Source of the file.
        progress: Reporter of the number of bytes sent.
    """

    def __init__(
        self, fields: Mapping[str, str], source: Source, progress: ProgressReporter
    ) -> None:
        self.fields = fields
        boundary = secrets.token_hex(16)
        parts = [
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{_quote_name(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{_quote_name(source.file_name)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._source = source
        self._progress = progress
        self._counted = 0
        length = len(self._head) + source.size + len(self._tail)
        self.headers: Mapping[str, str] = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(length),
        }

    def chunks(self) -> Generator[bytes]:
        """Yield the fields, the file and the closing boundary."""
        self._progress.add(-self._counted)
        self._counted = 0
        yield self._head
        for chunk in self._source.chunks(0, self._source.size):
            yield chunk
            self._counted += len(chunk)
            self._progress.add(len(chunk))
        yield self._tail


def _quote_name(name: str) -> str:
    # Escaped as browsers do, so that no name can end the header.
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class PartBody:
    """The body of a request that uploads one part of a file.

    Args:
        source: Source of the file.
        offset: Offset of the part in the file.
        length: Length of the part in bytes.
        progress: Reporter of the number of bytes sent.
    """

    def __init__(
        self, source: Source, offset: int, length: int, progress: ProgressReporter
    ) -> None:
        self._source = source
        self._offset = offset
        self._length = length
        self._progress = progress
        self._counted = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.headers: Mapping[str, str] = {
            "content-type": "application/octet-stream",
            "content-length": str(length),
        }

    @property
    def md5(self) -> str:
        """The hex MD5 of the bytes last sent, which is S3's ETag of a part."""
        return self._md5.hexdigest()

    def chunks(self) -> Generator[bytes]:
        """Yield the bytes of the part."""
        self._progress.add(-self._counted)
        self._counted = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        for chunk in self._source.chunks(self._offset, self._length):
            self._md5.update(chunk)
            yield chunk
            self._counted += len(chunk)
            self._progress.add(len(chunk))


class FileObjectBody:
    """The body of a raw request: an open file, from its position to its end.

    Args:
        file: The file, opened in binary mode, with a position that can be changed.

    Raises:
        ValueError: The file was read to its end, or is not open in binary mode.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell()
        size = file.seek(0, os.SEEK_END)
        file.seek(self._start)
        if size and self._start >= size:
            raise ValueError("the file has been read to its end: call seek(0) before sending it")
        if not isinstance(file.read(0), bytes):
            raise ValueError("the file must be open in binary mode")
        self.headers: Mapping[str, str] = {"content-length": str(size - self._start)}

    def chunks(self) -> Generator[bytes]:
        """Yield the bytes from the position that the file had at first."""
        self._file.seek(self._start)
        while chunk := self._file.read(CHUNK_BYTES):
            yield chunk


def can_seek(file: object) -> bool:
    """Whether an object is a file whose position can be changed."""
    seekable = getattr(file, "seekable", None)
    return hasattr(file, "read") and callable(seekable) and bool(seekable())


def sendable_once(arguments: Mapping[str, Any]) -> bool:
    """Whether the body of a raw request can be read only once: an iterator, a pipe, a socket.

    Args:
        arguments: The arguments of the raw request, as for httpx.
    """
    content = arguments.get("content")
    if isinstance(content, (Iterator, AsyncIterator)) or hasattr(content, "read"):
        return not can_seek(content)
    files = arguments.get("files") or {}
    parts = files.values() if isinstance(files, Mapping) else [part for _, part in files]
    contents = [part[1] if isinstance(part, tuple) else part for part in parts]
    return any(hasattr(part, "read") and not can_seek(part) for part in contents)
