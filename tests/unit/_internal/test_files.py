"""Locked files, atomic writes, and synced folders."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from support.devices import any_device, make_device
from support.syncs import record_syncs

from bitfount_api._internal.files import (
    atomic_write,
    final_target,
    fsync_dir,
    read_regular_file,
    remove_leftovers,
    sibling,
)
from bitfount_api._internal.open_files import take_mode

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX's own")


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


@posix
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a device", "open pipe"])
def test_atomic_write_replaces_only_files(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, kind: str, private: bool
) -> None:
    path = tmp_path / "f"
    reading, writing = os.pipe()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        is_device = kind == "link to a device"
        path.symlink_to(any_device(tmp_path_factory) if is_device else f"/dev/fd/{writing}")
    before = path.lstat()
    with pytest.raises(OSError, match="it is a") as caught:
        atomic_write(path, b"x", private=private)
    assert caught.value.filename == str(path)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert list(tmp_path.iterdir()) == [path]
    os.close(reading)
    os.close(writing)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux's own")
def test_open_file_behind_a_link_is_not_replaced(tmp_path: Path) -> None:
    """Such as /dev/stdout, where standard output is a file."""
    with (tmp_path / "out").open("wb") as file:
        (tmp_path / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        with pytest.raises(OSError, match="it is a device"):
            atomic_write(tmp_path / "link", b"x")
        assert os.path.samestat(os.fstat(file.fileno()), (tmp_path / "out").stat())


@posix
def test_atomic_write_follows_links(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.symlink_to("g")
    (tmp_path / "g").symlink_to("h")
    atomic_write(path, b"x")
    assert (tmp_path / "h").read_bytes() == b"x"
    with pytest.raises(OSError, match="symbolic link"):
        atomic_write(path, b"y", private=True)
    with pytest.raises(FileExistsError):
        atomic_write(path, b"y", overwrite=False)
    assert path.is_symlink()
    assert (tmp_path / "h").read_bytes() == b"x"


@posix
def test_link_of_another_user_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder in which anyone may make files, such as /tmp."""
    folder, path = tmp_path / "shared", tmp_path / "shared" / "f"
    folder.mkdir()
    path.symlink_to("g")
    real = os.stat(folder)
    folder.chmod(0o1777)
    assert final_target(path) == folder / "g"
    monkeypatch.setattr(os, "geteuid", lambda: real.st_uid + 1)
    assert final_target(path) == folder / "g"  # the owner of the folder made it
    stat_of = os.stat
    other = os.stat_result([*os.stat(folder)[:4], real.st_uid + 2, *os.stat(folder)[5:]])
    monkeypatch.setattr(os, "stat", lambda at, **_: other if at == folder else stat_of(at))
    with pytest.raises(OSError, match="another user"):
        final_target(path)


@pytest.mark.parametrize("name", ["w", "w" * 255, "é" * 127, "\U0001f40d" * 63])
@pytest.mark.parametrize("suffix", [".part", ".99.part", f".{'0' * 16}.part"])
def test_sibling_has_a_legal_name_of_its_own(tmp_path: Path, name: str, suffix: str) -> None:
    path = sibling(tmp_path / name, suffix)
    path.write_bytes(b"")
    assert path.name.endswith(suffix)
    assert path.name[:9] == (name + suffix)[:9]
    assert path != sibling(tmp_path / (name[:-1] + "x"), suffix)
    longer = sibling(path, ".unpacked")
    longer.write_bytes(b"")
    assert len({path, longer, tmp_path / name}) == 3


@pytest.mark.parametrize("name", ["w" * 255, "é" * 127, "\U0001f40d" * 63])
@pytest.mark.parametrize("overwrite", [True, False])
def test_atomic_write_accepts_any_legal_name(tmp_path: Path, name: str, overwrite: bool) -> None:
    atomic_write(tmp_path / name, b"x", overwrite=overwrite)
    assert (tmp_path / name).read_bytes() == b"x"
    assert len(list(tmp_path.iterdir())) == 1


@posix
@pytest.mark.parametrize("text", ["g/", "g/.", "folder/", "folder/.", "./"])
def test_link_to_a_folder_is_no_target(tmp_path: Path, text: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "f").symlink_to(text)
    assert os.readlink(tmp_path / "f") == text
    with pytest.raises(IsADirectoryError, match="folder"):
        atomic_write(tmp_path / "f", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"f", "folder"}


@posix
@pytest.mark.parametrize("overwrite", [True, False])
def test_failed_write_names_the_path_given(tmp_path: Path, overwrite: bool) -> None:
    """Not the temporary file."""
    path = tmp_path / "link" if overwrite else tmp_path / "no" / "g"
    if overwrite:
        path.symlink_to("no/g")
    with pytest.raises(FileNotFoundError) as caught:
        atomic_write(path, b"x", overwrite=overwrite)
    assert caught.value.filename == str(path)
    assert str(caught.value) == f"[Errno 2] No such file or directory: '{path}'"


@posix
@pytest.mark.parametrize("overwrite", [True, False])
def test_leftovers_do_not_include_a_write_in_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    path = tmp_path / "f"
    names = ("replace", "link")
    for name in names:
        real = getattr(os, name)

        def call(*paths: Any, real: Any = real, **named: Any) -> None:
            remove_leftovers(path)
            real(*paths, **named)

        monkeypatch.setattr(os, name, call)
    atomic_write(path, b"x", overwrite=overwrite)
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_write_goes_on_if_its_file_is_taken_for_a_leftover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes it before it is locked."""
    path, real, made = tmp_path / "f", os.open, []

    def call(at: Any, *arguments: Any, **named: Any) -> int:
        descriptor = real(at, *arguments, **named)
        made.append(at)
        if len(made) == 1:
            remove_leftovers(path)
            assert not Path(at).exists()
        return descriptor

    monkeypatch.setattr(os, "open", call)
    atomic_write(path, b"x")
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_leftover_that_was_linked_is_removed(tmp_path: Path) -> None:
    """A process was killed after it had given the file its name."""
    path, left = tmp_path / "f", tmp_path / f".f.{'0' * 16}"
    left.write_bytes(b"x")
    path.hardlink_to(left)
    remove_leftovers(path)
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("overwrite", [False, True])
def test_device_is_not_replaced(tmp_path: Path, private: bool, overwrite: bool) -> None:
    path = tmp_path / "null"
    make_device(path)
    before = path.lstat()
    with pytest.raises(OSError, match=r"it is a device|exists"):
        atomic_write(path, b"x", private=private, overwrite=overwrite)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_atomic_write_keeps_the_mode_of_the_file(tmp_path: Path, mode: int) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(mode)
    link.symlink_to(path)
    atomic_write(link, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode
    atomic_write(path, b"new", private=True)
    assert path.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("allowed", [True, False])
def test_another_group_gets_no_access(
    tmp_path: Path, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "a", tmp_path / "old"
    old.write_bytes(b"old")
    old.chmod(0o664)
    group = old.stat().st_gid + 1
    real, given = os.lstat, list[tuple[int, int]]()

    def lstat(name: Any, **named: Any) -> os.stat_result:
        found = list(real(name, **named))
        found[5] = group if name == old else found[5]
        return os.stat_result(found)

    def fchown(descriptor: int, *owner: int) -> None:
        given.append((owner[0], owner[1]))
        if not allowed:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(os, "fchown", fchown)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    take_mode(descriptor, old)
    os.close(descriptor)
    assert given == [(-1, group)]
    assert path.stat().st_mode & 0o777 == (0o664 if allowed else 0o604)
