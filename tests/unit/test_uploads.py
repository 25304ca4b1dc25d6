"""Uploads against scripted answers, and the bodies they send."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.flows import FakeWorld

from bitfount_api import RetryPolicy
from bitfount_api._core.effects import Send
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.services import hub
from bitfount_api._operations.models import send_weights
from bitfount_api._operations.uploads import upload
from bitfount_api._transfer import compression
from bitfount_api._transfer.compression import CompressedCopy
from bitfount_api._transfer.request_bodies import CHUNK_BYTES, FormBody, PartBody, Source
from bitfount_api.exceptions import InvalidJSONError, TransferError
from bitfount_api.progress import ProgressReporter
from bitfount_api.transfers import TransferOptions

REMOTE = ServiceClient(hub("https://hub.test"), RetryPolicy(retries=1), lambda: "alice")
DATA = os.urandom(3 * CHUNK_BYTES + 5)
SOURCE = Source.from_bytes(DATA, "w.pt")


def meter() -> tuple[ProgressReporter, list[int]]:
    told: list[int] = []
    return ProgressReporter(lambda done, *_: told.append(done), None, "w"), told


def send(ticket: dict[str, Any], *outcomes: Any) -> list[Send]:
    world = FakeWorld(list(outcomes))
    flow = upload(REMOTE, ticket, SOURCE, object_type="Model", options=TransferOptions())
    world.play(flow)
    return world.calls


def test_what_the_hub_has_already_is_not_sent() -> None:
    assert send({"success": True, "alreadyExisted": True, "version": 1}) == []


def test_a_hub_that_does_not_say_where_to_is_an_error() -> None:
    with pytest.raises(InvalidJSONError, match="has no upload URL"):
        send({"success": True, "alreadyExisted": False, "version": 1})


def test_compression_checks_the_deadline_at_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is followed by a pause of zero seconds, which checks the deadline."""
    monkeypatch.setattr(compression, "_STEP_BYTES", CHUNK_BYTES)
    path = tmp_path / "w.pt"
    path.write_bytes(bytes(2 * CHUNK_BYTES))
    answer = {"success": True, "alreadyExisted": True, "version": 1}
    world = FakeWorld([httpx.Response(200, json=answer)])
    world.play(send_weights(REMOTE, "Net", 1, path, options=TransferOptions(compress=True)))
    assert world.pauses == [0, 0]


@pytest.mark.parametrize("url", ["nowhere", "file:///etc/passwd"])
def test_urls_that_are_none_are_the_hubs_fault(url: str) -> None:
    with pytest.raises(InvalidJSONError, match="not usable"):
        send({"uploadUrl": url, "uploadFields": {}})


@pytest.mark.parametrize("missing", ["chunkSize", "uploadId", "key"])
def test_parts_need_all_that_belongs_to_them(missing: str) -> None:
    ticket = {"uploadUrls": ["https://s3.test/1"], "chunkSize": 10**9, "uploadId": "u", "key": "k"}
    del ticket[missing]
    with pytest.raises(InvalidJSONError, match="lacks"):
        send(ticket)


def test_a_form_goes_to_storage_without_credentials() -> None:
    answer = httpx.Response(204, request=httpx.Request("POST", "https://s3.test/b"))
    (call,) = send({"uploadUrl": "https://s3.test/b", "uploadFields": {"key": "a"}}, answer)
    assert call.service.audience is None
    assert call.request["url"] == "https://s3.test/b"


# --- Bodies --------------------------------------------------------------------------------------


def test_a_form_has_its_fields_first_and_its_exact_length() -> None:
    told_by, told = meter()
    fields = {"key": "a/b", "policy": "cG9s==", 'odd"\r\nname': "välue"}
    source = Source.from_bytes(DATA, 'w"\r\nx: y.pt')
    body = FormBody(fields, source, told_by)
    sent = b"".join(body.chunks())
    assert int(body.headers["content-length"]) == len(sent)
    head = f"content-type: {body.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + sent, policy=email.policy.HTTP)
    parts = list(message.iter_parts())
    values = [part.get_payload(decode=True) for part in parts]
    assert values == [b"a/b", b"cG9s==", "välue".encode(), DATA]
    assert parts[-1]["content-disposition"].params["filename"] == "w%22%0D%0Ax: y.pt"
    told_by.close()
    assert told[-1] == len(DATA)


def test_a_body_that_is_sent_again_is_counted_once() -> None:
    told_by, told = meter()
    for body in (FormBody({}, SOURCE, told_by), PartBody(SOURCE, 5, 2 * CHUNK_BYTES, told_by)):
        chunks = body.chunks()
        for _ in range(2):
            next(chunks)
        chunks.close()
        first = b"".join(body.chunks())
        assert b"".join(body.chunks()) == first
    told_by.close()
    assert told[-1] == len(DATA) + 2 * CHUNK_BYTES


def test_a_part_knows_the_md5_of_what_was_sent_last() -> None:
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
def test_files_and_bytes_give_the_same_pieces(path: Path, offset: int, length: int) -> None:
    file = Source.from_file(path)
    assert (file.file_name, file.size) == (SOURCE.file_name, SOURCE.size)
    expected = DATA[offset : offset + length]
    assert b"".join(file.chunks(offset, length)) == expected
    assert b"".join(SOURCE.chunks(offset, length)) == expected


def test_a_file_that_changes_keeps_its_last_bytes_back(path: Path) -> None:
    chunks = Source.from_file(path).chunks(0, len(DATA))
    sent = [next(chunks)]
    os.utime(path, (1, 1))

    def go_on() -> None:
        sent.extend(chunks)

    with pytest.raises(TransferError, match="changed while it was sent"):
        go_on()
    assert 0 < sum(map(len, sent)) < len(DATA)


def test_a_file_that_was_replaced_is_not_sent(path: Path) -> None:
    source = Source.from_file(path)
    other = path.with_name("other")
    other.write_bytes(DATA)
    other.replace(path)
    with pytest.raises(TransferError, match="changed while it was sent"):
        next(source.chunks(0, len(DATA)))


def test_a_file_that_ends_too_soon_is_an_error(path: Path) -> None:
    source = Source.from_file(path)
    with pytest.raises(TransferError, match="was truncated while"):
        list(source.chunks(0, len(DATA) + 1))


def test_a_file_that_is_gone_is_an_error(path: Path) -> None:
    source = Source.from_file(path)
    path.unlink()
    with pytest.raises(TransferError, match="cannot be read: No such file"):
        list(source.chunks(0, 1))


def test_what_is_in_memory_is_not_in_the_repr() -> None:
    assert repr(DATA[:20])[2:-1] not in repr(SOURCE)


def test_a_packed_copy_can_be_thrown_away_at_any_time(path: Path) -> None:
    copy = CompressedCopy(Source.from_file(path), 10**9)
    copy.discard()
    again = CompressedCopy(Source.from_file(path), 10**9)
    while again.step():
        pass
    packed = again.source()
    assert packed.file_name == "w.pt"
    assert packed.size == again.size
    again.discard()
    again.discard()
    with pytest.raises(TransferError):
        next(packed.chunks(0, 1))
