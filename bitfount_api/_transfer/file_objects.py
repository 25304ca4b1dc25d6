"""File objects of the user: send their contents, and write downloads to them."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs

from bitfount_api._internal.files import checked_path
from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.validation import is_encodable, is_whole_number, plain_integer, quote
from bitfount_api._transfer.request_bodies import CHUNK_BYTES, Source, can_seek
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP_BYTES = 1024 * 1024

_READ_ERRORS = (OSError, ValueError, EOFError, zlib.error)
"""Why a file cannot be read; the last two say that a compressed one is truncated or damaged."""


def path_of(value: object) -> Path | None:
    """Return the path that an argument is; None for other arguments.

    Raises:
        ValueError: The path is the text of a key, or has an unpaired surrogate.
    """
    return checked_path(value) if isinstance(value, str | os.PathLike) else None


def check_file_object(file: Any, argument: str, method: str) -> None:
    """Check that an argument, which is no path, is a file opened in binary mode.

    Args:
        file: The argument.
        argument: Its name in the error.
        method: The method that is used: ``read`` or ``write``.

    Raises:
        TypeError: It is something else, or a file in text mode, or one for async code.
        ValueError: It is closed, or not open for reading or writing.
    """
    accepted = "a path, bytes or a binary file" if method == "read" else "a path or a binary file"
    mode = "rb" if method == "read" else "wb"
    function = getattr(file, method, None)
    if isinstance(file, type) or not callable(function):
        # For example the class of a model, of which the services store the code.
        what = "a class: pass its file" if isinstance(file, type) else f"a {type(file).__name__}"
        raise TypeError(f"{argument} must be {accepted}, not {what}")
    if isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        raise _text_mode(argument, mode)
    if inspect.iscoroutinefunction(function):
        raise TypeError(
            f"{argument} is a file for async code; pass its path, or a file of open(path, {mode!r})"
        )
    if getattr(file, "closed", False) is True:
        raise ValueError(f"{argument} is a closed file: pass it while it is open")
    able = getattr(file, "readable" if method == "read" else "writable", None)
    if callable(able) and able() is False:
        doing = "reading" if method == "read" else "writing"
        raise ValueError(f"{argument} is not open for {doing}: open it with open(path, {mode!r})")


class Input:
    """An argument with the contents to send: a path, bytes, or a file object.

    A context manager, in which the contents are sent.

    A file object is read from its position to its end. If the position can be changed, the file is
    read again for each attempt; otherwise it is copied to a temporary file first. After a failure,
    the position is what it was before. The file is never closed.

    Args:
        value: The argument.
        argument: Its name in errors.
        default_name: The name of the contents, unless the file object has a name.

    Raises:
        TypeError: It is neither a path nor bytes nor a file object opened in binary mode.
        ValueError: The path is not valid, or the file is closed, or not open for reading.
    """

    def __init__(self, value: Any, argument: str, default_name: str) -> None:
        self.name = default_name
        self.size = 0
        self._argument = argument
        self.path = path_of(value)
        self._data: bytes | bytearray | memoryview | None = None
        self._start: int | None = None
        self._copy: int | None = None
        self._copied: Path | None = None
        if self.path is not None:
            self.name = self.path.name
        elif isinstance(value, bytes | bytearray | memoryview):
            self._data = value
        else:
            check_file_object(value, argument, "read")
            self._file = value
            name = getattr(value, "name", None)
            if name == "<stdin>":
                self.name = "standard input"
            elif isinstance(name, str) and name[:1] != "<" and is_encodable(name):
                self.name = os.path.basename(name) or default_name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close(sent=kind is None)

    def __str__(self) -> str:
        return self.name if self.path is None else str(self.path)

    def shown(self, size: int, limit: int) -> str:
        """Return a size over the limit; of a copy, only the beginning may have been read."""
        return f"over {limit:,}" if self._copied is not None else f"{size:,}"

    def open(self) -> Source | None:
        """Return the source of the contents; None for a file that must be copied first.

        Raises:
            TypeError: The file is opened in text mode.
            TransferError: There are no contents, or the file cannot be read.
        """
        if self.path is not None:
            return Source.from_file(self.path)
        if self._data is not None:
            if not self._data:
                raise TransferError(f"{self._argument} is empty")
            # A copy, unless it is bytes, which nobody can change.
            return Source.from_bytes(bytes(self._data), self.name)
        if not can_seek(self._file):
            return None
        measured = self._measure()
        if measured is None:
            return None
        start, size = measured
        self._start, self.size = start, size
        self.read(0)
        if size <= 0:
            raise TransferError(f"{self._empty()}: call seek(0) first")
        return FileObjectSource(self.name, size, file=self._file, start=start)

    def _measure(self) -> tuple[int, int] | None:
        """Return the position of the file, and the number of bytes from there to its end.

        None if it has no end before it is read. The position is what it was in any case.

        Raises:
            TransferError: The position cannot be set again.
        """
        size: int | None = None
        try:
            start = self._file.tell()
        except (OSError, ValueError):
            return None
        try:
            self._file.seek(0, os.SEEK_END)
            size = self._file.tell() - start
        except _READ_ERRORS:
            pass  # such as a truncated GzipFile, which is read to find its end
        try:
            self._file.seek(start)
        except _READ_ERRORS as error:
            raise _unreadable(self.name, error) from error
        return None if size is None else (start, size)

    def read(self, size: int = _STEP_BYTES) -> bytes:
        """Return the next bytes to copy, empty at the end; may block indefinitely.

        Raises:
            TypeError: The file is opened in text mode.
            TransferError: The file cannot be read.
        """
        try:
            return self._checked(self._file.read(size))
        except _READ_ERRORS as error:
            raise _unreadable(self.name, error) from error

    def keep(self, chunk: bytes) -> None:
        """Add bytes to the copy.

        Raises:
            TransferError: The copy cannot be written.
        """
        try:
            if self._copied is None:
                self._copy, name = tempfile.mkstemp(prefix="bitfount-api-")
                self._copied = Path(name)
            assert self._copy is not None  # noqa: S101 - opened with the path
            with open(self._copy, "ab", closefd=False) as copy:
                copy.write(chunk)
        except OSError as error:
            raise TransferError(
                f"{self.name} cannot be copied to {tempfile.gettempdir()}: "
                f"{error.strerror or error}"
            ) from error
        self.size += len(chunk)

    def copy(self) -> Source:
        """Return the source for the copy.

        Raises:
            TransferError: There are no contents.
        """
        if self._copied is None:
            raise TransferError(self._empty())
        return Source.from_file(self._copied, self.name)

    def _close(self, *, sent: bool) -> None:
        """Delete the copy, and set the position of the file: to its end, or to the original one."""
        if self._copy is not None:
            os.close(self._copy)
            self._copy = None
        if self._copied is not None:
            self._copied.unlink(missing_ok=True)
            self._copied = None
        if self._start is not None:
            with contextlib.suppress(OSError, ValueError):  # the user may have closed it
                self._file.seek(self._start + self.size if sent else self._start)
            self._start = None

    def _checked(self, chunk: Any) -> bytes:
        if isinstance(chunk, str):
            raise _text_mode(self._argument, "rb")
        return _checked_chunk(chunk, self.name)

    def _empty(self) -> str:
        return f"{self.name} is empty, or was read to its end"


@attrs.frozen
class FileObjectSource(Source):
    """A source for an open file whose position can be changed. Threads read it in turns.

    Args:
        file: The file.
        start: The position of the first byte.
    """

    _file: Any = attrs.field(default=None, repr=False, alias="file")
    _start: int = attrs.field(default=0, alias="start")
    _turn: Any = attrs.field(factory=InterruptibleLock, init=False, repr=False, eq=False)

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield ``length`` bytes from ``offset`` on, in chunks.

        Raises:
            TransferError: If the file cannot be read, or was truncated.
        """
        position, end = self._start + offset, self._start + offset + length
        while position < end:
            try:
                with self._turn:
                    self._file.seek(position)
                    given = self._file.read(min(CHUNK_BYTES, end - position))
            except _READ_ERRORS as error:
                raise _unreadable(self.file_name, error) from error
            chunk = _checked_chunk(given, self.file_name)
            if not chunk:
                raise TransferError(f"{self.file_name} was truncated while it was sent")
            position += len(chunk)
            yield chunk


class TemporaryDownload:
    """A downloaded file in a temporary folder, from which it is copied. It must be discarded."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._file: io.FileIO | None = None
        self._path = Path()

    def prepare(self) -> Path:
        """Create the folder, and return the path to download to.

        Raises:
            TransferError: The folder cannot be created.
        """
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="bitfount-api-"))
        except OSError as error:
            raise TransferError(
                f"no temporary folder can be created: {error.strerror or error}"
            ) from error
        self._path = self._folder / "object"  # the name of a model may be too long for a file
        return self._path

    def read(self) -> bytes:
        """Return the next bytes of the file, empty at its end.

        Raises:
            TransferError: The file cannot be read.
        """
        try:
            if self._file is None:
                self._file = self._path.open("rb", buffering=0)
            return self._file.read(_STEP_BYTES)
        except OSError as error:
            raise _unreadable(str(self._path), error) from error

    def discard(self) -> None:
        """Delete the folder. May be called at any time, and more than once."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def write_to(file: Any, data: bytes) -> None:
    """Write all of the data to a user's file, and flush it.

    Raises:
        TransferError: It cannot be written.
    """
    try:
        while data:
            count = file.write(data)
            if count is None and isinstance(file, io.RawIOBase):
                raise BlockingIOError("it is in non-blocking mode, and not ready")
            data = data[len(data) if count is None else _checked_count(count, len(data)) :]
        if callable(flush := getattr(file, "flush", None)):
            flush()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TransferError(
            f"the file object cannot be written: {reason}; what it holds is incomplete"
        ) from error


def _text_mode(argument: str, mode: str) -> TypeError:
    return TypeError(
        f"{argument} is a file in text mode: open it in binary mode, with open(path, {mode!r})"
    )


def _checked_count(count: Any, size: int) -> int:
    """Return the number of bytes that a file has written; with a wrong one, they would be wrong."""
    number: int = plain_integer(count)
    if not is_whole_number(number, 1, size):
        raise ValueError(f"write() returned {quote(count)} for {size:,} bytes")
    return number


def _unreadable(name: str, error: Exception) -> TransferError:
    return TransferError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}")


def _checked_chunk(chunk: object, name: str) -> bytes:
    """Return what ``read()`` of a file returned, if it is bytes.

    Raises:
        TransferError: It is something else.
    """
    if isinstance(chunk, bytes):
        return chunk
    reason = f"read() returned a {type(chunk).__name__}, not bytes"
    if chunk is None:
        reason = "it is in non-blocking mode, and has no data"
    raise TransferError(f"{name} cannot be read: {reason}")
