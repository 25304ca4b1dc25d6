"""A part file becomes the target when complete, is resumed by a later process, or is deleted."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.syncs import record_syncs

from bitfount_api._transfer import part_file
from bitfount_api._transfer.checkpoint import SLOT_BYTES
from bitfount_api._transfer.own_files import MARK, is_own
from bitfount_api._transfer.part_file import PartFile
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import TransferError
from bitfount_api.progress import ProgressReporter

DATA = os.urandom(3_000_000)
ETAG = '"abc"'
STATE = {"etag": ETAG, "size": 100, "done": [[0, 10]], "number": 1}
INVALID_STATES = [
    "",
    "null",
    "[" * 4000,
    "[]",
    "{}",
    *({name: value for name, value in STATE.items() if name != left_out} for left_out in STATE),
    *(STATE | {"etag": etag} for etag in (None, 5, "abc", 'W/"abc"', '"a\r\nx: y"', [ETAG])),
    *(STATE | {"size": size} for size in (0, -1, 99, 100.0, "100", None, True, 10**30)),
    *(STATE | {"number": number} for number in (-1, 0.5, "1", None, 10**2000)),
    *(STATE | {"done": done} for done in (None, 5, "ab", [5], [[1]], [[1, 2, 3]], [["a", "b"]])),
    *(STATE | {"done": [pair]} for pair in ([5, 4], [-1, 4], [0, 101], [0, 10**30], [0.0, 5])),
    json.dumps(STATE)[:-1] + ', "size": NaN}',
]


def part_of(target: Path, *, limit: int = 10**8) -> PartFile:
    return PartFile(target, ProgressReporter(None, None, "w.pt"), limit)


def fill(part: PartFile, data: bytes, *, etag: str | None = ETAG) -> None:
    part.begin(etag, len(data))
    half = len(data) // 2
    part.write_at(half, data[half:])
    part.write_at(0, data[:half])


def finish(part: PartFile) -> Any:
    while not part.wait_finished(10):
        pass
    return part.finish()


def packed(data: bytes) -> bytes:
    packer = Compressor(len(data))
    return packer.feed(data) + packer.finish()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "w.pt"


@pytest.fixture
def begun(target: Path) -> Iterator[PartFile]:
    part = part_of(target)
    part.open()
    yield part
    part.discard()


def names(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


@pytest.mark.parametrize("data", [DATA, b"x", b""])
def test_complete_object_becomes_the_target(begun: PartFile, target: Path, data: bytes) -> None:
    target.write_bytes(b"what was there before")
    fill(begun, data)
    assert target.read_bytes() == b"what was there before"
    assert begun.whole
    download = finish(begun)
    assert (download.path, download.size) == (target, len(data))
    assert download.sha256 == hashlib.sha256(data).hexdigest()
    assert target.read_bytes() == data
    assert names(target) == {"w.pt"}


def test_an_object_of_unknown_size_becomes_the_target(begun: PartFile, target: Path) -> None:
    begun.begin(None, None)
    begun.write_at(0, DATA)
    assert list(begun.gaps()) == [(len(DATA), None)]
    begun.set_size(len(DATA))
    assert finish(begun).size == len(DATA)
    assert target.read_bytes() == DATA


def test_compressed_object_is_decompressed(begun: PartFile, target: Path) -> None:
    fill(begun, packed(DATA))
    download = finish(begun)
    assert (download.size, download.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert target.read_bytes() == DATA
    assert names(target) == {"w.pt"}


SKIPPABLE = b"\x50\x2a\x4d\x18" + (2_000_000).to_bytes(4, "little") + bytes(2_000_000)


def test_object_behind_a_skippable_frame_is_decompressed(begun: PartFile, target: Path) -> None:
    fill(begun, SKIPPABLE + packed(DATA))
    download = finish(begun)
    assert (download.size, download.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert target.read_bytes() == DATA
    assert names(target) == {"w.pt"}


@pytest.mark.parametrize("rest", [b"", b"\x04\x22\x4d\x18 an LZ4 frame"])
def test_object_with_other_frames_stays_as_it_is(
    begun: PartFile, target: Path, rest: bytes
) -> None:
    fill(begun, SKIPPABLE + rest)
    assert finish(begun).sha256 == hashlib.sha256(SKIPPABLE + rest).hexdigest()
    assert target.read_bytes() == SKIPPABLE + rest


posix = pytest.mark.skipif(os.name == "nt", reason="Windows cannot sync folders or open links")


@posix
@pytest.mark.parametrize("data", [DATA, packed(DATA)], ids=["plain", "compressed"])
def test_finish_syncs_the_file_and_then_its_name(
    begun: PartFile, target: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(begun, data)
    events = record_syncs(monkeypatch, target.parent)
    finish(begun)
    assert events == ["sync file", "replace", "sync folder"]


@posix
@pytest.mark.parametrize("data", [DATA, packed(DATA)], ids=["plain", "compressed"])
@pytest.mark.parametrize("suffix", [".part", ".part.unpacked"])
@pytest.mark.parametrize("other", ["file", "link", "nothing"])
def test_file_of_another_is_not_taken_for_the_download(
    target: Path, data: bytes, suffix: str, other: str
) -> None:
    part = part_of(target)
    part.open()
    fill(part, data)
    while not part.wait_finished(10):
        pass
    path = target.with_name(target.name + suffix)
    existed = path.exists()
    path.unlink(missing_ok=True)
    if other == "file":
        path.write_bytes(b"not ours")
    elif other == "link":
        path.symlink_to(target.with_name("elsewhere"))
    if existed:
        with pytest.raises(OSError, match=r"another process|No such file"):
            part.finish()
        assert not target.exists()
    else:
        assert part.finish().sha256 == hashlib.sha256(DATA).hexdigest()
    part.discard()
    assert os.path.lexists(path) is (other != "nothing")


def test_decompression_does_not_write_through_a_link(begun: PartFile, target: Path) -> None:
    other = target.with_name("precious")
    other.write_bytes(b"precious")
    target.with_name("w.pt.part.unpacked").symlink_to(other)
    fill(begun, packed(DATA))
    finish(begun)
    assert target.read_bytes() == DATA
    assert other.read_bytes() == b"precious"
    assert target.with_name("w.pt.part.unpacked").is_symlink()


@pytest.mark.parametrize(
    ("data", "limit"), [(packed(DATA)[:-9], 10**8), (packed(bytes(10**6)), 10**5)]
)
def test_damaged_or_oversized_object_raises(target: Path, data: bytes, limit: int) -> None:
    part = part_of(target, limit=limit)
    part.open()
    fill(part, data)
    with pytest.raises(TransferError):
        finish(part)
    part.discard()
    assert names(target) == set()


def test_object_over_the_limit_is_rejected_at_once(target: Path) -> None:
    part = part_of(target, limit=10)
    part.open()
    with pytest.raises(TransferError, match="more than the 10 bytes"):
        part.begin(ETAG, 11)
    with pytest.raises(TransferError, match="more than the 10 bytes"):
        part.write_at(5, b"123456")
    part.discard()
    assert names(target) == set()


def test_kept_part_file_is_resumed(target: Path) -> None:
    first = part_of(target)
    first.open()
    first.begin(ETAG, len(DATA))
    first.write_at(0, DATA[:1000])
    first.write_at(5000, DATA[5000:6000])
    first.keep()
    assert names(target) == {"w.pt.part"}
    later = part_of(target)
    later.open()
    assert (later.etag, later.size) == (ETAG, len(DATA))
    assert list(later.gaps()) == [(1000, 5000), (6000, len(DATA))]
    later.write_at(1000, DATA[1000:5000])
    later.write_at(6000, DATA[6000:])
    assert finish(later).sha256 == hashlib.sha256(DATA).hexdigest()
    assert target.read_bytes() == DATA


def test_complete_part_file_requests_the_last_byte_again(target: Path) -> None:
    first = part_of(target)
    first.open()
    fill(first, DATA)
    first.keep()
    later = part_of(target)
    later.open()
    assert list(later.gaps()) == [(len(DATA) - 1, len(DATA))]
    later.discard()


def test_other_object_starts_again(target: Path) -> None:
    first = part_of(target)
    first.open()
    fill(first, packed(DATA))
    assert first.wait_finished(10)
    first.keep()
    later = part_of(target)
    later.open()
    other = os.urandom(5000)
    fill(later, other, etag='"other"')
    assert finish(later).size == 5000
    assert target.read_bytes() == other
    assert names(target) == {"w.pt"}


@pytest.mark.parametrize("why", ["no etag", "nothing came", "nothing known", "disk full"])
def test_part_file_that_cannot_be_resumed_is_deleted(
    target: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = part_of(target)
    part.open()
    if why != "nothing known":
        part.begin(None if why == "no etag" else ETAG, 10)
    if why not in ("nothing came", "nothing known"):
        part.write_at(0, b"12345")

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if why == "disk full":
        monkeypatch.setattr(part_file, "_sync_data", refuse)
    part.keep()
    assert names(target) == set()


def test_invalid_part_file_is_ignored(target: Path) -> None:
    path = target.with_name("w.pt.part")
    path.write_bytes(os.urandom(20_000))
    part = part_of(target)
    part.open()
    assert part.size is None
    assert list(part.gaps()) == [(0, None)]
    fill(part, DATA)
    finish(part)
    assert target.read_bytes() == DATA
    assert path.stat().st_size == 20_000  # it is somebody else's


@pytest.mark.parametrize("value", INVALID_STATES)
def test_invalid_state_in_our_file_is_ignored(target: Path, value: Any) -> None:
    path = target.with_name("w.pt.part")
    text = value if isinstance(value, str) else json.dumps(value)
    data = text.encode()
    slot = MARK + len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big") + data
    path.write_bytes(bytes(100) + slot.ljust(2 * SLOT_BYTES - len(MARK), b"\0") + MARK)
    part = part_of(target)
    part.open()
    assert list(part.gaps()) == [(0, None)]
    fill(part, DATA)
    finish(part)
    assert target.read_bytes() == DATA
    assert names(target) == {"w.pt"}


@pytest.mark.parametrize("size", [10, None], ids=["known size", "unknown size"])
@pytest.mark.parametrize("received", [0, 4])
def test_part_file_is_recognized_from_the_start(
    target: Path, size: int | None, received: int
) -> None:
    killed = part_of(target)
    killed.open()
    killed.begin(ETAG, size)
    if received:
        killed.write_at(0, b"1234")
    assert killed._descriptor is not None
    os.close(killed._descriptor)  # as the system does when the process dies
    killed._descriptor = None
    later = part_of(target)
    later.open()
    assert later.size is None
    fill(later, DATA)
    finish(later)
    assert names(target) == {"w.pt"}
    killed._stop()


@pytest.mark.parametrize("end", ["finish", "keep", "discard"])
def test_decompressed_file_of_a_killed_process_is_deleted(target: Path, end: str) -> None:
    killed = part_of(target)
    killed.open()
    fill(killed, packed(DATA))
    assert killed.wait_finished(10)
    killed._stop()
    assert killed._descriptor is not None
    os.close(killed._descriptor)
    killed._descriptor = None
    assert names(target) == {"w.pt.part", "w.pt.part.unpacked"}
    later = part_of(target)
    later.open()
    later.begin(ETAG, 9)
    later.write_at(0, b"123456789"[: 9 if end == "finish" else 5])
    if end == "finish":
        finish(later)
    else:
        getattr(later, end)()
    left = {"finish": {"w.pt"}, "keep": {"w.pt.part"}, "discard": set()}
    assert names(target) == left[end]


def test_part_file_over_the_limit_is_reset(target: Path) -> None:
    first = part_of(target)
    first.open()
    first.begin(ETAG, len(DATA))
    first.write_at(0, DATA[:1000])
    first.keep()
    later = part_of(target, limit=1000)
    later.open()
    assert later.size is None
    later.discard()


def test_concurrent_downloads_use_different_part_files(target: Path) -> None:
    one, two = part_of(target), part_of(target)
    one.open()
    two.open()
    fill(one, DATA)
    fill(two, DATA[::-1])
    assert names(target) == {"w.pt.part", "w.pt.2.part"}
    finish(two)
    assert target.read_bytes() == DATA[::-1]
    finish(one)
    assert target.read_bytes() == DATA
    assert names(target) == {"w.pt"}


def test_part_files_of_killed_processes_are_deleted(target: Path) -> None:
    target.with_name("w.pt.2.part").write_bytes(b"left" + MARK)
    (used := part_of(target)).open()
    (other := part_of(target)).open()
    fill(other, DATA)
    target.with_name("w.pt.3.part").write_bytes(b"left" + MARK)
    target.with_name("w.pt.4.part").write_bytes(b"not ours")
    target.with_name("w.pt.5.part").write_bytes(MARK)
    fill(used, DATA)
    finish(used)
    assert names(target) == {"w.pt", "w.pt.2.part", "w.pt.4.part"}  # the second is in use
    finish(other)
    assert names(target) == {"w.pt", "w.pt.4.part"}


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write to any file."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


@posix
@pytest.mark.parametrize("mode", [0o000, 0o444])
@pytest.mark.parametrize("suffix", [".part", ".part.unpacked"])
def test_part_file_without_access_is_left_alone(mode: int, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as name:  # in a folder that everybody may enter
        target = Path(name) / "w.pt"
        target.parent.chmod(0o777)
        other = target.with_name(f"w.pt{suffix}")
        other.write_bytes(b"left" + MARK)
        other.chmod(mode)
        with without_privileges():
            part = part_of(target)
            part.open()
            fill(part, packed(DATA))
            finish(part)
        assert target.read_bytes() == DATA
        assert other.read_bytes() == b"left" + MARK
        assert names(target) == {"w.pt", other.name}


@pytest.mark.parametrize("size", [0, 5, 10**6, None])
def test_part_file_has_its_mark_at_every_moment(
    target: Path, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed before or after each call of the system."""
    part = part_of(target)
    part.open()
    part.begin(ETAG, 5000)
    part.write_at(0, DATA[:5000])
    seen = []

    def watched(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any) -> Any:
            result = real(*arguments)
            if arguments[0] == part._descriptor:
                seen.append(is_own(part._path))
            return result

        monkeypatch.setattr(os, name, call)

    for name in ("write", "pwrite", "ftruncate", "posix_fallocate"):
        if hasattr(os, name):
            watched(name)
    part.begin(ETAG, size)
    assert seen
    assert all(seen)
    part.discard()


def test_number_of_concurrent_downloads_is_limited(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_file, "_MAX_PARTS", 2)
    (used := part_of(target)).open()
    with pytest.raises(TransferError, match="too many concurrent downloads"):
        part_of(target).open()
    used.discard()


@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO]
)
def test_without_locks_each_download_has_its_own_file(
    target: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    target.with_name("w.pt.part").write_bytes(b"left by another")
    part = part_of(target)
    part.open()
    fill(part, DATA)
    part.keep()
    assert names(target) == {"w.pt.part"}
    target.with_name("w.pt.part").unlink()
    again = part_of(target)
    again.open()
    fill(again, DATA)
    finish(again)
    assert names(target) == {"w.pt"}


def test_invalid_targets_raise(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="is a folder"):
        part_of(tmp_path).open()
    with pytest.raises(TransferError, match="is not a folder"):
        part_of(tmp_path / "none" / "w.pt").open()
    with pytest.raises(TransferError, match="cannot be written: File name too long"):
        part_of(tmp_path / ("w" * 256)).open()
    assert list(tmp_path.iterdir()) == []


def test_later_process_resumes_after_a_kill(target: Path) -> None:
    """The state saved during the download suffices, without a final save."""
    first = part_of(target)
    first.open()
    first.begin(ETAG, len(DATA))
    first.write_at(0, DATA[:2_000_000])
    first._save()
    assert first._descriptor is not None
    first.write_at(2_500_000, DATA[2_500_000:2_600_000])  # not saved, so it is downloaded again
    os.close(first._descriptor)  # as the system does when the process dies
    first._descriptor = None
    later = part_of(target)
    later.open()
    assert list(later.gaps()) == [(2_000_000, len(DATA))]
    later.write_at(2_000_000, DATA[2_000_000:])
    finish(later)
    assert target.read_bytes() == DATA
    first._stop()
