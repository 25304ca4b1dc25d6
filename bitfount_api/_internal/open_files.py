"""Open files: locks, writes at an offset, and opening without following links."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":  # pragma: no cover - of two systems, tests run on one
    import msvcrt
    import threading

    _TURN = threading.Lock()
else:
    import fcntl

# Flags that not every system has. A symbolic link in place of one of our files could point
# anywhere, and opening a pipe would block until its other end is opened.
BINARY: Final[int] = getattr(os, "O_BINARY", 0)
NO_LINKS: Final[int] = getattr(os, "O_NOFOLLOW", 0)
NO_WAITING: Final[int] = getattr(os, "O_NONBLOCK", 0)

_LOCKED_BYTE = 1 << 62
"""The offset of the byte that is locked on Windows: beyond all contents, because no other process
can read a locked byte."""


class NoLocksError(OSError):
    """The file system has no locks, or its server does not answer."""


def open_locked(path: Path, *, create: bool = True) -> int | None:
    """Open and lock a file, creating it if necessary. The lock lasts until the file is closed.

    Symbolic links are not followed: where others may write to the folder, they could point
    anywhere.

    Returns:
        The descriptor, for reading and writing; None if another process, or another part of this
        one, holds the lock.

    Raises:
        NoLocksError: It cannot be locked.
        OSError: It cannot be opened, or is not a regular file.
    """
    flags = os.O_RDWR | BINARY | NO_LINKS | NO_WAITING | (os.O_CREAT if create else 0)
    while True:
        descriptor = os.open(path, flags, 0o666)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                raise OSError(errno.EINVAL, "not a regular file, or a file with several hard links")
            if not lock(descriptor):
                os.close(descriptor)
                return None
            # The previous holder may have renamed or deleted it between the open and the lock.
            if is_same(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def is_same(path: Path, descriptor: int) -> bool:
    """Whether a path is still that of an open file, which another process may have replaced."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def open_regular(path: Path) -> int:
    """Open a regular file for reading, without following a link or waiting for a pipe.

    Raises:
        ValueError: It is something else. The text does not name it.
        OSError: It cannot be opened.
    """
    if path.is_symlink():  # O_NOFOLLOW fails too, but not on every system, and less clearly
        raise ValueError("it is a symbolic link")
    descriptor = os.open(path, os.O_RDONLY | BINARY | NO_LINKS | NO_WAITING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a regular file")
    return descriptor


def open_new(path: Path, data: bytes) -> int:
    """Create a file with contents, and open it for reading and writing.

    Linux gives the file its name when it has the contents, so that a process killed in between
    leaves nothing behind.

    Raises:
        FileExistsError: Something has that name, such as a link or a pipe.
        OSError: The file cannot be created.
    """
    if hasattr(os, "O_TMPFILE"):
        # Not every file system supports it, and /proc may be missing.
        with contextlib.suppress(OSError):
            descriptor = os.open(path.parent, os.O_RDWR | os.O_TMPFILE, 0o666)
            try:
                write_all(descriptor, data)
                # With a descriptor, Python calls linkat(), which can follow the link.
                os.link(
                    f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True
                )
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY, 0o666)
    try:
        write_all(descriptor, data)
    except BaseException:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return descriptor


def take_mode(descriptor: int, path: Path) -> None:
    """Give a new file the group and the mode of the file that it will replace.

    A file that others may not read must not be replaced by one that they may. The owner can always
    read and write the new one. Without a file, or on a system without modes, nothing changes.
    """
    if sys.platform == "win32":  # pragma: no cover - as above
        return
    with contextlib.suppress(OSError):
        old, new = os.lstat(path), os.fstat(descriptor)
        mode = (stat.S_IMODE(old.st_mode) & 0o777) | 0o600
        if not stat.S_ISREG(old.st_mode):
            return
        if old.st_gid != new.st_gid:
            try:
                os.fchown(descriptor, -1, old.st_gid)
            except OSError:
                mode &= ~0o070  # it would be the access of another group
        os.fchmod(descriptor, mode)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of the data at the descriptor's position; a single write may write less."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_at(descriptor: int, offset: int, data: bytes) -> None:
    """Write all of the data at an offset. Safe while other threads write elsewhere in the file."""
    if sys.platform == "win32":  # pragma: no cover - as above
        with _TURN:
            os.lseek(descriptor, offset, os.SEEK_SET)
            write_all(descriptor, data)
        return
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def preallocate(descriptor: int, size: int) -> None:
    """Set a file's length, and preallocate its disk space where the system supports it.

    Raises:
        OSError: The disk is full.
    """
    if size and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    os.ftruncate(descriptor, size)


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if it is locked already.

    Raises:
        NoLocksError: It cannot be locked.
    """
    try:
        if sys.platform == "win32":  # pragma: no cover - as above
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        # File systems without locks give various errors.
        raise NoLocksError(error.errno, error.strerror) from None
    return True
