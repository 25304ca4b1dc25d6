"""Weights and models are sent from bytes and from files that the user has opened."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from support.store import EXPIRED, Act, ReceivedRequest, Store
from support.transfers import Caller

from bitfount_api import APIKeysHandler, AsyncBitfountHub, BitfountSession, config
from bitfount_api._internal.open_files import write_all
from bitfount_api._transfer.frames import MAGIC
from bitfount_api.exceptions import ModelTooLargeError, ModelUploadError, ModelValidationError
from bitfount_api.hashes import hash_contents
from bitfount_api.pytest_plugin import SandboxClients

pytestmark = pytest.mark.usefixtures("no_temporary_files")

MIB = 1024 * 1024
LARGE = os.urandom(6 * MIB + 12_345)
SMALL = os.urandom(100_000)
MODEL = b"from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
SIZES = pytest.mark.parametrize("weights", [SMALL, LARGE], ids=["form", "parts"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.pt"


class Pipe:
    """A pipe into which a thread writes."""

    def __init__(self, data: bytes) -> None:
        self._reader, writer = os.pipe()
        self._thread = threading.Thread(target=self._write, args=(writer, data))

    @staticmethod
    def _write(writer: int, data: bytes) -> None:
        try:
            write_all(writer, data)
        except BrokenPipeError:
            pass  # the test reads no more
        finally:
            os.close(writer)

    def __enter__(self) -> io.BufferedReader:
        self._thread.start()
        self.file = open(self._reader, "rb")
        return self.file

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._thread.join()


class Unreadable(io.BytesIO):
    """A file that fails after some bytes."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self.error
        return super().read(size)


# --- What is sent --------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_sent(call: Caller, store: Store, weights: bytes, kind: Any) -> None:
    labels: list[str] = []
    call("send_weights", "Net", 1, kind(weights), progress=lambda *state: labels.append(state[2]))
    assert store.uploaded["stored"] == weights
    assert set(labels) == {"Net-1.weights"}


@SIZES
@pytest.mark.parametrize("buffering", [0, -1])
def test_open_file_is_sent_from_its_position(
    call: Caller, store: Store, path: Path, weights: bytes, buffering: int
) -> None:
    path.write_bytes(b"header" + weights)
    labels: list[str] = []
    with path.open("rb", buffering=buffering) as file:
        assert file.read(6) == b"header"
        call("send_weights", "Net", 1, file, progress=lambda *state: labels.append(state[2]))
        assert not file.closed
        assert file.tell() == 6 + len(weights)
    assert store.uploaded["stored"] == weights
    assert set(labels) == {"w.pt"}


@SIZES
def test_file_that_cannot_seek_is_sent(call: Caller, store: Store, weights: bytes) -> None:
    with Pipe(weights) as file:
        call("send_weights", "Net", 1, file)
        assert not file.closed
    assert store.uploaded["stored"] == weights


def test_file_without_a_known_end_is_sent(call: Caller, store: Store, path: Path) -> None:
    path.write_bytes(gzip.compress(SMALL))
    with gzip.open(path) as file:
        call("send_weights", "Net", 1, file)
        assert file.read() == b""
    assert store.uploaded["stored"] == SMALL


def test_object_with_read_alone_is_sent(call: Caller, store: Store) -> None:
    class Reader:
        left = SMALL

        def read(self, size: int) -> bytes:
            chunk, self.left = self.left[:size], self.left[size:]
            return chunk

    call("send_weights", "Net", 1, Reader())
    assert store.uploaded["stored"] == SMALL


@pytest.mark.parametrize("can_seek", [True, False])
def test_file_object_is_compressed(call: Caller, store: Store, can_seek: bool) -> None:
    weights = SMALL + bytes(6 * MIB)
    if can_seek:
        call("send_weights", "Net", 1, io.BytesIO(weights), compress=True)
    else:
        with Pipe(weights) as file:
            call("send_weights", "Net", 1, file, compress=True)
    assert store.uploaded["stored"].startswith(MAGIC)
    assert len(store.uploaded["stored"]) < len(weights) / 2


# --- Faults --------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize("act", [Act(status=503), Act(cut=70_000)], ids=["status", "cut"])
@pytest.mark.parametrize("can_seek", [True, False])
def test_repeated_request_reads_from_the_start(
    call: Caller, store: Store, weights: bytes, act: Act, can_seek: bool
) -> None:
    store.plan = lambda seen: act if seen.kind != "hub" and seen.number == 0 else None
    if can_seek:
        file = io.BytesIO(b"header" + weights)
        file.seek(6)
        call("send_weights", "Net", 1, file)
        assert file.tell() == 6 + len(weights)
    else:
        with Pipe(weights) as pipe:
            call("send_weights", "Net", 1, pipe)
    assert store.uploaded["stored"] == weights
    sent = store.of_kind("form" if weights is SMALL else "part")
    assert len(sent) == (2 if weights is SMALL else 8)


@SIZES
def test_new_urls_are_sent_the_same_bytes(call: Caller, store: Store, weights: bytes) -> None:
    expired = Act(status=403, text=EXPIRED)
    store.plan = lambda seen: expired if seen.kind != "hub" and seen.number == 0 else None
    call("send_weights", "Net", 1, io.BytesIO(weights))
    assert store.uploaded["stored"] == weights


@SIZES
def test_failure_restores_the_position(call: Caller, store: Store, weights: bytes) -> None:
    store.plan = lambda seen: Act(status=400) if seen.kind != "hub" else None
    file = io.BytesIO(b"header" + weights)
    file.seek(6)
    with pytest.raises(ModelUploadError, match=r"Net-1\.weights could not be stored"):
        call("send_weights", "Net", 1, file)
    assert file.tell() == 6
    store.plan = lambda _: None
    call("send_weights", "Net", 1, file)
    assert store.uploaded["stored"] == weights


def test_file_truncated_meanwhile_raises(call: Caller, store: Store) -> None:
    file = io.BytesIO(LARGE)

    def truncate(seen: ReceivedRequest) -> None:
        if seen.kind == "part":
            file.truncate(0)

    store.plan = truncate
    with pytest.raises(ModelUploadError, match="was truncated while it was sent"):
        call("send_weights", "Net", 1, file, parts_at_once=1)


def test_file_that_cannot_be_read_raises(call: Caller, store: Store) -> None:
    with pytest.raises(ModelUploadError, match="cannot be read: Input/output error"):
        call("send_weights", "Net", 1, Unreadable(LARGE, OSError(5, "Input/output error")))
    assert store.uploaded == {}


@pytest.mark.parametrize("compress", [False, True])
def test_damaged_compressed_file_raises(call: Caller, store: Store, compress: bool) -> None:
    packed = bytearray(gzip.compress(bytes(MIB) + SMALL))
    truncated = gzip.GzipFile(fileobj=io.BytesIO(packed[:-1000]))
    packed[10] |= 0b110  # no type of a block, after the header
    for file in (truncated, gzip.GzipFile(fileobj=io.BytesIO(packed))):
        with pytest.raises(ModelUploadError, match=r"cannot be read: .*(ended before|Error -3)"):
            call("send_weights", "Net", 1, file, compress=compress)
    assert store.seen == []


def test_file_that_moves_before_it_fails_is_sent_whole(call: Caller, store: Store) -> None:
    class Moving(io.BytesIO):
        """A file that cannot find its end, and is at another position afterwards."""

        def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
            if whence == os.SEEK_END:
                super().seek(len(SMALL) // 2)
                raise OSError(95, "not supported")
            return super().seek(offset, whence)

    call("send_weights", "Net", 1, Moving(SMALL))
    assert store.uploaded["stored"] == SMALL


def test_seekable_file_with_a_missing_end_raises(call: Caller, store: Store) -> None:
    with pytest.raises(ModelUploadError, match="cannot be read: the end is missing"):
        call("send_weights", "Net", 1, Unreadable(LARGE, EOFError("the end is missing")))
    assert store.uploaded == {}


def test_error_of_a_users_file_is_raised(call: Caller, store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        call("send_weights", "Net", 1, Unreadable(LARGE, ZeroDivisionError()))
    assert store.uploaded == {}


def test_pipe_over_the_limit_is_not_read_to_its_end(
    call: Caller, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "MAX_WEIGHTS_BYTES", 2 * MIB)
    with (
        Pipe(LARGE) as file,
        pytest.raises(
            ModelTooLargeError, match="has over 2,097,152 bytes; the Hub accepts 2,097,152"
        ),
    ):
        call("send_weights", "Net", 1, file)
    assert store.seen == []


async def test_waiting_for_a_pipe_can_be_cancelled(store: Store) -> None:
    reader, writer = os.pipe()
    with open(reader, "rb") as file, open(writer, "wb") as other_end:
        reading = threading.Event()

        class Reader:
            def read(self, size: int) -> bytes:
                reading.set()
                return file.read(size)

        async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
            hub = AsyncBitfountHub(session, store.url)
            task = asyncio.create_task(hub.send_weights("Net", 1, Reader()))  # type: ignore[arg-type]
            await asyncio.to_thread(reading.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        other_end.close()  # ends the thread
    assert store.seen == []


# --- What is refused -----------------------------------------------------------------------------


class Duck:
    """A file in text mode that nothing but its contents shows."""

    def read(self, size: int = -1) -> str:
        return "text"


class AsyncFile:
    async def read(self, size: int = -1) -> bytes:
        raise AssertionError


def closed_file() -> io.BytesIO:
    file = io.BytesIO(SMALL)
    file.close()
    return file


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "text": (io.StringIO("x"), TypeError, "is a file in text mode: open it in binary mode, with"),
    "duck": (Duck(), TypeError, "is a file in text mode"),
    "async": (AsyncFile(), TypeError, "is a file for async code; pass its path"),
    "closed": (closed_file(), ValueError, "is a closed file"),
    "none": (None, TypeError, "must be a path, bytes or a binary file, not a NoneType"),
    "number": (3, TypeError, "must be a path, bytes or a binary file, not a int"),
    "list": ([b"x"], TypeError, "must be a path, bytes or a binary file, not a list"),
    "class": (Duck, TypeError, "must be a path, bytes or a binary file, not a class"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_arguments_are_refused_unsent(call: Caller, store: Store, case: str) -> None:
    value, kind, text = REFUSED[case]
    with pytest.raises(kind, match=f"^pretrained_file_path {text}"):
        call("send_weights", "Net", 1, value)
    with pytest.raises(kind, match=f"^model_code_path {text}"):
        call("send_model", value)
    assert store.seen == []


def test_files_of_other_modes_are_refused(call: Caller, store: Store, path: Path) -> None:
    with (
        path.open("wb") as file,
        pytest.raises(ValueError, match=r"^pretrained_file_path is not open for reading"),
    ):
        call("send_weights", "Net", 1, file)
    with path.open() as file, pytest.raises(TypeError, match="is a file in text mode"):
        call("send_weights", "Net", 1, file)
    with (
        tempfile.NamedTemporaryFile("r") as wrapper,
        pytest.raises(TypeError, match="is a file in text mode"),
    ):
        call("send_weights", "Net", 1, wrapper)
    assert store.seen == []


def test_empty_weights_are_refused_unsent(call: Caller, store: Store) -> None:
    with Pipe(b"") as pipe:
        for file in (b"", io.BytesIO(), pipe):
            with pytest.raises(ModelUploadError, match="is empty") as raised:
                call("send_weights", "Net", 1, file)
    assert "seek" not in str(raised.value)  # a pipe cannot
    assert store.seen == []


def test_file_read_to_its_end_says_what_to_do(call: Caller, store: Store) -> None:
    file = io.BytesIO(SMALL)
    file.read()
    with pytest.raises(ModelUploadError, match=r"was read to its end: call seek\(0\) first"):
        call("send_weights", "Net", 1, file)
    assert file.tell() == len(SMALL)
    assert store.seen == []


# --- Models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bytes", "file", "pipe"])
def test_model_is_named_after_its_class(call: Caller, store: Store, kind: str) -> None:
    code = MODEL.replace(b"\n", b"\r\n")
    if kind == "pipe":
        with Pipe(code) as pipe:
            call("send_model", pipe)
    else:
        file = io.BytesIO(b"header" + code)
        file.seek(6)
        call("send_model", code if kind == "bytes" else file)
        assert kind == "bytes" or file.tell() == 6 + len(code)
    assert store.uploaded["stored"] == MODEL
    (request, _) = store.seen
    assert f'"modelHash":"{hash_contents(MODEL)}"'.encode() in request.body.replace(b" ", b"")
    assert b'"modelName":"Net"' in request.body.replace(b" ", b"")
    assert b'filename="Net.py"' in store.of_kind("form")[0].body


BASE = b"from bitfount_api import BitfountModel\nfrom other import Other\n"
UNNAMED = {
    b"x = 1": "it defines no class",
    b"class Net(BitfountModel): ...\nclass Other2(BitfountModel): ...": "it has 2 model classes",
    b"class A(Other): ...\nclass B(Other): ...": "does not show which class is the model.*A, B",
    b"exec('class Net(BitfountModel): ...')": "does not show which class is the model",
    b"def f(": "line 3: not valid Python",
    b"# \xff": "is not UTF-8 text",
    b"": "is empty",
}


@pytest.mark.parametrize("code", UNNAMED, ids=UNNAMED.get)
def test_model_without_a_certain_name_is_refused(call: Caller, store: Store, code: bytes) -> None:
    source = BASE + code if code else b""
    file = io.BytesIO(source)
    for given in (source, file):
        with pytest.raises(ModelValidationError) as caught:
            call("send_model", given)
        assert re.match(f"(model_code_path|the model).*{UNNAMED[code]}", str(caught.value))
    assert file.tell() == 0
    assert store.seen == []


@pytest.mark.parametrize("kind", ["bytes", "file", "pipe"])
def test_model_over_the_limit_is_refused(call: Caller, store: Store, kind: str) -> None:
    code = b"#" * (2 * config.MAX_MODEL_BYTES + 5 * MIB)
    with Pipe(code) as pipe, pytest.raises(ModelTooLargeError, match="the Hub accepts 3,145,728"):
        call("send_model", {"bytes": code, "file": io.BytesIO(code), "pipe": pipe}[kind])
    assert store.seen == []


# --- The sandbox ---------------------------------------------------------------------------------


def test_sandbox_stores_what_file_objects_hold(bitfount_sandbox: SandboxClients) -> None:
    hub = bitfount_sandbox.hub("alice")
    hub.send_model(MODEL)
    assert hub.get_model_code("alice", "Net") == MODEL.decode()
    file = io.BytesIO(LARGE)
    hub.send_weights("Net", 1, file)
    assert hub.get_weights("alice", "Net", 1) == LARGE
    with Pipe(SMALL) as pipe:
        hub.send_weights("Net", 1, pipe)
    assert hub.get_weights("alice", "Net", 1) == SMALL
