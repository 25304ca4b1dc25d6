"""Devices, which must not be replaced by files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest


def make_device(path: Path) -> None:
    """Make a device like ``/dev/null``, or skip the test."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make devices")


def any_device(folders: pytest.TempPathFactory) -> Path:
    """Return a device to link to. Root could replace ``/dev/null``, so root gets another one."""
    if os.geteuid() != 0:
        return Path("/dev/null")
    path = folders.mktemp("device") / "null"
    make_device(path)
    return path
