"""Multipart uploads become one object after all of S3's checks."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bitfount_api.sandbox.objects.blobs import copy
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.store import MIN_PART_BYTES, ObjectStore, StoredPart

BIG = bytes(range(256)) * (MIN_PART_BYTES // 256)
OTHER = BIG[::-1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path) as opened:
        yield opened


@pytest.fixture
def upload(store: ObjectStore) -> str:
    return store.create_upload("k", "text/x")


def blobs(folder: Path) -> int:
    return sum(1 for name in ("blobs", "incoming") for _ in (folder / name).iterdir())


def named(*parts: StoredPart) -> list[tuple[int, str]]:
    return [(part.number, part.etag) for part in parts]


def refusal(store: ObjectStore, upload: str, parts: list[tuple[int, str]]) -> str:
    with pytest.raises(S3Error) as caught:
        store.complete_upload("k", upload, parts)
    assert store.head("k") is None
    return caught.value.code


def test_parts_become_one_object(store: ObjectStore, upload: str, tmp_path: Path) -> None:
    last = store.put_part("k", upload, 30, b"last")
    first = store.put_part("k", upload, 1, BIG)
    second = store.put_part("k", upload, 2, OTHER)
    assert store.parts("k", upload) == [first, second, last]
    assert store.head("k") is None
    stored = store.complete_upload("k", upload, named(first, second, last))
    assert store.read("k") == BIG + OTHER + b"last"
    digests = b"".join(hashlib.md5(part).digest() for part in (BIG, OTHER, b"last"))
    assert stored.etag == hashlib.md5(digests).hexdigest() + "-3"
    assert stored == store.head("k")
    assert stored.content_type == "text/x"
    assert blobs(tmp_path) == 1


def test_etags_may_be_quoted(store: ObjectStore, upload: str) -> None:
    part = store.put_part("k", upload, 1, b"only")
    assert store.complete_upload("k", upload, [(1, f'"{part.etag}"')]).etag.endswith("-1")


def test_repeated_part_replaces_the_earlier_one(
    store: ObjectStore, upload: str, tmp_path: Path
) -> None:
    old = store.put_part("k", upload, 1, b"old")
    new = store.put_part("k", upload, 1, b"new")
    assert blobs(tmp_path) == 1
    assert refusal(store, upload, named(old)) == "InvalidPart"
    store.complete_upload("k", upload, named(new))
    assert store.read("k") == b"new"


def test_unlisted_parts_are_dropped(store: ObjectStore, upload: str, tmp_path: Path) -> None:
    store.put_part("k", upload, 1, BIG)
    second = store.put_part("k", upload, 2, b"second")
    store.complete_upload("k", upload, named(second))
    assert store.read("k") == b"second"
    assert blobs(tmp_path) == 1


def test_only_the_last_part_may_be_small(store: ObjectStore, upload: str) -> None:
    small = store.put_part("k", upload, 1, BIG[1:])
    last = store.put_part("k", upload, 2, b"")
    assert refusal(store, upload, named(small, last)) == "EntityTooSmall"
    enough = store.put_part("k", upload, 1, BIG)
    assert store.complete_upload("k", upload, named(enough, last)).size == MIN_PART_BYTES


def test_invalid_completion_keeps_the_upload(store: ObjectStore, upload: str) -> None:
    first = store.put_part("k", upload, 1, BIG)
    last = store.put_part("k", upload, 2, b"last")
    assert refusal(store, upload, []) == "MalformedXML"
    assert refusal(store, upload, named(last, first)) == "InvalidPartOrder"
    assert refusal(store, upload, named(first, first)) == "InvalidPartOrder"
    assert refusal(store, upload, [*named(first), (3, last.etag)]) == "InvalidPart"
    assert refusal(store, upload, [*named(first), (2, first.etag)]) == "InvalidPart"
    assert store.complete_upload("k", upload, named(first, last)).etag.endswith("-2")


def test_upload_can_be_completed_once(store: ObjectStore, upload: str, tmp_path: Path) -> None:
    part = store.put_part("k", upload, 1, b"only")
    late = store.open_part("k", upload, 2)
    late.write(b"late")
    store.complete_upload("k", upload, named(part))
    for call in (
        lambda: store.complete_upload("k", upload, named(part)),
        lambda: store.abort_upload("k", upload),
        lambda: store.parts("k", upload),
        lambda: store.open_part("k", upload, 1),
        late.commit,
    ):
        with pytest.raises(S3Error) as caught:
            call()
        assert caught.value.code == "NoSuchUpload"
    assert store.read("k") == b"only"
    assert blobs(tmp_path) == 1


def test_an_aborted_upload_leaves_nothing(store: ObjectStore, upload: str, tmp_path: Path) -> None:
    store.put_part("k", upload, 1, b"only")
    store.abort_upload("k", upload)
    assert store.head("k") is None
    assert blobs(tmp_path) == 0


def test_ended_uploads_leave_no_memory(store: ObjectStore, upload: str, tmp_path: Path) -> None:
    store.put_part("k", upload, 1, b"aborted")
    store.abort_upload("k", upload)
    upload = store.create_upload("k")
    store.complete_upload("k", upload, named(store.put_part("k", upload, 1, b"completed")))
    store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "objects.sqlite3")) as db:
        for table in ("uploads", "parts"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_upload_is_valid_for_its_key_only(store: ObjectStore, upload: str) -> None:
    part = store.put_part("k", upload, 1, b"only")
    for call in (
        lambda: store.open_part("other", upload, 1),
        lambda: store.complete_upload("other", upload, named(part)),
        lambda: store.abort_upload("other", upload),
        lambda: store.parts("k", upload + "x"),
    ):
        with pytest.raises(S3Error) as caught:
            call()
        assert caught.value.code == "NoSuchUpload"
    assert store.parts("k", upload) == [part]


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_parts_are_numbered_from_1_to_10000(store: ObjectStore, upload: str, number: int) -> None:
    with pytest.raises(S3Error) as caught:
        store.open_part("k", upload, number)
    assert caught.value.code == "InvalidArgument"


def test_abort_during_completion_creates_no_object(
    store: ObjectStore, upload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = named(store.put_part("k", upload, 1, BIG), store.put_part("k", upload, 2, b"last"))

    def abort_before(path: Path, write: Callable[[bytes], None]) -> None:
        store.abort_upload("k", upload)
        copy(path, write)

    def abort_after(path: Path, write: Callable[[bytes], None]) -> None:
        copy(path, write)
        if path.stat().st_size < MIN_PART_BYTES:
            store.abort_upload("k", upload)

    monkeypatch.setattr("bitfount_api.sandbox.objects.store.copy", abort_before)
    assert refusal(store, upload, parts) == "NoSuchUpload"
    assert blobs(tmp_path) == 0
    monkeypatch.setattr("bitfount_api.sandbox.objects.store.copy", abort_after)
    upload = store.create_upload("k")
    store.put_part("k", upload, 1, BIG)
    store.put_part("k", upload, 2, b"last")
    assert refusal(store, upload, parts) == "NoSuchUpload"
    assert blobs(tmp_path) == 0
