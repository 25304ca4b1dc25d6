"""Weights are read as a stream, complete or with an error, from a store that breaks off."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Self

import pytest
from support.store import EXPIRED, Act, ReceivedRequest, Store
from support.transfers import QUICK

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSession,
    RetryPolicy,
)
from bitfount_api._transfer.stream_window import WINDOW_BYTES
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import ConnectError, HTTPError, RequestTimeout, TransferError
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

zstd = importlib.import_module(
    "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
)

MIB = 1024 * 1024
LARGE = os.urandom(20 * MIB + 12_345)
BOB = ("bob", "Net", 1)
ONCE = RetryPolicy(retries=0)


def skippable(size: int) -> bytes:
    """Return a frame without contents, which may precede compressed weights."""
    return b"\x50\x2a\x4d\x18" + size.to_bytes(4, "little") + bytes(size)


class Reader:
    """A stream of one client, which is read step by step.

    Args:
        url: URL of the Hub.
        asynchronous: Whether to use the async client.
    """

    def __init__(self, url: str, *, asynchronous: bool) -> None:
        self._asynchronous = asynchronous
        self._runner = asyncio.Runner()
        self._session = BitfountSession(APIKeysHandler("id", "key", "alice"))
        kind: Any = AsyncBitfountHub if asynchronous else BitfountHub
        self.hub = kind(self._session, url)
        self.stream: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.stream is not None:
            self.close()
        self._runner.run(self._session.aclose())
        self._runner.close()

    def run(self, of: Any) -> Any:
        return self._runner.run(of) if self._asynchronous else of

    def open(self, options: dict[str, Any] | None = None, **named: Any) -> Self:
        hub = self.hub.with_options(**{"retry": QUICK, "timeout": 20.0, **(options or {})})
        self.stream = self.run(hub.stream_weights(*BOB, **named))
        return self

    def next(self) -> bytes | None:
        """Return the next chunk; None at the end."""
        try:
            if self._asynchronous:
                return bytes(self.run(anext_of(self.stream)))
            return bytes(next(self.stream))
        except (StopIteration, StopAsyncIteration):
            return None

    def rest(self) -> bytes:
        chunks = list(iter(self.next, None))
        assert all(0 < len(chunk) <= MIB for chunk in chunks)
        return b"".join(chunks)

    def close(self) -> None:
        self.run(self.stream.aclose() if self._asynchronous else self.stream.close())

    def check(self, weights: bytes) -> None:
        """Check that the rest of the stream are all bytes, and what is known then."""
        assert self.rest() == weights
        assert self.stream.size == len(weights)
        assert self.stream.sha256 == hashlib.sha256(weights).hexdigest()
        assert self.next() is None
        assert self.stream._reader._window._file.closed


async def anext_of(stream: Any) -> Any:
    return await anext(stream)


@pytest.fixture
def store(store: Store) -> Store:
    store.weights = LARGE
    return store


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def reader(request: pytest.FixtureRequest, store: Store) -> Iterator[Reader]:
    with Reader(store.url, asynchronous=request.param) as reader:
        yield reader


def packed(weights: bytes) -> bytes:
    packer = Compressor(len(weights))
    return packer.feed(weights) + packer.finish()


def at(number: int, act: Act) -> Any:
    """Return a plan for the request with that number to the store."""
    return lambda seen: act if seen.kind == "get" and seen.number == number else None


# --- Complete streams ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, MIB, WINDOW_BYTES, WINDOW_BYTES + 1, len(LARGE)])
def test_weights_of_any_size_are_streamed(reader: Reader, store: Store, size: int) -> None:
    store.weights = LARGE[:size]
    reader.open().check(LARGE[:size])


def test_stream_requests_windows_of_one_object(reader: Reader, store: Store) -> None:
    reader.open()
    assert store.of_kind("get") == []
    reader.check(LARGE)
    requests = store.of_kind("get")
    named = {name for seen in requests for name in seen.headers}
    ends = [WINDOW_BYTES, 2 * WINDOW_BYTES, len(LARGE)]
    assert [seen.range for seen in requests] == list(zip([0, *ends], ends, strict=False))
    assert not {"x-api-key", "x-api-key-id", "authorization", "cookie"} & named
    assert all("if-range" in seen.headers for seen in requests[1:])
    assert store.connections == 1


def test_missing_weights_are_none(reader: Reader, store: Store) -> None:
    store.weights = None
    assert reader.open().stream is None


@pytest.mark.parametrize("skipped", [100, 3 * MIB])
@pytest.mark.parametrize("size", [100, len(LARGE)])
def test_compressed_weights_are_streamed_decompressed(
    reader: Reader, store: Store, size: int, skipped: int
) -> None:
    store.weights = skippable(skipped) + packed(LARGE[:size])
    reader.open().check(LARGE[:size])


@pytest.mark.parametrize(
    "weights",
    [
        *(skippable(100), skippable(100) + b"other", b"\x28\xb5\x2f", b"abc"),
        *(skippable(3 * MIB), skippable(3 * MIB) + b"other" * 10),
    ],
    ids=lambda weights: str(len(weights)),
)
def test_weights_that_look_compressed_are_unchanged(
    reader: Reader, store: Store, weights: bytes
) -> None:
    store.weights = weights
    reader.open().check(weights)


def test_hash_is_known_at_the_end_only(reader: Reader) -> None:
    reader.open()
    for _ in range(2):
        for name in ("size", "sha256"):
            with pytest.raises(ValueError, match=f"the stream has no {name} before it has been"):
                getattr(reader.stream, name)
        assert "not read to its end" in repr(reader.stream)
        reader.next()
    reader.rest()
    assert repr(reader.stream).endswith("WeightsStream: read>")


# --- Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2])
def test_broken_stream_continues_at_its_position(reader: Reader, store: Store, number: int) -> None:
    store.plan = at(number, Act(cut=3 * MIB + 1))
    reader.open().check(LARGE)
    requests = store.of_kind("get")
    assert len(requests) == 4
    start = number * WINDOW_BYTES + 3 * MIB + 1
    end = min((number + 1) * WINDOW_BYTES, len(LARGE))
    assert requests[number + 1].range == (start, end)


def test_failure_is_raised_and_can_be_repeated(reader: Reader, store: Store) -> None:
    store.plan = at(1, Act(cut=MIB + 1))
    reader.open({"retry": ONCE})
    received = b"".join(filter(None, (reader.next() for _ in range(8))))
    with pytest.raises(ConnectError):
        reader.next()
    with pytest.raises(ValueError, match="the stream has no sha256"):
        _ = reader.stream.sha256
    assert received == LARGE[:WINDOW_BYTES]
    assert reader.rest() == LARGE[WINDOW_BYTES:]
    assert reader.stream.sha256 == hashlib.sha256(LARGE).hexdigest()


def test_repeated_failures_end_the_stream(reader: Reader, store: Store) -> None:
    store.plan = lambda seen: Act(cut=0) if seen.kind == "get" and seen.number else None
    reader.open()
    with pytest.raises(ConnectError):
        reader.rest()
    assert len(store.of_kind("get")) == 4


@pytest.mark.parametrize("status", [500, 503])
def test_transient_error_of_the_store_is_retried(reader: Reader, store: Store, status: int) -> None:
    store.plan = at(1, Act(status=status))
    reader.open().check(LARGE)


def test_expired_url_is_renewed_for_the_rest(reader: Reader, store: Store) -> None:
    def plan(seen: ReceivedRequest) -> Act | None:
        is_old = seen.query.get("X-Amz-Signature") == "SECRET1"
        return Act(status=403, text=EXPIRED) if is_old and seen.number else None

    store.plan = plan
    reader.open().check(LARGE)
    assert len(store.of_kind("hub")) == 2
    assert len(store.of_kind("get")) == 4


def test_refusal_of_the_store_is_raised(reader: Reader, store: Store) -> None:
    store.plan = at(1, Act(status=404))
    reader.open()
    with pytest.raises(HTTPError, match="404"):
        reader.rest()


def test_object_that_changes_at_first_is_read_again(reader: Reader, store: Store) -> None:
    other = LARGE[::-1]

    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and seen.number == 1:
            store.weights = other
        return Act(cut=MIB) if seen.kind == "get" and seen.number == 0 else None

    store.plan = plan
    reader.open().check(other)


@pytest.mark.parametrize("why", ["changed", "no ranges"])
def test_object_that_changes_later_is_an_error(reader: Reader, store: Store, why: str) -> None:
    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and seen.number == 1:
            if why == "no ranges":
                return Act(whole=True)
            store.weights = LARGE[::-1]
        return None

    store.plan = plan
    reader.open()
    with pytest.raises(TransferError, match="the weights changed while they were read"):
        reader.rest()
    with pytest.raises(TransferError, match="the stream has failed before"):
        reader.next()
    assert len(store.of_kind("get")) == 2


@pytest.mark.parametrize("size", [MIB, len(LARGE)])
def test_store_without_ranges_is_read_from_disk(reader: Reader, store: Store, size: int) -> None:
    store.weights = LARGE[:size]
    store.plan = lambda seen: Act(whole=True) if seen.kind == "get" else None
    reader.open().check(LARGE[:size])
    assert len(store.of_kind("get")) == 1


@pytest.mark.parametrize("cut", [3 * MIB, WINDOW_BYTES + MIB])
@pytest.mark.parametrize("etag", [None, ""])
def test_failure_without_ranges_can_be_repeated(
    reader: Reader, store: Store, cut: int, etag: str | None
) -> None:
    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind != "get":
            return None
        return Act(whole=True, etag=etag, cut=cut if seen.number < 2 else None)

    store.plan = plan
    reader.open({"retry": ONCE})
    for _ in range(2):
        with pytest.raises(ConnectError):
            reader.next()
    reader.check(LARGE)


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_store_without_etag_is_read_from_disk(reader: Reader, store: Store, etag: str) -> None:
    store.plan = lambda seen: Act(etag=etag) if seen.kind == "get" else None
    reader.open().check(LARGE)


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_damaged_compressed_weights_are_an_error(reader: Reader, store: Store, damage: str) -> None:
    data = bytearray(packed(LARGE))
    if damage == "flipped":
        data[-1] ^= 1
    store.weights = bytes(data if damage == "flipped" else data[:-5])
    reader.open()
    with pytest.raises(TransferError, match="the compressed object is damaged"):
        reader.rest()
    with pytest.raises(TransferError, match="the stream has failed before"):
        reader.next()


def test_weights_over_the_limit_are_an_error(reader: Reader, store: Store) -> None:
    reader.open(max_bytes=len(LARGE) - 1)
    with pytest.raises(TransferError, match=r"more than the .* bytes allowed"):
        reader.rest()
    store.weights = packed(bytes(len(LARGE)))
    reader.open(max_bytes=len(LARGE) - 1)
    with pytest.raises(TransferError, match="decompresses to more than the"):
        reader.rest()


def test_endless_skippable_frames_are_an_error(reader: Reader, store: Store) -> None:
    store.weights = b"\x50\x2a\x4d\x18" + (2**31).to_bytes(4, "little") + LARGE
    reader.open()
    with pytest.raises(TransferError, match="skippable frames: download them to a file"):
        reader.rest()


def test_deadline_limits_each_chunk(reader: Reader, store: Store) -> None:
    store.plan = at(1, Act(stall=MIB))
    reader.open({"deadline": 1.0})
    with pytest.raises(RequestTimeout):
        reader.rest()
    assert len(store.of_kind("get")) == 2


# --- Streams that are not read to their end ------------------------------------------------------


def test_closed_stream_is_not_read(reader: Reader, store: Store) -> None:
    reader.open()
    reader.next()
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="the stream is closed"):
        reader.next()
    assert len(store.of_kind("get")) == 1


def test_end_of_the_block_closes_the_stream(reader: Reader, store: Store) -> None:
    async def read(stream: Any) -> None:
        async with stream as opened:
            assert opened is stream
            async for _ in opened:
                break

    def read_sync(stream: Any) -> None:
        with stream as opened:
            assert opened is stream
            for _ in opened:
                break

    reader.open()
    reader.run((read if isinstance(reader.hub, AsyncBitfountHub) else read_sync)(reader.stream))
    with pytest.raises(ValueError, match="the stream is closed"):
        reader.next()


def test_abandoned_stream_holds_no_connection(reader: Reader, store: Store) -> None:
    streams = []
    for _ in range(20):
        streams.append(reader.open().stream)
        reader.next()
    assert store.connections == 1
    assert reader.run(reader.hub.get_weights(*BOB, parts_at_once=1)) == LARGE


async def test_cancelled_stream_can_be_read_on(store: Store) -> None:
    arrived = threading.Event()

    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and seen.number == 1:
            arrived.set()
            return Act(stall=3 * MIB)
        return None

    store.plan = plan
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        stream = await AsyncBitfountHub(session, store.url).stream_weights(*BOB)
        assert stream is not None
        received: list[bytes] = []

        async def read() -> None:
            async for chunk in stream:
                received.append(chunk)  # noqa: PERF401 - kept when this is cancelled

        task = asyncio.create_task(read())
        await asyncio.to_thread(arrived.wait)
        with pytest.raises(RuntimeError, match="is being read by another thread or task"):
            await anext(stream)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert b"".join(received) == LARGE[:WINDOW_BYTES]
        await read()
        assert b"".join(received) == LARGE
        assert stream.sha256 == hashlib.sha256(LARGE).hexdigest()


async def test_stream_closed_while_read_is_freed(store: Store) -> None:
    arrived = threading.Event()

    def plan(seen: ReceivedRequest) -> Act | None:
        if seen.kind != "get":
            return None
        arrived.set()
        return Act(stall=MIB)

    store.plan = plan
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        stream = await AsyncBitfountHub(session, store.url).stream_weights(*BOB)
        assert stream is not None
        task = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(arrived.wait)
        await stream.aclose()
        file = stream._reader._window._file
        assert not file.closed
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert file.closed


# --- The sandbox ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault(reset_after=MIB), Fault(truncate_after=MIB)])
def test_sandbox_stream_survives_a_broken_connection(
    bitfount_sandbox: SandboxClients, fault: Fault
) -> None:
    hub = bitfount_sandbox.hub("alice")
    hub.send_model(b"from bitfount_api import BitfountModel\nclass Net(BitfountModel): ...\n")
    hub.send_weights("Net", 1, LARGE, compress=True)
    path = "/*/weights/alice/Net/1"
    bitfount_sandbox.sandbox.fail(path, fault, service="storage", times=2)
    stream = hub.with_options(retry=QUICK).stream_weights("alice", "Net", 1)
    assert stream is not None
    assert b"".join(stream) == LARGE
    assert stream.sha256 == hashlib.sha256(LARGE).hexdigest()
