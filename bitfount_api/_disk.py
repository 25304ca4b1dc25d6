"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


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
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
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
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
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
