"""The store contains committed objects, complete, and nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitfount_api.sandbox.objects.catalog import CatalogInUseError
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.store import MIN_PART_BYTES, ObjectStore

BIG = bytes(range(256)) * (MIN_PART_BYTES // 256)
KEYS = [
    "a",
    "a/b",
    "../../etc/passwd",
    "/",
    "..",
    "nul\0in it",
    "Ünïcödé/🫀",
    "back\\slash",
    "con:",
    "x" * 1024,
    "%2e%2e",
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path / "store") as opened:
        yield opened


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix == ""]


def code(call: object, *args: object) -> str:
    assert callable(call)
    with pytest.raises(S3Error) as caught:
        call(*args)
    return caught.value.code


def test_an_object_is_found_again(store: ObjectStore) -> None:
    before = dt.datetime.now(dt.UTC)
    put = store.put("models/m.py", b"code", "text/x-python")
    assert put == store.head("models/m.py")
    assert store.read("models/m.py") == b"code"
    assert (put.size, put.content_type) == (4, "text/x-python")
    assert put.etag == hashlib.md5(b"code").hexdigest()
    assert before <= put.modified <= dt.datetime.now(dt.UTC)
    assert put.path.read_bytes() == b"code"


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_any_key_stays_within_the_folder(store: ObjectStore, tmp_path: Path, key: str) -> None:
    store.put(key, b"content")
    assert store.read(key) == b"content"
    assert store.keys() == [key]
    assert len(files(tmp_path)) == 1
    assert files(tmp_path)[0].parent == tmp_path / "store" / "blobs"


def test_similar_keys_are_different_objects(store: ObjectStore) -> None:
    alike = ["a", "A", "a/", "a ", "é", "e\u0301"]
    for key in alike:
        store.put(key, key.encode())
    assert [store.read(key) for key in alike] == [key.encode() for key in alike]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", "InvalidArgument"),
        ("x" * 1025, "KeyTooLongError"),
        ("é" * 513, "KeyTooLongError"),
        ("\udc80", "InvalidURI"),
    ],
)
def test_invalid_key_is_rejected(
    store: ObjectStore, tmp_path: Path, key: str, expected: str
) -> None:
    for call in (store.head, store.read, store.delete, store.open_write, store.create_upload):
        assert code(call, key) == expected
    assert files(tmp_path) == []


def test_missing_object_is_none_or_an_error(store: ObjectStore) -> None:
    assert store.head("k") is None
    assert code(store.read, "k") == "NoSuchKey"
    assert code(store.flip_byte, "k") == "NoSuchKey"
    store.delete("k")


def test_keys_are_listed_by_prefix_in_the_order_of_their_bytes(store: ObjectStore) -> None:
    for key in ("b/2", "b/10", "a%", "a_", "é", "b", "🫀"):
        store.put(key, b"")
    assert store.keys() == ["a%", "a_", "b", "b/10", "b/2", "é", "🫀"]
    assert store.keys("b/") == ["b/10", "b/2"]
    assert store.keys("a%") == ["a%"]
    assert [each.key for each in store.listing("b", after="b", limit=1)] == ["b/10"]


def test_replaced_object_leaves_no_file_but_open_readers(
    store: ObjectStore, tmp_path: Path
) -> None:
    store.put("k", b"old")
    _, file = store.open_read("k")
    with file:
        store.put("k", b"new")
        assert file.read() == b"old"
    assert store.read("k") == b"new"
    assert len(files(tmp_path)) == 1


def test_a_deleted_object_is_gone(store: ObjectStore, tmp_path: Path) -> None:
    store.put("k", b"old")
    store.delete("k")
    assert store.head("k") is None
    assert files(tmp_path) == []


def test_object_is_invisible_before_its_commit(store: ObjectStore) -> None:
    store.put("k", b"old")
    with store.open_write("k") as writer:
        writer.write(b"ne")
        assert store.read("k") == b"old"
        writer.write(b"w")
        assert writer.size == 3
        assert writer.md5 == hashlib.md5(b"new").digest()
        writer.commit()
        assert store.read("k") == b"new"


def test_aborted_writer_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    with store.open_write("k") as writer:
        writer.write(b"half")
    assert store.head("k") is None
    assert files(tmp_path) == []
    with pytest.raises(ValueError, match="finished or discarded"):
        writer.write(b"more")
    with pytest.raises(ValueError, match="finished or discarded"):
        writer.commit()


def test_restart_keeps_committed_objects_only(tmp_path: Path) -> None:
    headers = {"x-amz-meta-a": "b"}
    with ObjectStore(tmp_path) as store:
        with store.open_write("k", "text/plain", headers) as writer:
            writer.write(b"content")
            before = writer.commit()
        upload = store.create_upload("big", "text/x", headers)
        part = store.put_part("big", upload, 1, b"part")
        half = store.open_write("half")
        half.write(b"half")
    (tmp_path / "blobs" / "stray").write_bytes(b"?")
    with ObjectStore(tmp_path) as store:
        assert store.head("k") == before
        assert before.headers == headers
        assert store.keys() == ["k"]
        assert store.parts("big", upload) == [part]
        assert len(files(tmp_path)) == 2
        stored = store.complete_upload("big", upload, [(1, part.etag)])
        assert (stored.content_type, stored.headers) == ("text/x", headers)
    half.discard()


@pytest.mark.slow
def test_folder_is_locked_by_one_store(tmp_path: Path) -> None:
    with ObjectStore(tmp_path), pytest.raises(CatalogInUseError, match="another sandbox"):
        ObjectStore(tmp_path)
    ObjectStore(tmp_path).close()


def test_unreadable_catalog_is_not_reported_as_in_use(tmp_path: Path) -> None:
    (tmp_path / "objects.sqlite3").write_bytes(b"no database at all" * 1000)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        ObjectStore(tmp_path)


def test_corrupt_changes_one_byte_silently(store: ObjectStore) -> None:
    before = store.put("k", b"abcde")
    assert store.flip_byte("k") == 2
    assert store.read("k") == b"abbde"
    assert store.flip_byte("k", 0) == 0
    assert store.read("k") == b"`bbde"
    assert store.head("k") == before


@pytest.mark.parametrize(("content", "offset"), [(b"abc", 3), (b"abc", -1), (b"", None)])
def test_corrupt_beyond_the_end_is_rejected(
    store: ObjectStore, content: bytes, offset: int | None
) -> None:
    store.put("k", content)
    with pytest.raises(ValueError, match="is out of range"):
        store.flip_byte("k", offset)
    assert store.read("k") == content


def test_threads_can_use_the_store_concurrently(store: ObjectStore, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for repeat in range(5):
            store.put("same", bytes([number]) * 1000)
            store.put(f"own/{number}/{repeat}", b"x")
            assert len(set(store.read("same"))) == 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.keys("own/")) == 30
    assert len(files(tmp_path)) == 31
