"""Weights and models are written to files that the user has opened, when they are complete."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.store import Act, ReceivedRequest, Store
from support.transfers import Caller

from bitfount_api import APIKeysHandler, AsyncBitfountHub, BitfountSession, WrittenDownload
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import (
    ConnectError,
    HTTPError,
    ModelValidationError,
    TransferError,
)
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

pytestmark = pytest.mark.usefixtures("no_temporary_files")

MIB = 1024 * 1024
LARGE = os.urandom(20 * MIB + 12_345)
BOB = ("bob", "Net", 1)
MODEL = b"# a model\r\nclass Net: pass\r\n"


@pytest.fixture
def store(store: Store) -> Store:
    store.weights = LARGE
    store.code = MODEL
    return store


def written(data: bytes) -> WrittenDownload:
    return WrittenDownload(len(data), hashlib.sha256(data).hexdigest())


class Slow(io.RawIOBase):
    """A raw file that takes a few bytes at a time."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.data += bytes(data[:100_000])
        return min(len(data), 100_000)


class Full(io.BytesIO):
    """A file that is full after some bytes."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > 8 * MIB:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_weights_are_written_from_the_position(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    states: list[Any] = []
    with path.open("wb") as file:
        file.write(b"header")
        found = call("download_weights", *BOB, file, progress=lambda *state: states.append(state))
        assert found == written(LARGE)
        assert not file.closed
        assert file.tell() == 6 + len(LARGE)
        assert path.read_bytes() == b"header" + LARGE  # flushed
    assert states[-1] == (len(LARGE), len(LARGE), "Net.weights")


def test_weights_are_written_to_a_slow_file(call: Caller, store: Store) -> None:
    store.weights = LARGE[: 2 * MIB]
    file = Slow()
    assert call("download_weights", *BOB, file) == written(store.weights)
    assert file.data == store.weights


def test_object_with_write_alone_is_written_to(call: Caller) -> None:
    class Writer:
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.parts.append(data)

    file = Writer()
    assert call("download_weights", *BOB, file) == written(LARGE)
    assert b"".join(file.parts) == LARGE


def test_weights_of_a_model_with_a_long_name_are_written(call: Caller) -> None:
    labels: list[str] = []
    file = io.BytesIO()
    call("download_weights", "bob", "N" * 255, 1, file, progress=lambda *s: labels.append(s[2]))
    assert file.getvalue() == LARGE
    assert set(labels) == {f"{'N' * 255}.weights"}


def test_compressed_weights_are_written_decompressed(call: Caller, store: Store) -> None:
    packer = Compressor(len(LARGE))
    store.weights = packer.feed(LARGE) + packer.finish()
    file = io.BytesIO()
    assert call("download_weights", *BOB, file) == written(LARGE)
    assert file.getvalue() == LARGE


def test_missing_weights_leave_the_file_as_it_is(call: Caller, store: Store) -> None:
    store.weights, store.code = None, b""
    file = io.BytesIO(b"before")
    assert call("download_weights", *BOB, file) is None
    assert call("download_model", *BOB, file) is None
    assert file.getvalue() == b"before"


def test_interrupted_download_writes_all_bytes(call: Caller, store: Store) -> None:
    store.plan = lambda seen: Act(cut=MIB // 2) if seen.kind == "get" and seen.number < 3 else None
    file = io.BytesIO()
    assert call("download_weights", *BOB, file) == written(LARGE)
    assert file.getvalue() == LARGE


def test_failed_download_writes_nothing(call: Caller, store: Store) -> None:
    store.plan = lambda seen: Act(cut=0) if seen.kind == "get" and seen.number > 2 else None
    file = io.BytesIO(b"before")
    with pytest.raises(ConnectError):
        call("download_weights", *BOB, file)
    assert (file.getvalue(), file.tell()) == (b"before", 0)


def test_file_that_cannot_be_written_raises(call: Caller) -> None:
    with pytest.raises(
        TransferError, match=r"No space left on device; what it holds is incomplete"
    ):
        call("download_weights", *BOB, Full())


@pytest.mark.parametrize("count", [0, -1, True, MIB + 1, "1"])
def test_wrong_count_of_written_bytes_raises(call: Caller, count: Any) -> None:
    class Writer:
        calls = 0

        def write(self, data: bytes) -> Any:
            self.calls += 1
            assert self.calls == 1
            return count

    with pytest.raises(TransferError, match=r"written: write\(\) returned .* for 1,048,576 bytes"):
        call("download_weights", *BOB, Writer())


def test_count_of_another_library_is_accepted(call: Caller) -> None:
    class Counting(io.BytesIO):
        def write(self, data: Any, /) -> Any:
            return np.int64(super().write(data))

    file = Counting()
    assert call("download_weights", *BOB, file) == written(LARGE)
    assert file.getvalue() == LARGE


async def test_cancelled_write_is_left_behind(store: Store) -> None:
    writing, released = threading.Event(), threading.Event()

    class Blocked(io.BytesIO):
        def write(self, data: Any, /) -> int:
            writing.set()
            released.wait()
            return len(data)

    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        hub = AsyncBitfountHub(session, store.url)
        task = asyncio.create_task(hub.download_weights(*BOB, Blocked()))
        await asyncio.to_thread(writing.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    released.set()


# --- Models --------------------------------------------------------------------------------------


def test_model_is_written_when_its_hash_is_right(call: Caller, store: Store) -> None:
    file = io.BytesIO()
    code = MODEL.replace(b"\r", b"")
    assert call("download_model", *BOB, file) == written(code)
    assert file.getvalue() == code

    def swap(seen: ReceivedRequest) -> None:
        if seen.kind == "get":
            store.code = MODEL + b"import os"

    store.plan = swap
    with pytest.raises(ModelValidationError, match="differs from the published code"):
        call("download_model", *BOB, file)
    assert file.getvalue() == code


def test_model_that_cannot_be_written_raises(call: Caller) -> None:
    file = Full()
    file.seek(8 * MIB)
    with pytest.raises(TransferError, match="the file object cannot be written: No space left"):
        call("download_model", *BOB, file)


# --- What is refused -----------------------------------------------------------------------------


def closed_file() -> io.BytesIO:
    file = io.BytesIO()
    file.close()
    return file


class AsyncFile:
    async def write(self, data: bytes) -> int:
        raise AssertionError


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "text": (io.StringIO(), TypeError, "is a file in text mode: open it in binary mode, with"),
    "async": (AsyncFile(), TypeError, "is a file for async code; pass its path"),
    "closed": (closed_file(), ValueError, "is a closed file"),
    "none": (None, TypeError, "must be a path or a binary file, not a NoneType"),
    "bytes": (b"w.pt", TypeError, "must be a path or a binary file, not a bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_targets_are_refused_unsent(call: Caller, store: Store, case: str) -> None:
    value, kind, text = REFUSED[case]
    for name in ("download_weights", "download_model"):
        with pytest.raises(kind, match=f"^path {text}"):
            call(name, *BOB, value)
    assert store.seen == []


def test_file_open_for_reading_is_refused(call: Caller, store: Store) -> None:
    with (
        open(__file__, "rb") as file,
        pytest.raises(ValueError, match=r"^path is not open for writing: .*open\(path, 'wb'\)"),
    ):
        call("download_weights", *BOB, file)
    assert store.seen == []


# --- The sandbox ---------------------------------------------------------------------------------


def test_sandbox_fault_writes_nothing(bitfount_sandbox: SandboxClients) -> None:
    hub = bitfount_sandbox.hub("alice")
    hub.send_model(b"from bitfount_api import BitfountModel\nclass Net(BitfountModel): ...\n")
    hub.send_weights("Net", 1, LARGE)
    file, storage = io.BytesIO(), "*/weights/alice/Net/1"
    bitfount_sandbox.sandbox.fail(storage, Fault(status=404), service="storage")
    with pytest.raises(HTTPError):
        hub.download_weights("alice", "Net", 1, file)
    assert file.getvalue() == b""
    bitfount_sandbox.sandbox.fail(storage, Fault(reset_after=MIB // 2), service="storage")
    assert hub.download_weights("alice", "Net", 1, file) == written(LARGE)
    assert file.getvalue() == LARGE
