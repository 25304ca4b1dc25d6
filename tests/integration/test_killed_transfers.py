"""A process killed during a transfer leaves no wrong files behind."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.store import Act, ReceivedRequest, Store
from support.transfers import Caller

from bitfount_api._transfer.checkpoint import SLOT_BYTES, STATE_BYTES, latest

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
LARGE = os.urandom(24 * MIB + 12_345)
KILLS = 10
SOURCE = Path(__file__).parents[1]
CHILD = """
import sys
from pathlib import Path
from support.transfers import Caller

name, url, path = sys.argv[1:]
call = Caller(url, asynchronous=False)
if name == "download":
    call("download_weights", "bob", "Net", 1, Path(path))
else:
    call("send_weights", "Net", 1, Path(path))
"""


@pytest.fixture
def store(store: Store) -> Store:
    store.weights = LARGE
    return store


def killed(name: str, store: Store, path: Path, chance: random.Random) -> bool:
    """Start a transfer in a separate process and kill it; return False if it ended before."""
    begun = threading.Event()

    def slow(seen: ReceivedRequest) -> Act | None:
        if seen.kind != "hub":
            begun.set()
            time.sleep(0.02)
        return None

    store.plan = slow
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, name, store.url, path],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not begun.wait(0.1):
            assert child.poll() is None, "the process ended before it transferred anything"
        time.sleep(chance.uniform(0, 0.25))
    finally:
        child.kill()
        done = child.wait() == 0
    store.plan = lambda _: None
    return not done


def orphaned(path: Path) -> bool:
    """Whether a process was killed between the two calls that finish a file.

    Without the mark, later downloads do not know it as their own. Only Linux creates files with it.
    """
    contents = [LARGE] if sys.platform == "linux" else [b"", LARGE]
    return path.suffix == ".part" and path.read_bytes() in contents


def test_repeatedly_killed_download_completes(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "w.pt"
    path.write_bytes(b"what was there before")
    chance = random.Random(7)
    kills = 0
    for _ in range(KILLS):
        kills += killed("download", store, path, chance)
        assert path.read_bytes() in (b"what was there before", LARGE)
        assert len([one for one in folder.iterdir() if not orphaned(one)]) <= 2
    assert kills
    Caller(store.url, asynchronous=False)("download_weights", "bob", "Net", 1, path)
    assert path.read_bytes() == LARGE
    assert [one.name for one in folder.iterdir() if not orphaned(one)] == ["w.pt"]


def saved(path: Path) -> bool:
    """Return whether a part file holds a valid state."""
    if not path.exists() or path.stat().st_size < STATE_BYTES:
        return False
    with path.open("rb") as file:
        file.seek(-STATE_BYTES, os.SEEK_END)
        slots = [file.read(SLOT_BYTES), file.read(SLOT_BYTES)]
    return latest(slots, path.stat().st_size) is not None


def test_bytes_before_a_kill_are_not_requested_again(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    store.plan = lambda seen: Act(stall=2 * MIB) if seen.kind == "get" and seen.number > 1 else None
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, "download", store.url, path],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    try:
        while not saved(tmp_path / "w.pt.part"):
            assert child.poll() is None
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    store.plan = lambda _: None
    before = len(store.of_kind("get"))
    Caller(store.url, asynchronous=False)("download_weights", "bob", "Net", 1, path)
    assert path.read_bytes() == LARGE
    later = store.of_kind("get")[before:]
    assert all(seen.headers["if-range"] for seen in later)
    ranges = [seen.range for seen in later if seen.range is not None]
    assert len(ranges) == len(later)
    requested = sum((end or len(LARGE)) - start for start, end in ranges)
    assert requested < len(LARGE) - 5 * MIB


@pytest.mark.parametrize("multipart", [True, False])
def test_repeatedly_killed_upload_stores_no_part(
    store: Store, tmp_path: Path, multipart: bool
) -> None:
    store.multipart = multipart
    path = tmp_path / "w.pt"
    path.write_bytes(LARGE)
    chance = random.Random(11)
    for _ in range(KILLS // 2):
        killed("upload", store, path, chance)
        assert store.uploaded in ({}, {"stored": LARGE})
    Caller(store.url, asynchronous=True)("send_weights", "Net", 1, path)
    assert store.uploaded == {"stored": LARGE}
