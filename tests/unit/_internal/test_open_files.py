"""Locks, writes at an offset, and opening files without following links."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bitfount_api._internal import open_files
from bitfount_api._internal.open_files import open_locked, open_new, preallocate, write_at

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
        "import sys, pathlib; from bitfount_api._internal.open_files import open_locked\n"
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
def test_open_new_does_not_follow_a_link(tmp_path: Path) -> None:
    path, other = tmp_path / "f", tmp_path / "precious"
    other.write_bytes(b"precious")
    path.symlink_to(other)
    with pytest.raises(FileExistsError):
        open_new(path, b"x")
    assert other.read_bytes() == b"precious"


@posix
@pytest.mark.parametrize("fate", ["renamed", "deleted", "replaced"])
def test_open_locked_retries_if_the_file_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """The previous holder renamed the file between our open and our lock."""
    path, target = tmp_path / "f", tmp_path / "target"
    path.write_bytes(b"whole")
    real = open_files.lock
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

    monkeypatch.setattr(open_files, "lock", lock)
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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no files without a name")
def test_open_new_gives_no_name_to_an_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed before the write leaves nothing."""
    listed: list[list[Path]] = []
    write = open_files.write_all

    def record(descriptor: int, data: bytes) -> None:
        listed.append(list(tmp_path.iterdir()))
        write(descriptor, data)

    monkeypatch.setattr(open_files, "write_all", record)
    os.close(open_new(tmp_path / "f", b"contents"))
    assert listed == [[]]
    assert (tmp_path / "f").read_bytes() == b"contents"
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


@pytest.mark.parametrize("missing", ["O_TMPFILE", "/proc"])
def test_open_new_works_without_unnamed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "O_TMPFILE":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    else:

        def refuse(*_: object, **__: object) -> None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

        monkeypatch.setattr(os, "link", refuse)
    os.close(open_new(tmp_path / "f", b"contents"))
    assert (tmp_path / "f").read_bytes() == b"contents"
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]
    with pytest.raises(FileExistsError):
        open_new(tmp_path / "f", b"other")
