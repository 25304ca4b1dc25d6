"""The path that a download is written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api._internal.files import final_target
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from pathlib import Path


def check_target(path: Path) -> Path:
    """Check a path before anything is downloaded to it.

    Returns:
        The path of the file to write: the path, or what a symbolic link stands for.

    Raises:
        TransferError: If no file can be written there.
    """
    try:
        file = final_target(path)
    except IsADirectoryError as error:
        raise TransferError(f"{path} is a folder; pass the path of a file") from error
    except OSError as error:
        raise TransferError(f"{path} cannot be written: {error.strerror or error}") from error
    if not file.parent.is_dir():
        home = file.parts[0].startswith("~")
        advice = "a path's '~' is not expanded: call expanduser()" if home else "create it first"
        raise TransferError(f"{file.parent} is not a folder; {advice}")
    return file
