"""The bodies of uploads, and the files that they read."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
from pathlib import Path

import pytest

from bitfount_api._transfer.request_bodies import CHUNK_BYTES, FormBody, PartBody, Source
from bitfount_api.exceptions import TransferError
from bitfount_api.progress import ProgressReporter

DATA = os.urandom(3 * CHUNK_BYTES + 5)
SOURCE = Source.from_bytes(DATA, "w.pt")


def meter() -> tuple[ProgressReporter, list[int]]:
    counts: list[int] = []
    return ProgressReporter(lambda done, *_: counts.append(done), None, "w"), counts


# --- Bodies --------------------------------------------------------------------------------------


def test_form_body_has_its_fields_first_and_exact_length() -> None:
    reporter, counts = meter()
    fields = {"key": "a/b", "policy": "cG9s==", 'odd"\r\nname': "välue"}
    source = Source.from_bytes(DATA, 'w"\r\nx: y.pt')
    body = FormBody(fields, source, reporter)
    sent = b"".join(body.chunks())
    assert int(body.headers["content-length"]) == len(sent)
    head = f"content-type: {body.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + sent, policy=email.policy.HTTP)
    parts = list(message.iter_parts())
    values = [part.get_payload(decode=True) for part in parts]
    assert values == [b"a/b", b"cG9s==", "välue".encode(), DATA]
    assert parts[-1]["content-disposition"].params["filename"] == "w%22%0D%0Ax: y.pt"
    reporter.close()
    assert counts[-1] == len(DATA)


def test_repeated_body_is_counted_once() -> None:
    reporter, counts = meter()
    for body in (FormBody({}, SOURCE, reporter), PartBody(SOURCE, 5, 2 * CHUNK_BYTES, reporter)):
        chunks = body.chunks()
        for _ in range(2):
            next(chunks)
        chunks.close()
        first = b"".join(body.chunks())
        assert b"".join(body.chunks()) == first
    reporter.close()
    assert counts[-1] == len(DATA) + 2 * CHUNK_BYTES


def test_part_body_has_the_md5_of_the_last_send() -> None:
    body = PartBody(SOURCE, 10, CHUNK_BYTES, ProgressReporter(None, None, "w"))
    next(body.chunks())
    sent = b"".join(body.chunks())
    assert sent == DATA[10 : 10 + CHUNK_BYTES]
    assert body.md5 == hashlib.md5(sent).hexdigest()
    assert body.headers["content-length"] == str(len(sent))


# --- Sources -------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "w.pt"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(("offset", "length"), [(0, len(DATA)), (7, 1), (CHUNK_BYTES - 1, 3)])
def test_sources_of_files_and_bytes_give_equal_chunks(path: Path, offset: int, length: int) -> None:
    file = Source.from_file(path)
    assert (file.file_name, file.size) == (SOURCE.file_name, SOURCE.size)
    expected = DATA[offset : offset + length]
    assert b"".join(file.chunks(offset, length)) == expected
    assert b"".join(SOURCE.chunks(offset, length)) == expected


def test_changed_file_raises_before_its_last_chunk(path: Path) -> None:
    chunks = Source.from_file(path).chunks(0, len(DATA))
    sent = [next(chunks)]
    os.utime(path, (1, 1))

    def go_on() -> None:
        sent.extend(chunks)

    with pytest.raises(TransferError, match="changed while it was sent"):
        go_on()
    assert 0 < sum(map(len, sent)) < len(DATA)


def test_replaced_file_is_not_sent(path: Path) -> None:
    source = Source.from_file(path)
    other = path.with_name("other")
    other.write_bytes(DATA)
    other.replace(path)
    with pytest.raises(TransferError, match="changed while it was sent"):
        next(source.chunks(0, len(DATA)))


def test_truncated_file_raises(path: Path) -> None:
    source = Source.from_file(path)
    with pytest.raises(TransferError, match="was truncated while"):
        list(source.chunks(0, len(DATA) + 1))


def test_missing_file_raises(path: Path) -> None:
    source = Source.from_file(path)
    path.unlink()
    with pytest.raises(TransferError, match="cannot be read: No such file"):
        list(source.chunks(0, 1))


def test_source_repr_has_no_contents() -> None:
    assert repr(DATA[:20])[2:-1] not in repr(SOURCE)
