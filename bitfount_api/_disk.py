"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover - of two systems, tests run on one
    import msvcrt
    import threading

    _TURN = threading.Lock()
else:
    import fcntl

# Flags that not every system has. A link in the place of one of our files could lead anywhere, and
# opening a pipe would wait for whoever is at its other end.
_BINARY = getattr(os, "O_BINARY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_LOCKED_BYTE = 1 << 62
"""Where Windows locks a byte: beyond all contents, since no other process can read a locked one."""


def write_file(
    path: str | os.PathLike[str], data: bytes, *, private: bool = False, overwrite: bool = True
) -> None:
    """Write a file so that it is there whole or not at all, also if the machine stops meanwhile.

    Args:
        path: The file. Its folder must be there.
        data: What is to be in it.
        private: Its owner alone may read and write it (0600), whatever the umask; otherwise the
            umask decides.
        overwrite: Replace a file that is there already.

    Raises:
        FileExistsError: The file is there already, and is not to be replaced.
        OSError: It cannot be written.
    """
    target = Path(path)
    # A name of its own, so that writers at the same time do not write into each other's file.
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    descriptor = os.open(
        temporary,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY,
        0o600 if private else 0o666,
    )
    try:
        with open(descriptor, "wb") as file:
            if private and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)  # a umask may have taken from the owner's rights
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(temporary, target)
        else:
            _place_new(temporary, target)
        sync_folder(target.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone (0700)."""
    # Path.mkdir gives its mode to the last folder alone; each one made here is to be private.
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # a umask may have taken from the owner's rights


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """A file's bytes, of which there may be no more than ``limit``.

    Raises:
        ValueError: There are more.
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        # One byte more than is allowed tells that there is more, however much there is.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{os.fspath(path)} is larger than {limit} bytes")
    return data


def read_own_file(path: Path, limit: int) -> bytes:
    """:func:`read_file` for a file that this library writes: what else may be there is not opened.

    A link could lead to a file of somebody else's choice, and a pipe would never end.

    Raises:
        ValueError: It is larger than ``limit``, or no regular file. The text does not name it.
        OSError: It cannot be read.
    """
    if path.is_symlink():  # O_NOFOLLOW says it too, but not everywhere, and less clearly
        raise ValueError("it is a link")
    descriptor = os.open(path, os.O_RDONLY | _BINARY | _NO_LINKS | _NO_WAITING)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit} bytes")
    return data


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a loss of power, where the system can do that."""
    if sys.platform == "win32":  # pragma: no cover - as above
        return
    # Some file systems cannot, and a name that is lost then is no damage.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def open_own(path: Path) -> int | None:
    """Open a file for this process alone, making it if need be, until it is closed or the end.

    Links are not followed: where others may write to the folder, they could lead anywhere.

    Returns:
        Its descriptor, for reading and writing; None if it belongs to another process, or to
        another part of this one.

    Raises:
        OSError: It cannot be opened, is no file, or the file system knows no locks.
    """
    flags = os.O_RDWR | os.O_CREAT | _BINARY | _NO_LINKS | _NO_WAITING
    while True:
        descriptor = os.open(path, flags, 0o666)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                raise OSError(errno.EINVAL, "it is not a file of one name")
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            # Its owner may have renamed or deleted it between our opening and our locking it.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(status, os.lstat(path)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def open_emptied(path: Path) -> int:
    """Open a file to write it anew, making it if need be. Links are not followed.

    Returns:
        Its descriptor.

    Raises:
        OSError: It cannot be opened.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY | _NO_LINKS, 0o666)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of the data where the descriptor is; a single write may take only some of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_at(descriptor: int, offset: int, data: bytes) -> None:
    """Write all of that there, whatever else is written elsewhere in the file at the same time."""
    if sys.platform == "win32":  # pragma: no cover - as above
        with _TURN:
            os.lseek(descriptor, offset, os.SEEK_SET)
            write_all(descriptor, data)
        return
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def reserve(descriptor: int, size: int) -> None:
    """Make a file so long, and have the room for all of it where the system can promise that.

    Raises:
        OSError: There is no room.
    """
    if size and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    os.ftruncate(descriptor, size)


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":  # pragma: no cover - as above
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def _place_new(temporary: Path, target: Path) -> None:
    """Give a file its name, unless that is taken."""
    try:
        os.link(temporary, target)  # unlike os.replace, fails where there is a file already
    except FileExistsError:
        raise FileExistsError(f"{target} exists already") from None
    except OSError:
        # Some file systems have no links. Then the look and the step cannot be one.
        if os.path.lexists(target):
            raise FileExistsError(f"{target} exists already") from None
        os.replace(temporary, target)
