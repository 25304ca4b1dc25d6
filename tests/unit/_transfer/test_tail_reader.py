"""A file is read in order while it is written to out of order."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bitfount_api._transfer import tail_reader as follower_module
from bitfount_api._transfer.tail_reader import TailReader

MIB = 1024 * 1024


class Log:
    """Records the bytes received, and how often they were saved."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.saves = 0
        self.news = threading.Event()

    def take(self, view: memoryview) -> None:
        self.data += view
        self.news.set()

    def save(self) -> None:
        self.saves += 1
        self.news.set()

    def wait(self) -> None:
        assert self.news.wait(30)
        self.news.clear()


def no_threads() -> bool:
    return not any(t.name == "bitfount-api-tail-reader" for t in threading.enumerate())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "f"
    path.write_bytes(bytes(range(256)) * (3 * 4096) + b"end")
    return path


def test_file_is_read_up_to_the_written_prefix(path: Path) -> None:
    log = Log()
    follower = TailReader(path, log.take, log.save)
    follower.advance(MIB, MIB)
    log.wait()
    assert log.data == path.read_bytes()[:MIB]
    follower.advance(MIB, 3 * MIB)  # two arrived out of order
    follower.advance(3 * MIB, 3 * MIB)
    while not follower.wait_finished(3 * MIB + 3, 10):
        pass
    assert log.data == path.read_bytes()
    assert no_threads()


def test_an_empty_file_has_nothing_to_read(path: Path) -> None:
    log = Log()
    assert TailReader(path, log.take, log.save).wait_finished(0, 30)
    assert log.data == b""


def test_reader_is_not_woken_for_few_bytes(path: Path) -> None:
    follower = TailReader(path, Log().take, Log().save)
    follower.advance(1000, 1000)
    assert no_threads()
    follower.stop()


def test_failure_of_the_reader_is_raised_to_the_writer(path: Path) -> None:
    failed = threading.Event()

    def take(view: memoryview) -> None:
        failed.set()
        raise ValueError("not what it should be")

    follower = TailReader(path, take, Log().save)
    follower.advance(MIB, MIB)
    assert failed.wait(30)
    with pytest.raises(ValueError, match="not what it should be"):
        follower.wait_finished(2 * MIB, 30)
    with pytest.raises(ValueError, match="not what it should be"):
        follower.advance(MIB + 1, MIB + 1)


def test_unreadable_file_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TailReader(tmp_path / "none", Log().take, Log().save).wait_finished(1, 30)


def test_stopped_reader_closes_the_file(path: Path) -> None:
    log = Log()
    follower = TailReader(path, log.take, log.save)
    follower.advance(MIB, MIB)
    follower.stop()
    assert no_threads()
    follower.stop()


def test_unsaved_bytes_are_saved_while_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "_SAVE_SECONDS", 0)
    log = Log()
    follower = TailReader(path, log.take, log.save)
    follower.advance(MIB, 2 * MIB)
    while not log.saves:
        log.wait()
    follower.stop()
    assert log.data == path.read_bytes()[:MIB]


def test_unsaved_bytes_are_saved_without_reading(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "_SAVE_SECONDS", 0.01)
    log = Log()
    follower = TailReader(path, log.take, log.save)
    follower.advance(0, MIB)
    log.wait()
    follower.stop()
    assert log.saves == 1


def test_reader_ends_if_the_file_is_cut(path: Path) -> None:
    follower = TailReader(path, Log().take, Log().save)
    with pytest.raises(OSError, match="another process has cut"):
        follower.wait_finished(4 * MIB, 30)
    assert no_threads()
