"""Transfers in both directions: progress, event loops, cancellation, disks, processes."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import pkgutil
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.store import Act, ReceivedRequest, Store
from support.transfers import QUICK, Caller

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSession,
)
from bitfount_api._io.async_pool import AsyncPool
from bitfount_api._operations import models
from bitfount_api._transfer import part_file
from bitfount_api.exceptions import HTTPError, ModelUploadError, ModelValidationError, TransferError
from bitfount_api.hashes import hash_contents
from bitfount_api.progress import rich_progress
from bitfount_api.transfers import Download

zstd = importlib.import_module(
    "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
)

MIB = 1024 * 1024
LARGE = os.urandom(20 * MIB + 12_345)
BOB = ("bob", "Net", 1)
MODEL = b"# a model\r\nclass Net: pass\r\n"


@pytest.fixture
def store(store: Store) -> Store:
    store.weights = LARGE
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def session(timeout: float | None = None) -> BitfountSession:
    return BitfountSession(APIKeysHandler("id", "key", "alice"), timeout=timeout)


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("bitfount-api")]


@attrs.frozen
class Named:
    """A path-like object that is no ``Path``."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)


# --- Models to disk ------------------------------------------------------------------------------


def test_download_model_writes_the_hashed_bytes(call: Caller, store: Store, folder: Path) -> None:
    store.code = MODEL
    code = MODEL.replace(b"\r", b"")
    states: list[Any] = []
    path = folder / "Net.py"
    download = call(
        "download_model", "bob", "Net", None, path, progress=lambda *state: states.append(state)
    )
    assert download == Download(path, len(code), hashlib.sha256(code).hexdigest())
    assert path.read_bytes() == code
    assert states == [(len(code), len(code), "Net.py")]


def test_download_model_with_another_hash_writes_nothing(
    call: Caller, store: Store, folder: Path
) -> None:
    store.code = MODEL

    def swap(seen: ReceivedRequest) -> None:
        if seen.kind == "get":
            store.code = MODEL + b"import os"

    store.plan = swap
    with pytest.raises(ModelValidationError, match="differs from the published code"):
        call("download_model", *BOB, folder / "Net.py")
    assert names(folder) == set()


@pytest.mark.parametrize("form", [str, Named])
@pytest.mark.parametrize("method", ["download_weights", "download_model"])
def test_path_of_a_download_may_be_text_or_path_like(
    call: Caller, store: Store, folder: Path, method: str, form: Callable[[Path], Any]
) -> None:
    store.code = store.weights = MODEL
    path = folder / "Net.py"
    download = call(method, *BOB, form(path))
    assert download.path == path
    assert path.stat().st_size == download.size > 0


@pytest.mark.parametrize("form", [str, Named])
def test_path_of_an_upload_may_be_text_or_path_like(
    call: Caller, folder: Path, form: Callable[[Path], Any]
) -> None:
    path = folder / "Net.py"
    path.write_text("from bitfount_api import BitfountModel\nclass Net(BitfountModel): ...\n")
    assert call("send_model", form(path))["version"] == 1
    assert call("send_weights", "Net", 1, form(path)) is None


def test_download_of_missing_model_returns_none(call: Caller, store: Store, folder: Path) -> None:
    store.weights = None
    assert call("download_model", *BOB, folder / "Net.py") is None
    assert names(folder) == set()


def test_download_model_unwritable_target_raises(call: Caller, store: Store, folder: Path) -> None:
    store.code = MODEL
    with pytest.raises(TransferError, match="none is not a folder"):
        call("download_model", *BOB, folder / "none" / "Net.py")
    with pytest.raises(TransferError, match="is a folder"):
        call("download_model", *BOB, folder)


# --- Disks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 4])
def test_full_disk_raises_and_leaves_no_file(
    call: Caller, store: Store, folder: Path, parts: int
) -> None:
    (folder / "w.pt").write_bytes(b"what was there before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10 * MIB, before[1]))
    try:
        with pytest.raises(TransferError, match=r"w\.pt cannot be written: File too large"):
            call("download_weights", *BOB, folder / "w.pt", parts_at_once=parts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(folder) == {"w.pt"}
    assert (folder / "w.pt").read_bytes() == b"what was there before"
    assert threads() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_folder_raises(call: Caller, folder: Path) -> None:
    folder.chmod(0o500)
    with pytest.raises(TransferError, match="cannot be written: Permission denied"):
        call("download_weights", *BOB, folder / "w.pt")
    assert names(folder) == set()


@pytest.mark.parametrize("where", ["", "none/w.pt", "file/w.pt"])
def test_invalid_target_raises_before_the_download(
    call: Caller, store: Store, folder: Path, where: str
) -> None:
    (folder / "file").touch()
    with pytest.raises(TransferError):
        call("download_weights", *BOB, folder / where)
    assert names(folder) == {"file"}
    assert store.of_kind("get") == []


@pytest.mark.parametrize("method", ["download_weights", "download_model"])
@pytest.mark.parametrize(
    ("where", "error"),
    [
        *((text, ValueError) for text in ("a\0b", "\ud800", "a\0b/w.pt", "\ud800/w.pt")),
        *((text, TransferError) for text in ("none/w.pt", "")),
    ],
)
def test_target_that_cannot_exist_is_refused_unasked(
    call: Caller, store: Store, folder: Path, method: str, where: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        call(method, *BOB, folder / where)
    str(caught.value).encode()
    assert names(folder) == set()
    assert store.of_kind("hub") == []


@pytest.mark.parametrize("where", ["a\0b", "\ud800", "\ud800/w.pt"])
def test_upload_of_a_path_that_cannot_exist_is_refused(
    call: Caller, store: Store, folder: Path, where: str
) -> None:
    with pytest.raises(ValueError, match="the path of the file cannot"):
        call("send_weights", "Net", 1, folder / where)
    with pytest.raises(ValueError, match="the path of the file cannot"):
        call("send_model", folder / where)
    assert store.of_kind("hub") == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links")
@pytest.mark.parametrize("method", ["download_weights", "download_model"])
@pytest.mark.parametrize("text", ["data/", "data/.", "folder/"])
def test_link_to_a_folder_is_no_target(
    call: Caller, store: Store, folder: Path, method: str, text: str
) -> None:
    (folder / "folder").mkdir()
    os.symlink(text, folder / "w.pt")
    with pytest.raises(TransferError, match=r"w\.pt is a folder"):
        call(method, *BOB, folder / "w.pt")
    assert names(folder) == {"folder", "w.pt"}
    assert store.of_kind("hub") == []


# --- Progress ------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize("name", ["get_weights", "download_weights", "send_weights"])
def test_progress_is_reported_from_start_to_end(
    call: Caller, store: Store, folder: Path, name: str, parts: int
) -> None:
    states: list[tuple[int, int | None, str]] = []
    tellers = set()

    def report(*state: Any) -> None:
        states.append(state)
        tellers.add(threading.get_ident())

    path = folder / "w.pt"
    path.write_bytes(LARGE)
    arguments: Any = {
        "get_weights": BOB,
        "download_weights": (*BOB, path),
        "send_weights": ("Net", 1, path),
    }[name]
    call(name, *arguments, progress=report, parts_at_once=parts)
    assert states == sorted(states)
    assert states[-1][:2] == (len(LARGE), len(LARGE))
    assert {what for *_, what in states} == {"bob/Net" if name == "get_weights" else "w.pt"}
    assert len(tellers) == 1
    assert threading.get_ident() not in tellers
    assert threads() == []


async def ignore(*_: object) -> None:
    """Ignore the progress."""


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (3, "progress must be a function of the bytes done"),
        (rich_progress(), "need a with block: with rich_progress"),
        (ignore, "progress is an async function"),
    ],
    ids=["number", "context manager", "async function"],
)
@pytest.mark.parametrize(
    "name", ["send_model", "download_model", "get_weights", "download_weights", "send_weights"]
)
def test_progress_that_cannot_be_called_is_refused(
    call: Caller, store: Store, folder: Path, name: str, progress: Any, words: str
) -> None:
    path = folder / "Net.py"
    path.write_bytes(MODEL)
    arguments: Any = {
        "send_model": (path,),
        "download_model": ("bob", "Net", 1, path),
        "get_weights": BOB,
        "download_weights": (*BOB, path),
        "send_weights": ("Net", 1, path),
    }[name]
    with pytest.raises(TypeError, match=words):
        call(name, *arguments, progress=progress)
    assert store.of_kind("hub") == []


def test_progress_of_a_resumed_download_starts_at_its_offset(
    call: Caller, store: Store, folder: Path
) -> None:
    store.plan = lambda seen: Act(cut=6 * MIB) if seen.kind == "get" else None
    with pytest.raises(Exception, match="broke"):
        call("download_weights", *BOB, folder / "w.pt", parts_at_once=1, options={"retry": NEVER})
    store.plan = lambda _: None
    states: list[int] = []
    call("download_weights", *BOB, folder / "w.pt", progress=lambda done, *_: states.append(done))
    assert states[0] >= 5 * MIB
    assert states[-1] == len(LARGE)


NEVER = type(QUICK)(retries=0)


def test_target_appears_only_after_hashing(
    call: Caller, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = part_file.PartFile.wait_finished
    waits: list[set[str]] = []

    def behind(part: part_file.PartFile, seconds: float) -> bool:
        waits.append(names(folder))
        return len(waits) > 2 and real(part, seconds)

    monkeypatch.setattr(part_file.PartFile, "wait_finished", behind)
    download = call("download_weights", *BOB, folder / "w.pt")
    assert waits[:3] == [{"w.pt.part"}] * 3
    assert download.sha256 == hashlib.sha256(LARGE).hexdigest()


@pytest.mark.parametrize("name", ["download_model", "download_weights", "compressed"])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_replaced_file_passes_its_mode_on(
    call: Caller, store: Store, folder: Path, name: str, mode: int
) -> None:
    store.code = MODEL
    if name == "compressed":
        store.weights = zstd.compress(LARGE)
    path, seen = folder / "file", set[int]()
    path.write_bytes(b"old" * 100)
    path.chmod(mode)

    def look(_: ReceivedRequest) -> None:
        # A file that has just been created may have no contents yet.
        found = [each.stat() for each in folder.iterdir()]
        seen.update(each.st_mode & 0o077 & ~mode for each in found if each.st_size > 100)

    store.plan = look
    call("download_model" if name == "download_model" else "download_weights", *BOB, path)
    assert path.read_bytes()[:3] != b"old"
    assert path.stat().st_mode & 0o777 == mode | 0o600
    assert seen == {0}


# --- Later processes -----------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 4])
def test_later_call_resumes_an_interrupted_download(
    call: Caller, store: Store, folder: Path, parts: int
) -> None:
    store.plan = lambda seen: (
        Act(cut=3 * MIB) if seen.kind == "get" and seen.number >= parts // 4 else None
    )
    with pytest.raises(Exception, match="broke"):
        call("download_weights", *BOB, folder / "w.pt", parts_at_once=parts,
             options={"retry": NEVER})  # fmt: skip
    assert names(folder) == {"w.pt.part"}
    store.plan = lambda _: None
    before = len(store.of_kind("get"))
    download = call("download_weights", *BOB, folder / "w.pt", parts_at_once=parts)
    assert download.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert names(folder) == {"w.pt"}
    later = store.of_kind("get")[before:]
    assert all(seen.headers["if-range"] for seen in later)
    ranges = [seen.range for seen in later if seen.range is not None]
    assert len(ranges) == len(later)
    requested = sum((end or len(LARGE)) - start for start, end in ranges)
    assert requested <= len(LARGE) - 2 * MIB


def test_later_call_restarts_for_another_object(call: Caller, store: Store, folder: Path) -> None:
    store.plan = lambda seen: Act(cut=3 * MIB) if seen.kind == "get" else None
    with pytest.raises(Exception, match="broke"):
        call("download_weights", *BOB, folder / "w.pt", options={"retry": NEVER})
    store.plan = lambda _: None
    store.weights = LARGE[::-1]
    call("download_weights", *BOB, folder / "w.pt")
    assert (folder / "w.pt").read_bytes() == LARGE[::-1]
    assert names(folder) == {"w.pt"}


def test_concurrent_downloads_to_one_file_succeed(call: Caller, store: Store, folder: Path) -> None:
    errors = []

    def one() -> None:
        try:
            call("download_weights", *BOB, folder / "w.pt")
        except BaseException as error:
            errors.append(error)

    barrier = threading.Barrier(2)

    def meet(seen: ReceivedRequest) -> None:
        if seen.kind == "get" and seen.number < 2:
            barrier.wait(30)

    store.plan = meet
    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert errors == []
    assert (folder / "w.pt").read_bytes() == LARGE
    assert names(folder) == {"w.pt"}


# --- Event loops ---------------------------------------------------------------------------------


async def test_download_model_does_not_hash_in_the_event_loop(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashing: list[int] = []

    def watched(code: bytes) -> str:
        hashing.append(threading.get_ident())
        return hash_contents(code)

    monkeypatch.setattr(models, "hash_contents", watched)
    async with session() as own:
        await AsyncBitfountHub(own, store.url).download_model(*BOB, folder / "Net.py")
    assert hashing
    assert threading.get_ident() not in hashing


@pytest.mark.parametrize("name", ["download_weights", "send_weights", "send packed"])
async def test_transfers_do_not_block_the_event_loop(
    store: Store, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, writing, hashing and compressing files never runs in the event loop's thread."""
    # Importing reads files, too, and happens at the first call of each kind.
    for module in pkgutil.walk_packages(bitfount_api.__path__, "bitfount_api."):
        if module.name.startswith("bitfount_api._") and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    loop_thread = threading.get_ident()
    blocked: list[str] = []
    ticks = 0

    def watch(module: Any, function: str) -> None:
        real = getattr(module, function)

        def watched(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() == loop_thread:
                blocked.append(function)
            return real(*arguments, **named)

        monkeypatch.setattr(module, function, watched)

    for function in ("open", "pwrite", "write", "fsync", "fdatasync", "replace", "unlink"):
        watch(os, function)
    watch(os, "ftruncate")
    watch(os, "posix_fallocate")
    watch(Path, "open")
    watch(part_file, "_sync_data")

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    path = folder / "w.pt"
    path.write_bytes(LARGE)
    blocked.clear()
    async with session() as own:
        hub = AsyncBitfountHub(own, store.url)
        ticking = asyncio.create_task(tick())
        if name == "download_weights":
            await hub.download_weights(*BOB, path)
        else:
            await hub.send_weights("Net", 1, path, compress=name == "send packed")
        ticking.cancel()
    assert blocked == []
    assert ticks > 50


@pytest.mark.parametrize("name", ["get_weights", "download_weights", "send_weights", "packed"])
@pytest.mark.parametrize("parts", [1, 4])
async def test_cancelled_transfer_leaves_no_file(
    store: Store, folder: Path, name: str, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    stalled = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stall(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "hub" or (seen.kind == "get" and not seen.number):
            return None
        loop.call_soon_threadsafe(stalled.set)
        return Act(stall=500_000)

    store.plan = (
        stall if parts == 4 or "send" in name or name == "packed" else stall_first(loop, stalled)
    )
    source = folder / "source"
    source.write_bytes(LARGE)
    async with session() as own:
        hub = AsyncBitfountHub(own, store.url)
        arguments: dict[str, Any] = {
            "get_weights": lambda: hub.get_weights(*BOB, parts_at_once=parts),
            "download_weights": lambda: hub.download_weights(
                *BOB, folder / "w.pt", parts_at_once=parts
            ),
            "send_weights": lambda: hub.send_weights("Net", 1, source, parts_at_once=parts),
            "packed": lambda: hub.send_weights(
                "Net", 1, source, parts_at_once=parts, compress=True
            ),
        }
        others = asyncio.all_tasks()
        task = asyncio.create_task(arguments[name]())
        await asyncio.wait_for(stalled.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == others
        assert names(folder) == {"source"}
        assert threads() == []
        (pool,) = own._connections._of_loops.values()
        assert isinstance(pool, AsyncPool)
        assert pool._active == set()


def stall_first(loop: asyncio.AbstractEventLoop, stalled: asyncio.Event) -> Any:
    def stall(seen: ReceivedRequest) -> Act | None:
        if seen.kind != "get":
            return None
        loop.call_soon_threadsafe(stalled.set)
        return Act(stall=500_000)

    return stall


def test_interrupted_download_leaves_no_file(store: Store, folder: Path) -> None:
    """Interrupt a transfer as Ctrl-C does: by a signal in the main thread."""

    def interrupt(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and seen.number == 4:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return Act(stall=1000)
        return None

    store.plan = interrupt
    # The store sends nothing more from now on; the interrupt must not wait for it.
    with session(timeout=600) as own, pytest.raises(KeyboardInterrupt):
        BitfountHub(own, store.url).download_weights(*BOB, folder / "w.pt")
    assert names(folder) == set()
    assert threads() == []


@pytest.mark.parametrize("kind", ["get", "part"])
def test_failure_does_not_wait_for_a_silent_part(
    call: Caller, store: Store, folder: Path, kind: str
) -> None:
    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind != kind:
            return None
        number = seen.number if kind == "part" else seen.number - 1
        return {0: Act(stall=1000), 1: Act(stall=500_000), 2: Act(status=404)}.get(number)

    store.plan = plan
    source = folder / "source"
    source.write_bytes(LARGE)
    options = {"timeout": 600.0}
    if kind == "part":
        with pytest.raises(ModelUploadError, match="404"):
            call("send_weights", "Net", 1, source, options=options)
    else:
        with pytest.raises(HTTPError, match="404"):
            call("download_weights", *BOB, folder / "w.pt", options=options)
    assert threads() == []


def test_upload_of_a_missing_source_raises(call: Caller, folder: Path) -> None:
    with pytest.raises(ModelUploadError, match="No such file"):
        call("send_weights", "Net", 1, folder / "none")
