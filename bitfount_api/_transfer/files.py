"""What is uploaded, from disk or memory, as bodies that can be sent again."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

import attrs

from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from bitfount_api.progress import Meter

CHUNK_BYTES = 256 * 1024
"""How much is read and sent at a time, in bytes. Smaller ones cost time. In an event loop, a larger
one would have to be through within the time allowed between two bytes, also over a slow link."""


@attrs.frozen
class Source:
    """A file, or bytes, of a size that is known and must not change while it is sent.

    Args:
        file_name: The name it is stored under.
        size: Its bytes.
    """

    file_name: str
    size: int
    _data: bytes | None = attrs.field(default=None, repr=False)
    _path: Path | None = None
    _identity: tuple[int, ...] = ()

    @classmethod
    def of_bytes(cls, data: bytes, file_name: str) -> Source:
        """Something that is in memory already."""
        return cls(file_name, len(data), data=data)

    @classmethod
    def of_file(cls, path: Path, file_name: str | None = None) -> Source:
        """A file on disk; only its size is looked at now.

        Raises:
            TransferError: There is none, it cannot be read, it is no file, or it is empty.
        """
        try:
            # Looked at before it is opened: opening a pipe waits for whoever writes to it.
            if not stat.S_ISREG(path.stat().st_mode):
                raise TransferError(f"{path} is not a file")
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
        except OSError as error:
            raise TransferError(f"{path} cannot be read: {error.strerror or error}") from error
        if status.st_size == 0:
            raise TransferError(f"{path} is empty")
        return cls(file_name or path.name, status.st_size, path=path, identity=_identity_of(status))

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """So many bytes from there on.

        Raises:
            TransferError: The file cannot be read, or is no longer what it was.
        """
        if self._data is not None:
            view = memoryview(self._data)[offset : offset + length]
            for start in range(0, length, CHUNK_BYTES):
                yield bytes(view[start : start + CHUNK_BYTES])
            return
        assert self._path is not None  # noqa: S101 - one of the two is there
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
                        self._check(file)  # before the last bytes go, so that it stays incomplete
                    yield chunk
        except OSError as error:
            raise TransferError(
                f"{self._path} cannot be read on: {error.strerror or error}"
            ) from error
        if length:
            raise TransferError(f"{self._path} has become shorter while it was sent")

    def _check(self, file: io.RawIOBase) -> None:
        if _identity_of(os.fstat(file.fileno())) != self._identity:
            raise TransferError(f"{self._path} has changed while it was sent; send it again")


def _identity_of(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class FormBody:
    """A presigned form: all fields first, the file last, of a length that is said beforehand.

    Args:
        fields: The form's fields, in their order.
        source: The file.
        meter: Told what has been handed on.
    """

    def __init__(self, fields: Mapping[str, str], source: Source, meter: Meter) -> None:
        boundary = secrets.token_hex(16)
        parts = [
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{_quoted(source.file_name)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._source = source
        self._meter = meter
        self._counted = 0
        length = len(self._head) + source.size + len(self._tail)
        self.headers: Mapping[str, str] = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(length),
        }

    def chunks(self) -> Generator[bytes]:
        """Head, file and tail."""
        self._meter.add(-self._counted)
        self._counted = 0
        yield self._head
        for chunk in self._source.chunks(0, self._source.size):
            yield chunk
            self._counted += len(chunk)
            self._meter.add(len(chunk))
        yield self._tail


def _quoted(name: str) -> str:
    # As browsers do it, so that no name can end the header.
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class PartBody:
    """One part of a file.

    Args:
        source: The file.
        offset: Where the part begins.
        length: How long it is.
        meter: Told what has been handed on.
    """

    def __init__(self, source: Source, offset: int, length: int, meter: Meter) -> None:
        self._source = source
        self._offset = offset
        self._length = length
        self._meter = meter
        self._counted = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.headers: Mapping[str, str] = {
            "content-type": "application/octet-stream",
            "content-length": str(length),
        }

    @property
    def md5(self) -> str:
        """Hex MD5 of what was handed on last, which is what S3 calls the ETag of a part."""
        return self._md5.hexdigest()

    def chunks(self) -> Generator[bytes]:
        """The part's bytes."""
        self._meter.add(-self._counted)
        self._counted = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        for chunk in self._source.chunks(self._offset, self._length):
            self._md5.update(chunk)
            yield chunk
            self._counted += len(chunk)
            self._meter.add(len(chunk))
