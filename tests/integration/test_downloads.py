"""Weights arrive complete from a store that breaks off, changes, expires and refuses."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from support.devices import any_device, make_device
from support.store import EXPIRED, Act, Plan, ReceivedRequest, Store
from support.transfers import Caller

from bitfount_api._operations import downloads
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import (
    ConnectError,
    HTTPError,
    RequestException,
    RequestTimeout,
    TransferError,
)
from bitfount_api.transfers import Download

MIB = 1024 * 1024
LARGE = os.urandom(20 * MIB + 12_345)
SMALL = os.urandom(100_000)
TEXT = b"class Net: ..."
BOB = ("bob", "Net", 1)


@pytest.fixture(params=["memory", "disk"])
def get(request: pytest.FixtureRequest, call: Caller, tmp_path: Path) -> Any:
    """Get the weights, in memory or on disk, and check that no other file is left."""

    def get(**named: Any) -> bytes | None:
        if request.param == "memory":
            content: bytes | None = call("get_weights", *BOB, **named)
            return content
        folder = tmp_path / "folder"
        folder.mkdir(exist_ok=True)
        download = call("download_weights", *BOB, folder / "w.pt", **named)
        if download is None:
            assert list(folder.iterdir()) == []
            return None
        assert [path.name for path in folder.iterdir()] == ["w.pt"]
        content = (folder / "w.pt").read_bytes()
        assert download == Download(
            folder / "w.pt", len(content), hashlib.sha256(content).hexdigest()
        )
        return content

    return get


def packed(data: bytes) -> bytes:
    packer = Compressor(len(data))
    return packer.feed(data) + packer.finish()


def nth(numbers: set[int] | range, act: Act) -> Plan:
    """Apply the act to some of the requests for an object."""
    return lambda seen: act if seen.kind == "get" and seen.number in numbers else None


@pytest.mark.parametrize("size", [0, 1, 3, 4, MIB - 1, MIB, MIB + 1, 5 * MIB, len(LARGE)])
@pytest.mark.parametrize("parts", [1, 4])
def test_weights_of_any_size_are_downloaded_completely(
    get: Any, store: Store, size: int, parts: int
) -> None:
    store.weights = LARGE[:size]
    assert get(parts_at_once=parts) == LARGE[:size]


def test_missing_weights_return_none(get: Any, store: Store) -> None:
    assert get() is None
    store.code = b"code without weights"
    assert get() is None


def test_large_objects_are_downloaded_in_concurrent_ranges(get: Any, store: Store) -> None:
    store.weights = LARGE
    barrier = threading.Barrier(4)

    def meet(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and 1 <= seen.number <= 4:
            barrier.wait(30)  # passes only with four concurrent requests
        return None

    store.plan = meet
    assert get() == LARGE
    first, *rest = store.of_kind("get")
    assert first.range == (0, MIB)
    assert "if-range" not in first.headers
    assert min(seen.range for seen in rest if seen.range) == (
        MIB,
        MIB + -(-(len(LARGE) - MIB) // 4),
    )
    assert {seen.headers["if-range"] for seen in rest} == {f'"{hashlib.md5(LARGE).hexdigest()}"'}
    assert store.most_at_once <= 4


def test_concurrent_ranges_are_limited(
    get: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_MAX_RANGE_BYTES", 4 * MIB)
    store.weights = LARGE
    assert get(parts_at_once=2) == LARGE
    assert store.most_at_once <= 2
    _, *pieces = sorted(seen.range for seen in store.of_kind("get") if seen.range)
    # Three pieces for each of the two requests, all of one size, so that both end together.
    assert [start for start, _ in pieces] == [
        MIB + number * -(-(len(LARGE) - MIB) // 6) for number in range(6)
    ]


def test_single_part_is_a_request_without_a_range(get: Any, store: Store) -> None:
    store.weights = LARGE
    assert get(parts_at_once=1) == LARGE
    (seen,) = store.of_kind("get")
    assert "range" not in seen.headers
    assert seen.headers["accept-encoding"] == "identity"


def test_storage_requests_have_no_credentials(get: Any, store: Store) -> None:
    store.weights = SMALL
    get()
    (seen,) = store.of_kind("get")
    assert not {"x-api-key", "x-api-key-id", "authorization", "cookie"} & set(seen.headers)


def test_store_without_ranges_sends_the_whole_object(get: Any, store: Store) -> None:
    store.weights = LARGE
    store.plan = nth(range(9), Act(whole=True))
    assert get() == LARGE
    assert len(store.of_kind("get")) == 1


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize("number", [0, 1])
def test_part_is_not_taken_for_the_object(get: Any, store: Store, status: int, number: int) -> None:
    store.weights = LARGE
    named = {"content-range": f"bytes 0-{MIB - 1}/{len(LARGE) if status == 200 else '*'}"}
    etag = f'"{hashlib.md5(LARGE).hexdigest()}"'
    part = Act(status=status, text=LARGE[:MIB], headers={"etag": etag, **named})
    store.plan = nth({number}, part)
    assert get() == LARGE


def test_web_page_is_not_taken_for_the_object(get: Any, store: Store) -> None:
    store.weights = SMALL
    page = Act(status=200, text=b"<html>log in</html>", headers={"content-type": "text/html"})
    store.plan = nth(range(99), page)
    with pytest.raises(RequestException, match="web page"):
        get()


@pytest.mark.parametrize("kind", ["text/html, text/html", "application/octet-stream, text/html"])
def test_web_page_with_two_types_is_no_object(get: Any, store: Store, kind: str) -> None:
    store.weights = SMALL
    store.plan = nth(range(99), Act(status=200, text=b"<html>", headers={"content-type": kind}))
    with pytest.raises(RequestException, match="web page"):
        get()


ETAG_OF_LARGE = f'"{hashlib.md5(LARGE).hexdigest()}"'


@pytest.mark.parametrize(
    "headers",
    [
        {"content-range": f"bytes 0-{MIB - 1}/{len(LARGE)}, bytes 0-{MIB - 1}/{len(LARGE)}"},
        {"content-range": f"bytes=0-{MIB - 1}/{len(LARGE)}"},
        {"content-range": ""},
        {"content-type": "multipart/byteranges; boundary=x"},
    ],
    ids=repr,
)
def test_odd_part_is_not_taken_for_the_object(
    get: Any, store: Store, headers: dict[str, str]
) -> None:
    store.weights = LARGE
    part = Act(status=200, text=LARGE[:MIB], headers={"etag": ETAG_OF_LARGE, **headers})
    store.plan = nth({0}, part)
    assert get() == LARGE


def test_rest_is_not_taken_for_the_object(get: Any, store: Store) -> None:
    """The object with this ETag is known to be larger."""
    store.weights = LARGE
    rest = Act(status=200, text=LARGE[3 * MIB :], headers={"etag": ETAG_OF_LARGE})
    cut = Act(cut=3 * MIB)
    acts = {0: cut, 1: rest}
    store.plan = lambda seen: acts.get(seen.number) if seen.kind == "get" else None
    assert get(parts_at_once=1) == LARGE


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_ranges_require_a_strong_etag(get: Any, store: Store, etag: str) -> None:
    store.weights = LARGE
    store.plan = nth(range(9), Act(etag=etag))
    assert get() == LARGE
    *_, last = store.of_kind("get")
    assert "range" not in last.headers


def test_shorter_ranges_are_accepted(get: Any, store: Store) -> None:
    store.weights = LARGE
    store.plan = nth(range(99), Act(shorter=1_000_000))
    assert get() == LARGE


@pytest.mark.parametrize("parts", [1, 4])
def test_interrupted_download_resumes_at_its_position(get: Any, store: Store, parts: int) -> None:
    store.weights = LARGE
    cut = 3 * MIB + 50_000
    store.plan = nth({1}, Act(cut=cut)) if parts == 4 else nth({0}, Act(cut=cut))
    assert get(parts_at_once=parts) == LARGE
    requests = store.of_kind("get")
    broken = requests[1] if parts == 4 else requests[0]
    first = broken.range[0] if broken.range else 0
    again = [seen.range[0] for seen in requests if seen is not broken and seen.range]
    assert first + cut in again


def test_repeated_truncation_ends_the_download(get: Any, store: Store) -> None:
    store.weights = LARGE
    store.plan = nth(range(99), Act(cut=0))
    with pytest.raises(ConnectError):
        get()
    assert len(store.of_kind("get")) == 3


def test_progress_resets_the_failure_count(get: Any, store: Store) -> None:
    store.weights = LARGE
    store.plan = nth(range(6), Act(cut=MIB + 200_000))
    assert get(parts_at_once=1) == LARGE
    assert len(store.of_kind("get")) == 7  # more breaks than retries


@pytest.mark.parametrize("status", [500, 503])
def test_transient_store_error_is_retried(get: Any, store: Store, status: int) -> None:
    store.weights = LARGE
    store.plan = nth({0, 2, 3}, Act(status=status, headers={"retry-after": "0"}))
    assert get() == LARGE


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_expired_url_is_renewed(get: Any, store: Store, status: int, number: int) -> None:
    store.weights = LARGE

    def expire(seen: ReceivedRequest) -> Act | None:
        old = seen.query.get("X-Amz-Signature") == "SECRET1"
        return Act(status=status, text=EXPIRED) if old and seen.number >= number else None

    store.plan = expire
    assert get() == LARGE
    assert len(store.of_kind("hub")) == 2


def test_url_renewals_are_limited(get: Any, store: Store) -> None:
    store.weights = LARGE
    store.plan = nth(range(99), Act(status=403, text=EXPIRED))
    with pytest.raises(HTTPError, match="Request has expired") as caught:
        get()
    assert "SECRET" not in str(caught.value)
    assert len(store.of_kind("hub")) == 3


def test_missing_new_url_raises_the_http_error(get: Any, store: Store) -> None:
    store.weights = SMALL

    def withdraw(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get":
            store.weights = None
            return Act(status=403, text=EXPIRED)
        return None

    store.plan = withdraw
    with pytest.raises(HTTPError, match="403"):
        get()


def test_changed_object_is_downloaded_again(get: Any, store: Store) -> None:
    store.weights = LARGE
    other = os.urandom(18 * MIB)

    def change(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get" and seen.number == 3:
            store.weights = other
        return None

    store.plan = change
    assert get() == other


def test_repeatedly_changing_object_raises(get: Any, store: Store) -> None:
    store.weights = LARGE

    def change(seen: ReceivedRequest) -> Act | None:
        if seen.kind == "get":
            store.weights = os.urandom(17 * MIB)
            return Act(cut=1000)
        return None

    store.plan = change
    with pytest.raises((TransferError, ConnectError)):
        get()


def test_object_over_the_limit_is_rejected(get: Any, store: Store) -> None:
    store.weights = LARGE
    with pytest.raises(TransferError, match="more than the 1,000,000 bytes"):
        get(max_bytes=1_000_000)


def test_content_encoding_of_storage_is_rejected(get: Any, store: Store) -> None:
    store.weights = SMALL
    store.plan = nth(range(9), Act(headers={"content-encoding": "gzip"}))
    with pytest.raises(TransferError, match="'gzip'"):
        get()


@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize("size", [0, 10, len(LARGE)])
def test_compressed_weights_are_decompressed(get: Any, store: Store, parts: int, size: int) -> None:
    store.weights = packed(LARGE[:size])
    assert get(parts_at_once=parts) == LARGE[:size]


def test_concatenated_frames_are_decompressed(get: Any, store: Store) -> None:
    store.weights = packed(LARGE[: 9 * MIB]) + packed(LARGE[9 * MIB :])
    assert get() == LARGE


def test_interrupted_compressed_download_resumes(get: Any, store: Store) -> None:
    store.weights = packed(LARGE)
    store.plan = nth({0, 2, 4}, Act(cut=123_456))
    assert get() == LARGE


@pytest.mark.parametrize("what", ["cut", "changed", "swollen"])
def test_damaged_compressed_weights_are_rejected(get: Any, store: Store, what: str) -> None:
    weights = bytearray(packed(bytes(30 * MIB) if what == "swollen" else SMALL))
    if what == "cut":
        del weights[-10:]
    elif what == "changed":
        weights[5000] ^= 1
    store.weights = bytes(weights)
    with pytest.raises(TransferError):
        get(max_bytes=20 * MIB)


def test_silent_store_times_out(get: Any, store: Store) -> None:
    store.weights = SMALL
    store.plan = nth(range(99), Act(stall=0))
    with pytest.raises(RequestTimeout, match="did not answer in the time"):
        get(options={"timeout": 0.1})


def test_deadline_limits_the_whole_download(get: Any, store: Store) -> None:
    store.weights = SMALL
    store.plan = nth(range(9), Act(stall=5000))
    with pytest.raises(RequestTimeout):
        get(options={"deadline": 0.3})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("length", [242, 249, 255])
@pytest.mark.parametrize("letter", ["w", "é", "\U0001f40d"], ids=["1 byte", "2 bytes", "4 bytes"])
@pytest.mark.parametrize("form", ["plain", "packed", "code"])
def test_any_legal_file_name_is_written(
    call: Caller, store: Store, folder: Path, length: int, letter: str, form: str
) -> None:
    store.weights = packed(SMALL) if form == "packed" else SMALL
    store.code = TEXT
    size = len(letter.encode())
    path = folder / (letter * (length // size) + "w" * (length % size))
    if form == "code":
        call("download_model", *BOB, path)
        assert path.read_bytes() == TEXT
    else:
        call("download_weights", *BOB, path)
        assert path.read_bytes() == SMALL
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "advice"),
    [("none/w.pt", "create it first"), ("~/w.pt", r"'~' is not expanded: call expanduser\(\)")],
)
@pytest.mark.parametrize("method", ["download_weights", "download_model"])
def test_missing_folder_is_reported_with_advice(
    call: Caller,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    advice: str,
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(TransferError, match=f"{path[:1]}.* is not a folder; .*{advice}"):
        call(method, *BOB, path)
    assert list(folder.iterdir()) == []


posix = pytest.mark.skipif(os.name == "nt", reason="Windows has none of these")


@posix
@pytest.mark.parametrize("method", ["download_weights", "download_model"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "link to a device", "loop"])
def test_target_that_is_no_file_is_refused(
    call: Caller,
    store: Store,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    kind: str,
) -> None:
    store.weights = store.code = SMALL
    path = folder / "w.pt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "device":
        make_device(path)
    else:
        path.symlink_to(any_device(tmp_path_factory) if kind == "link to a device" else path)
    before = path.lstat()
    with pytest.raises(TransferError, match=r"cannot be written: .*(not a file|links)"):
        call(method, *BOB, path)
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert list(folder.iterdir()) == [path]


@posix
@pytest.mark.parametrize("method", ["download_weights", "download_model"])
@pytest.mark.parametrize("there", [True, False], ids=["link", "dangling link"])
def test_link_as_target_is_followed(
    call: Caller, store: Store, folder: Path, method: str, there: bool
) -> None:
    store.weights = store.code = TEXT
    elsewhere = folder / "data" / "real.pt"
    elsewhere.parent.mkdir()
    if there:
        elsewhere.write_bytes(b"what was there before")
    path = folder / "w.pt"
    path.symlink_to("data/real.pt")
    assert call(method, *BOB, path).path == path
    assert path.is_symlink()
    assert elsewhere.read_bytes() == TEXT
    assert {one.name for one in folder.rglob("*")} == {"w.pt", "data", "real.pt"}


@posix
def test_link_into_a_missing_folder_is_refused(call: Caller, store: Store, folder: Path) -> None:
    store.weights = SMALL
    path = folder / "w.pt"
    path.symlink_to("nowhere/real.pt")
    with pytest.raises(TransferError, match="nowhere is not a folder"):
        call("download_weights", *BOB, path)
    assert path.is_symlink()


FOREIGN = [f"w.pt{end}" for end in (".part", ".2.part", ".3.part", ".part.unpacked", ".2.unpacked")]


@pytest.mark.parametrize("weights", [SMALL, packed(SMALL)], ids=["plain", "packed"])
@pytest.mark.parametrize("end", ["finished", "failed", "kept"])
def test_files_of_others_are_left_alone(
    call: Caller, store: Store, folder: Path, weights: bytes, end: str
) -> None:
    store.weights = weights
    others = {folder / name: name.encode() for name in FOREIGN}
    others[folder / "w.pt.4.part"] = b""
    for path, content in others.items():
        path.write_bytes(content)
    if end == "failed":
        with pytest.raises(TransferError):
            call("download_weights", *BOB, folder / "w.pt", max_bytes=1000)
    elif end == "kept":
        store.plan = lambda seen: (
            Act(cut=0 if seen.number else 50_000) if seen.kind == "get" else None
        )
        with pytest.raises(ConnectError):
            call("download_weights", *BOB, folder / "w.pt", parts_at_once=1)
        assert (folder / "w.pt.5.part").exists()
        store.plan = lambda _: None
    if end != "failed":
        call("download_weights", *BOB, folder / "w.pt")
        assert (folder / "w.pt").read_bytes() == SMALL
        (folder / "w.pt").unlink()
    assert {path: path.read_bytes() for path in folder.iterdir()} == others


@posix
@pytest.mark.parametrize("kind", ["pipe", "link", "dangling link", "folder", "hard link"])
@pytest.mark.parametrize("name", ["w.pt.part", "w.pt.part.unpacked"])
def test_other_things_with_names_of_ours_are_left_alone(
    call: Caller, store: Store, folder: Path, tmp_path: Path, kind: str, name: str
) -> None:
    store.weights = packed(SMALL)
    precious, path = tmp_path / "precious", folder / name
    precious.write_bytes(b"precious")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "hard link":
        path.hardlink_to(precious)
    else:
        path.symlink_to(precious if kind == "link" else tmp_path / "nothing")
    before = path.lstat()
    call("download_weights", *BOB, folder / "w.pt")
    assert (folder / "w.pt").read_bytes() == SMALL
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert precious.read_bytes() == b"precious"
    assert {one.name for one in folder.iterdir()} == {"w.pt", name}
