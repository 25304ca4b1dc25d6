"""Locked files, atomic writes, and synced folders."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.syncs import record_syncs

from bitfount_api._internal import files
from bitfount_api._internal.files import (
    atomic_write,
    fsync_dir,
    open_locked,
    open_truncated,
    preallocate,
    read_regular_file,
    write_at,
)

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX's own")


def test_open_locked_locks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    mine = open_locked(path)
    assert mine is not None
    assert open_locked(path) is None
    os.close(mine)
    again = open_locked(path)
    assert again is not None
    os.close(again)


def test_open_locked_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "f"
    code = (
        "import sys, pathlib; from bitfount_api._internal.files import open_locked\n"
        "print(open_locked(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline().strip().isdigit()
        assert open_locked(path) is None
        other.kill()
    mine = open_locked(path)
    assert mine is not None
    os.close(mine)


def test_open_locked_keeps_the_contents(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"before")
    mine = open_locked(path)
    assert mine is not None
    assert os.read(mine, 10) == b"before"
    os.close(mine)


@posix
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_open_locked_rejects_links_and_pipes(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "f", tmp_path / "precious"
    other.write_bytes(b"precious")
    if kind == "link":
        path.symlink_to(other)
    elif kind == "hard link":
        path.hardlink_to(other)
    else:
        os.mkfifo(path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc").exists() else 0
    with pytest.raises(OSError):
        open_locked(path)
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == before
    assert other.read_bytes() == b"precious"


@posix
def test_read_regular_file_does_not_follow_a_later_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process replaces the file by a link after the check for links."""
    path, other = tmp_path / "f", tmp_path / "precious"
    other.write_bytes(b"precious")
    path.symlink_to(other)
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    with pytest.raises(OSError) as caught:
        read_regular_file(path, 100)
    assert caught.value.errno == errno.ELOOP


@posix
def test_open_truncated_does_not_follow_a_link(tmp_path: Path) -> None:
    path, other = tmp_path / "f", tmp_path / "precious"
    other.write_bytes(b"precious")
    path.symlink_to(other)
    with pytest.raises(OSError) as caught:
        open_truncated(path)
    assert caught.value.errno == errno.ELOOP
    assert other.read_bytes() == b"precious"


@posix
@pytest.mark.parametrize("fate", ["renamed", "deleted", "replaced"])
def test_open_locked_retries_if_the_file_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """The previous holder renamed the file between our open and our lock."""
    path, target = tmp_path / "f", tmp_path / "target"
    path.write_bytes(b"whole")
    real = files._lock
    calls: list[int] = []

    def lock(descriptor: int) -> bool:
        if not calls:
            if fate == "deleted":
                path.unlink()
            else:
                path.rename(target)
            if fate == "replaced":
                path.write_bytes(b"another's")
        calls.append(descriptor)
        return real(descriptor)

    monkeypatch.setattr(files, "_lock", lock)
    mine = open_locked(path)
    assert mine is not None
    assert len(calls) == 2
    os.write(mine, b"mine")
    os.close(mine)
    if fate != "deleted":
        assert target.read_bytes() == b"whole"


def test_open_locked_without_lock_support_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(OSError, match="No locks"):
        open_locked(tmp_path / "f")


def test_fsync_dir_ignores_errors(tmp_path: Path) -> None:
    fsync_dir(tmp_path / "none")
    atomic_write(tmp_path / "f", b"x")
    assert (tmp_path / "f").read_bytes() == b"x"


@posix
@pytest.mark.parametrize("overwrite", [True, False])
def test_atomic_write_syncs_the_file_and_then_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    events = record_syncs(monkeypatch, tmp_path)
    atomic_write(tmp_path / "f", b"x", overwrite=overwrite)
    assert events == ["sync file", "replace" if overwrite else "link", "sync folder"]


def test_write_at_writes_at_the_offset(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    preallocate(descriptor, 10)
    write_at(descriptor, 6, b"more")
    write_at(descriptor, 0, b"some")
    os.close(descriptor)
    assert (tmp_path / "f").read_bytes() == b"some\0\0more"


def test_write_at_continues_after_a_short_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:3], offset))
    descriptor = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    write_at(descriptor, 1, b"contents")
    os.close(descriptor)
    assert (tmp_path / "f").read_bytes() == b"\0contents"


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL])
def test_preallocate_works_without_fallocate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "not here")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    descriptor = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    preallocate(descriptor, 10)
    assert os.fstat(descriptor).st_size == 10
    preallocate(descriptor, 0)
    assert os.fstat(descriptor).st_size == 0
    os.close(descriptor)


def test_preallocate_on_a_full_disk_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    descriptor = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="No space left"):
        preallocate(descriptor, 10)
    os.close(descriptor)
