"""Weights, models and schemas arrive complete in a store that breaks off, damages and refuses."""

from __future__ import annotations

import gc
import hashlib
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpcore
import msgpack
import pytest
from support.rsa_keys import key_pair
from support.store import EXPIRED, Act, ReceivedRequest, Store
from support.transfers import Caller

from bitfount_api import PodPublicMetadata, config
from bitfount_api._transfer.frames import MAGIC
from bitfount_api._transfer.zstd import Decompressor
from bitfount_api.exceptions import (
    HTTPError,
    ModelTooLargeError,
    ModelUploadError,
    ModelValidationError,
    RequestTimeout,
)

MIB = 1024 * 1024
LARGE = os.urandom(6 * MIB + 12_345)
SMALL = os.urandom(100_000)
MODEL = b"from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"


@pytest.fixture
def send(call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send weights, and check that no file is left anywhere."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def send(weights: bytes, **named: Any) -> None:
        path = tmp_path / "w.pt"
        path.write_bytes(weights)
        try:
            call("send_weights", "Net", 1, path, **named)
        finally:
            assert list(temporary.iterdir()) == []

    return send


def unpacked(packed: bytes) -> bytes:
    unpacker = Decompressor(10**9)
    data = b"".join(unpacker.feed(packed))
    unpacker.finish()
    return data


def test_small_objects_are_uploaded_as_one_form(send: Any, store: Store) -> None:
    send(SMALL)
    (form,) = store.of_kind("form")
    assert int(form.headers["content-length"]) == len(form.body)
    assert "transfer-encoding" not in form.headers
    assert not {"x-api-key", "authorization"} & set(form.headers)
    assert "multipartUpload" not in store.of_kind("hub")[0].query
    assert store.uploaded == {"stored": SMALL}


@pytest.mark.parametrize("size", [5 * MIB, 5 * MIB + 1, len(LARGE)])
def test_large_objects_are_uploaded_in_parts(send: Any, store: Store, size: int) -> None:
    send(LARGE[:size])
    assert store.of_kind("hub")[0].query == {"multipartUpload": "true"}
    assert len(store.of_kind("part")) == -(-size // MIB)
    (completed,) = store.completed
    assert completed["objectType"] == "Model"
    assert [part["PartNumber"] for part in completed["parts"]] == [
        *range(1, len(store.of_kind("part")) + 1)
    ]
    assert store.uploaded == {"stored": LARGE[:size]}


def test_multipart_is_requested_from_5_mib(send: Any, store: Store) -> None:
    send(LARGE[: 5 * MIB - 1])
    assert store.of_kind("hub")[0].query == {}


def test_hub_without_multipart_uses_a_form(send: Any, store: Store) -> None:
    store.multipart = False
    send(LARGE)
    assert len(store.of_kind("form")) == 1
    assert store.uploaded == {"stored": LARGE}


def test_parts_are_uploaded_concurrently(send: Any, store: Store) -> None:
    barrier = threading.Barrier(4)

    def meet(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "part" and seen.number < 4:
            barrier.wait(30)  # passes only with four concurrent requests
        return None

    store.plan = meet
    send(LARGE)
    assert store.uploaded == {"stored": LARGE}


@pytest.mark.parametrize("parts", [1, 2])
def test_concurrent_parts_are_limited(send: Any, store: Store, parts: int) -> None:
    send(LARGE, parts_at_once=parts)
    assert store.most_at_once <= parts
    assert store.uploaded == {"stored": LARGE}


@pytest.mark.parametrize(
    "act",
    [Act(cut=1000), Act(status=503, headers={"retry-after": "0"}), Act(etag='"' + "0" * 32 + '"')],
    ids=["cut", "503", "damaged"],
)
@pytest.mark.parametrize("kind", ["part", "form"])
def test_failed_part_is_retried_alone(send: Any, store: Store, act: Act, kind: str) -> None:
    store.multipart = kind == "part"
    store.plan = lambda seen: act if seen.kind == kind and seen.number == 0 else None
    send(LARGE)
    whole = 1 if kind == "form" else 7
    repeated = act.etag is None or kind == "part"  # a form's object may have any ETag
    assert len(store.of_kind(kind)) == whole + repeated
    assert store.uploaded == {"stored": LARGE}


def broken(number: int, act: Act) -> Any:
    return lambda seen: act if seen.path.endswith(f"/{number}") and seen.kind == "part" else None


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (Act(status=500), "500"),
        (Act(cut=10), "the connection broke"),
        (Act(etag='"' + "0" * 32 + '"'), "was damaged during the upload"),
        (Act(etag=""), "no ETag"),
        (Act(status=404), "404"),
    ],
)
def test_a_part_that_fails_is_named(send: Any, store: Store, act: Act, why: str) -> None:
    store.plan = broken(3, act)
    with pytest.raises(ModelUploadError, match=f"part 3 of 7 of w.pt: .*{why}") as caught:
        send(LARGE)
    assert "SECRET" not in str(caught.value)
    assert store.completed == []
    assert len([seen for seen in store.of_kind("part") if seen.path.endswith("/3")]) <= 3


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists open files")
@pytest.mark.parametrize("kind", ["part", "form"])
def test_failed_upload_closes_the_file(send: Any, store: Store, kind: str) -> None:
    def files() -> list[str]:
        found: list[str] = []
        for path in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # the store closes its own at any time
                found.append(str(path.readlink()))
        return [path for path in found if path.endswith("w.pt")]

    store.multipart = kind == "part"
    store.plan = lambda seen: Act(cut=200_000) if seen.kind == kind else None
    gc.disable()
    try:
        with pytest.raises(ModelUploadError) as caught:
            send(LARGE)
        assert files() == []
    finally:
        gc.enable()
    del caught


def test_second_upload_starts_again(send: Any, store: Store) -> None:
    store.plan = broken(3, Act(status=404))
    with pytest.raises(ModelUploadError):
        send(LARGE)
    store.plan = lambda _: None
    send(LARGE)
    # Select by path: the store may receive parts of the aborted upload only now.
    second = [seen.path for seen in store.of_kind("part") if "/upload2/" in seen.path]
    assert sorted(second) == [f"/part/upload2/{number}" for number in range(1, 8)]
    assert store.uploaded == {"stored": LARGE}


def test_etags_other_than_md5_are_not_compared(send: Any, store: Store) -> None:
    store.plan = lambda seen: Act(etag='"AbC-encrypted"') if seen.kind == "part" else None
    send(LARGE)
    assert {part["ETag"] for part in store.completed[0]["parts"]} == {"AbC-encrypted"}


@pytest.mark.parametrize("kind", ["part", "form"])
def test_expired_urls_are_renewed_once(send: Any, store: Store, kind: str) -> None:
    store.multipart = kind == "part"
    first = Act(status=403, text=EXPIRED)
    store.plan = lambda seen: first if seen.kind == kind and seen.number == 0 else None
    send(LARGE)
    assert store.uploaded == {"stored": LARGE}
    store.plan = lambda seen: first if seen.kind == kind else None
    with pytest.raises(ModelUploadError, match="Request has expired"):
        send(LARGE)


def test_rejection_by_the_hub_is_not_retried(send: Any, store: Store) -> None:
    store.plan = lambda seen: Act(status=403) if seen.kind == "hub" else None
    with pytest.raises(ModelUploadError, match="403"):
        send(SMALL)
    assert len(store.seen) == 1


@pytest.mark.parametrize("chunk_size", [10 * MIB, 512 * 1024, 0])
def test_url_count_that_does_not_match_the_parts_raises(
    send: Any, store: Store, chunk_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.hub

    def other(seen: ReceivedRequest) -> Any:
        status, ticket = real(seen)
        return status, {**ticket, "chunkSize": chunk_size}

    monkeypatch.setattr(Store, "hub", lambda _, seen: other(seen))
    with pytest.raises(ModelUploadError, match=r"URLs for the|lacks chunkSize"):
        send(LARGE)
    assert store.of_kind("part") == []


@pytest.mark.parametrize("multipart", [True, False])
def test_file_changed_during_the_upload_raises(
    call: Caller, store: Store, tmp_path: Path, multipart: bool
) -> None:
    store.multipart = multipart
    path = tmp_path / "w.pt"
    path.write_bytes(LARGE)

    def change(seen: ReceivedRequest) -> None:
        if seen.kind == "hub":
            path.write_bytes(LARGE[::-1])
            os.utime(path, (1, 1))

    store.plan = change
    with pytest.raises(ModelUploadError, match="changed while it was sent"):
        call("send_weights", "Net", 1, path)
    assert store.uploaded == {}


def test_invalid_files_are_rejected(call: Caller, store: Store, tmp_path: Path) -> None:
    def refused(path: Path, why: str) -> None:
        with pytest.raises(ModelUploadError, match=why):
            call("send_weights", "Net", 1, path)

    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "none", "cannot be read: No such file")
    refused(tmp_path, "is not a file")
    refused(tmp_path / "pipe", "is not a file")
    refused(tmp_path / "empty", "is empty")
    with pytest.raises(ModelValidationError, match="is not a file"):
        call("send_model", tmp_path / "pipe")
    assert store.seen == []


@pytest.mark.parametrize(
    ("compress", "reason"),
    [
        (False, r"the Hub accepts 524,288,000 at most"),
        (True, "downloads are limited to 4,194,304,000 bytes by default"),
    ],
)
def test_file_over_the_limit_is_not_read(
    call: Caller, store: Store, tmp_path: Path, compress: bool, reason: str
) -> None:
    path = tmp_path / "w.pt"
    with path.open("wb") as file:
        file.truncate(8 * config.MAX_WEIGHTS_BYTES + 1)
    with pytest.raises(ModelTooLargeError, match=rf"w\.pt has 4,194,304,001 bytes; {reason}$"):
        call("send_weights", "Net", 1, path, compress=compress)
    assert store.seen == []


@pytest.mark.parametrize("size", [1, len(SMALL), len(LARGE)])
def test_weights_are_compressed_on_request(send: Any, store: Store, size: int) -> None:
    send(LARGE[:size], compress=True)
    packed = store.uploaded["stored"]
    assert packed.startswith(MAGIC)
    assert unpacked(packed) == LARGE[:size]
    announced = store.of_kind("hub")[0].body
    assert f'"weightSize":{len(packed)}'.encode() in announced.replace(b" ", b"")


def test_compressed_size_counts_against_the_limit(
    send: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "MAX_WEIGHTS_BYTES", 5 * MIB)
    send(bytes(len(LARGE)), compress=True)
    assert len(store.uploaded["stored"]) < 10_000
    with pytest.raises(ModelTooLargeError, match="even when compressed"):
        send(LARGE, compress=True)


def test_full_disk_during_compression_raises(
    send: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(ModelUploadError, match=r"cannot be compressed in .*: No space left"):
        send(SMALL, compress=True)
    assert store.seen == []


def test_failed_upload_leaves_no_compressed_file(send: Any, store: Store) -> None:
    store.plan = lambda seen: Act(status=404) if seen.kind == "form" else None
    with pytest.raises(ModelUploadError):
        send(SMALL, compress=True)


def test_compressed_weights_round_trip(send: Any, call: Caller, store: Store) -> None:
    send(LARGE, compress=True)
    store.weights = store.uploaded["stored"]
    assert call("get_weights", "bob", "Net", 1) == LARGE


def test_models_are_uploaded_as_text(call: Caller, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "Net.py"
    path.write_bytes(MODEL.replace(b"\n", b"\r\n"))
    assert call("send_model", path)["version"] == 1
    assert store.uploaded == {"stored": MODEL}


@pytest.mark.parametrize("multipart", [True, False])
def test_large_schemas_are_uploaded_in_parts(call: Caller, store: Store, multipart: bool) -> None:
    store.multipart = multipart
    schema = {"name": "scans", "features": [], "notes": "x" * (6 * MIB)}
    key = key_pair().public_key
    metadata = PodPublicMetadata("scans", "Scans", "d", schema, 3)
    call("register_pod", metadata, key, key, parts_at_once=2)
    assert store.uploaded == {"stored": msgpack.packb(schema)}
    if multipart:
        assert store.completed[0]["objectType"] == "Schema"
        assert len(store.of_kind("part")) == 7
        assert store.most_at_once <= 2
    store.plan = lambda seen: Act(status=404) if seen.kind in ("part", "form") else None
    with pytest.raises(HTTPError, match="404"):
        call("register_pod", metadata, key, key)


@pytest.mark.parametrize("kind", ["part", "form"])
def test_stalled_store_times_out(send: Any, store: Store, kind: str) -> None:
    """Send more than the socket buffers hold, so that sending blocks."""
    store.multipart, store.chunk_size = kind == "part", 40 * MIB
    store.plan = lambda seen: Act(stall=1000) if seen.kind == kind else None
    with pytest.raises(ModelUploadError, match="in the time allowed") as caught:
        send(bytes(40 * MIB), options={"timeout": 0.2})
    assert isinstance(caught.value.__cause__, RequestTimeout)
    assert isinstance(caught.value.__cause__.__cause__, httpcore.WriteTimeout)


def test_deadline_limits_the_whole_upload(send: Any, store: Store) -> None:
    store.plan = lambda seen: Act(stall=1000) if seen.kind == "part" else None
    with pytest.raises(ModelUploadError, match="time allowed"):
        send(LARGE, options={"deadline": 0.5})


def test_part_etags_match_the_sent_bytes(send: Any, store: Store) -> None:
    send(LARGE)
    etags = [part["ETag"] for part in store.completed[0]["parts"]]
    assert etags == [hashlib.md5(LARGE[n : n + MIB]).hexdigest() for n in range(0, len(LARGE), MIB)]
