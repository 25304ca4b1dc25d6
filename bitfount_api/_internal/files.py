"""Files by their paths: atomic writes, bounded reads, and who has access."""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import re
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api._internal.key_text import looks_like_key
from bitfount_api._internal.open_files import (
    BINARY,
    NO_LINKS,
    NO_WAITING,
    NoLocksError,
    is_same,
    lock,
    open_regular,
    take_mode,
)
from bitfount_api._internal.validation import check_path

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_NAME_BYTES = 255
_MAX_LINKS = 40


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file or a folder.

    Raises:
        ValueError: It is the text of a key, which errors would quote, and after which files and
            folders would be named; or it has an unpaired surrogate.
        TypeError: It is no path.
    """
    if not isinstance(path, str | os.PathLike):
        # For example the class of a model, of which the services store the code.
        what = "a class: pass its file" if isinstance(path, type) else f"a {type(path).__name__}"
        raise TypeError(f"the path of the file must be a text or a pathlib.Path, not {what}")
    check_path("the path of the file", path)
    if looks_like_key(os.fsdecode(path)):
        raise ValueError("the path of the file is the text of a key, or of a part of one")
    return Path(path)


def atomic_write(
    path: str | os.PathLike[str], data: bytes, *, private: bool = False, overwrite: bool = True
) -> None:
    """Write a file atomically, even if the machine stops during the write.

    A symbolic link is followed, unless the file is private: then the link is refused.

    Args:
        path: The file. Its folder must exist.
        data: The contents.
        private: Only the owner may read and write the file (0600), regardless of the umask.
            Otherwise, a file that is replaced passes its mode on; without one, the umask applies.
        overwrite: Replace an existing file.

    Raises:
        ValueError: The path is the text of a key.
        FileExistsError: The path exists, and ``overwrite`` is False.
        OSError: The file cannot be written, or the path is that of a folder, a device, a pipe or a
            socket.
    """
    target = checked_path(path)
    if overwrite:
        target = final_target(target, follow=not private)
    try:
        _write_and_rename(target, data, private=private, overwrite=overwrite)
    except OSError as error:
        if error.errno is None:
            raise
        # Named as the user knows it, not by the temporary file's name.
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write_and_rename(target: Path, data: bytes, *, private: bool, overwrite: bool) -> None:
    temporary, descriptor = _create_temporary(target, 0o600 if private else 0o666)
    rename = os.replace if overwrite else _link_new
    try:
        with open(descriptor, "wb") as file:
            if private and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)  # a umask may have removed the owner's rights
            elif overwrite:
                take_mode(file.fileno(), target)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":
                rename(temporary, target)  # while the file is locked
        if sys.platform == "win32":  # pragma: no cover - Windows cannot rename an open file
            rename(temporary, target)
        fsync_dir(target.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _create_temporary(target: Path, mode: int) -> tuple[Path, int]:
    """Create a file next to the target, locked so that nobody takes it for a leftover."""
    while True:
        # A unique name, so that concurrent writers do not write into each other's file.
        path = target.with_name(_temporary_prefix(target) + secrets.token_hex(8))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
        try:
            if lock(descriptor) and is_same(path, descriptor):
                return path, descriptor
        except NoLocksError:
            return path, descriptor  # then nobody removes leftovers
        os.close(descriptor)  # remove_leftovers() was quicker


def final_target(path: Path, *, follow: bool = True) -> Path:
    """Return the path of the file that is written for a path given by a user.

    A file is written under another name and then renamed, which would replace whatever is there:
    a device, a pipe, or a symbolic link instead of the file that it stands for.

    Args:
        path: The path. Nothing needs to exist there.
        follow: Return what a symbolic link stands for. Otherwise a link is refused.

    Raises:
        ValueError: The path is the text of a key.
        OSError: There is something else than a file, or a link that cannot be followed.
    """
    target = checked_path(path)
    for _ in range(_MAX_LINKS):
        try:
            status = os.lstat(target)
        except FileNotFoundError:
            return target
        if not stat.S_ISLNK(status.st_mode):
            break
        if os.path.realpath(target.parent).startswith("/proc/"):
            break  # /dev/stdout stands for an open file, which must not be replaced
        if not follow:
            raise OSError(errno.ELOOP, "it is a symbolic link, not a file", str(path))
        folder = os.stat(target.parent)
        anyone = stat.S_ISVTX | stat.S_IWOTH
        if folder.st_mode & anyone == anyone and status.st_uid not in (_user(), folder.st_uid):
            # Linux refuses to follow such links too (fs.protected_symlinks).
            raise OSError(errno.EACCES, "it is another user's symbolic link", str(path))
        text = os.readlink(target)
        if text.endswith(("/", "/.")):  # which Path would drop
            raise IsADirectoryError(errno.EISDIR, "it is a link to a folder", str(path))
        target = target.parent / text
    else:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a device, a pipe or a socket, not a file", str(path))
    return target


def sibling(path: Path, suffix: str) -> Path:
    """Return the path next to a file with its name and a suffix.

    If that is longer than the file system allows, the name is shortened, and its hash added.
    """
    name, limit = path.name + suffix, _MAX_NAME_BYTES
    if hasattr(os, "pathconf"):
        with contextlib.suppress(OSError, ValueError):
            limit = os.pathconf(path.parent, "PC_NAME_MAX")
    if len(os.fsencode(name)) > limit:
        import hashlib

        digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
        ending = f"~{digest}{suffix}"
        name = shorten(path.name, max(limit - len(ending), 0)) + ending
    return path.with_name(name)


def shorten(name: str, size: int) -> str:
    """Return the beginning of a file name, of at most ``size`` bytes."""
    # Some file systems reject half a character.
    return os.fsencode(name)[:size].decode("utf-8", "ignore")


def make_private_dir(folder: Path) -> None:
    """Create a folder and its missing parents, for the owner only (0700).

    Raises:
        NotADirectoryError: Something else has the name of one of the folders.
        OSError: A folder cannot be created.
    """
    # Path.mkdir applies its mode to the last folder only; each one created here must be private.
    if not folder.is_dir():
        make_private_dir(folder.parent)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:  # "File exists" would not say what is wrong
            reason = os.strerror(errno.ENOTDIR)
            raise NotADirectoryError(errno.ENOTDIR, reason, str(folder)) from None
        folder.chmod(0o700)  # a umask may have removed the owner's rights


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes.

    Raises:
        ValueError: The file is larger, or the path is the text of a key.
        OSError: The file cannot be read.
    """
    checked_path(path)
    with open(os.fspath(path), "rb") as file:  # not a descriptor
        # One byte over the limit shows that the file is larger.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{os.fspath(path)} is larger than {limit} bytes")
    return data


def read_regular_file(
    path: Path, limit: int, check: Callable[[int], object] | None = None
) -> bytes:
    """Read a file that this library wrote, as :func:`read_file`, and refuse anything else.

    A symbolic link could point to a file chosen by another user, and a pipe would never end.

    Args:
        path: The file.
        limit: The maximum size in bytes.
        check: A function that is called with the descriptor before the file is read.

    Raises:
        ValueError: The file is larger than ``limit``, or not a regular file. The text does not
            name it.
        OSError: The file cannot be read.
    """
    descriptor = open_regular(path)
    try:
        if check is not None:
            check(descriptor)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit} bytes")
    return data


class Access(enum.Enum):
    """The access of other users to a file or a folder."""

    NONE = "none"
    ENDED = "ended"
    """They had access until now."""
    REMAINS = "remains"


def make_private(file: int | Path, *, change: bool = True) -> Access:
    """Remove the access of other users to a file or a folder, where the system has modes.

    Args:
        file: The descriptor of a file, or the path of a folder.
        change: Whether to remove it; False to look only.

    Raises:
        ValueError: It belongs to another user, who could give and take access at any time. The
            text does not name it.
    """
    if sys.platform == "win32":  # pragma: no cover - as above
        return Access.NONE
    status = os.stat(file)
    if status.st_uid not in (os.geteuid(), 0):
        raise ValueError(f"it belongs to another user (id {status.st_uid})")
    if not status.st_mode & 0o077:
        return Access.NONE
    if change:
        # Not every file system has modes, and a file of the administrator cannot be changed.
        with contextlib.suppress(OSError):
            os.chmod(file, stat.S_IMODE(status.st_mode) & ~0o077)
            if not os.stat(file).st_mode & 0o077:  # some ignore the change
                return Access.ENDED
    return Access.REMAINS


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that :func:`atomic_write` left when the process was killed.

    Those of writes in progress are locked, and stay. Where there are no locks, all stay.
    """
    name = re.compile(re.escape(_temporary_prefix(path)) + "[0-9a-f]{16}")
    with contextlib.suppress(OSError):
        for entry in os.scandir(path.parent):
            if name.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_unlocked(Path(entry.path))


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | BINARY | NO_LINKS | NO_WAITING)
    try:
        is_left = lock(descriptor) and is_same(path, descriptor)
        if is_left and sys.platform != "win32":
            path.unlink()  # while it is locked
    finally:
        os.close(descriptor)
    if is_left and sys.platform == "win32":  # pragma: no cover - as above
        path.unlink()


def fsync_dir(folder: Path) -> None:
    """Sync a folder, so that its file names survive a power loss, where the system supports it."""
    if sys.platform == "win32":  # pragma: no cover - as above
        return
    # Some file systems do not, and losing a name does no damage.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _temporary_prefix(target: Path) -> str:
    return f".{shorten(target.name, 100)}."


def _user() -> int:
    return -1 if sys.platform == "win32" else os.geteuid()


def _link_new(temporary: Path, target: Path) -> None:
    """Give a file its final name, unless that exists."""
    try:
        os.link(temporary, target)  # unlike os.replace, fails where a file exists
    except FileExistsError:
        raise FileExistsError(f"{target} exists already") from None
    except OSError:
        # Some file systems have no hard links. Then check and rename cannot be atomic.
        if os.path.lexists(target):
            raise FileExistsError(f"{target} exists already") from None
        os.replace(temporary, target)
