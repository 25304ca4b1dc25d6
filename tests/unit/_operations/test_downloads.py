"""Downloads against scripted answers: those of faulty stores, and expired deadlines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.flows import FakeDriver, received

from bitfount_api import RetryPolicy
from bitfount_api._core.effects import Send, Sleep
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.services import STORAGE
from bitfount_api._operations.downloads import download, download_into, fetch, fetch_weights
from bitfount_api._transfer.destinations import MemoryDestination
from bitfount_api._transfer.part_file import PartFile
from bitfount_api._transfer.zstd import Compressor
from bitfount_api.exceptions import (
    ConnectError,
    HTTPError,
    InvalidJSONError,
    RequestException,
    RequestTimeout,
    TransferError,
)
from bitfount_api.progress import ProgressReporter
from bitfount_api.transfers import TransferOptions

URL = "https://s3.test/object?X-Amz-Signature=SECRET"
REMOTE = ServiceClient(STORAGE, RetryPolicy(retries=1), lambda: "alice")
DATA = os.urandom(1000)
ETAG = '"abc"'
LIMIT = 10**6


def served(
    status: int,
    body: bytes | Iterable[bytes] = b"",
    *,
    error: Exception | None = None,
    **headers: str,
) -> Callable[[Send], Any]:
    """A response, written to the call's sink as by a driver."""

    def outcome(call: Send) -> Any:
        chunks = [body] if isinstance(body, bytes) else list(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = httpx.Request("GET", URL)
        response = received(httpx.Response(status, headers=named, request=request))
        sink: Any = call.sink
        if sink.accept(response):
            whole = False
            try:
                for chunk in chunks:
                    sink.write(chunk)
                if error is not None:
                    raise error
                whole = True
            finally:
                sink.close(whole=whole)
        else:
            response = received(httpx.Response(status, content=b"", request=request))
        return response

    return outcome


def whole(body: bytes | Iterable[bytes] = DATA, **headers: str) -> Callable[[Send], Any]:
    return served(200, body, error=None, **headers)


def piece(start: int, end: int, *, size: int = 1000, etag: str = ETAG) -> Callable[[Send], Any]:
    return served(206, DATA[start:end], etag=etag, content_range=f"bytes {start}-{end - 1}/{size}")


def headers(driver: FakeDriver) -> list[dict[str, str]]:
    return [dict(call.request["headers"]) for call in driver.calls]


def packed(data: bytes) -> bytes:
    packer = Compressor(len(data))
    return packer.feed(data) + packer.finish()


def get(driver: FakeDriver, **options: Any) -> bytes:
    content: bytes = driver.run(fetch_weights(REMOTE, URL, "w", TransferOptions(**options)))
    return content


def test_answer_without_a_length_is_complete_at_its_end() -> None:
    assert FakeDriver([whole()]).run(fetch(REMOTE, URL, limit=LIMIT)) == DATA


def test_answer_without_etag_restarts_after_a_break() -> None:
    broken = served(200, DATA[:500], error=ConnectError("broke"))
    driver = FakeDriver([broken, whole()])
    assert driver.run(fetch(REMOTE, URL, limit=LIMIT)) == DATA
    assert headers(driver) == [{"accept-encoding": "identity"}] * 2


def test_progress_counts_repeated_bytes_once() -> None:
    states: list[Any] = []
    broken = served(200, DATA[:500], error=ConnectError("broke"))
    driver = FakeDriver([broken, whole(content_length="1000")])
    assert get(driver, progress=lambda *state: states.append(state), parts_at_once=1) == DATA
    assert states[-1] == (1000, 1000, "w")


def test_break_after_the_last_byte_is_ignored() -> None:
    broken = served(200, DATA, error=ConnectError("broke"), content_length="1000")
    assert FakeDriver([broken]).run(fetch(REMOTE, URL, limit=LIMIT)) == DATA


@pytest.mark.parametrize(
    "content_range",
    ["", "bytes 1-999/1000", "bytes 0-999/*", "bytes 0-1000/1000", "items 0-9/10", "bytes 9-0/10"],
)
def test_range_that_was_not_requested_is_rejected(content_range: str) -> None:
    odd = served(206, DATA, etag=ETAG, content_range=content_range)
    with pytest.raises(ConnectError, match="a range that was not requested"):
        get(FakeDriver([odd, odd, odd]))


RANGES = ["bytes 1-999/1000", "bytes 0-99/*", "bytes 0-1000/1000", "bytes 9-0/10"]


@pytest.mark.parametrize(
    ("status", "content_range"),
    [
        *((200, odd) for odd in RANGES),
        *((206, odd) for odd in [*RANGES, "", "items 0-9/10"]),
    ],
)
def test_whole_object_is_requested_if_ranges_are_odd(status: int, content_range: str) -> None:
    odd = served(status, DATA[:99], etag=ETAG, content_range=content_range, content_length="100")
    driver = FakeDriver([odd, whole(etag=ETAG, content_length="1000")])
    assert get(driver) == DATA
    assert "range" not in headers(driver)[-1]


@pytest.mark.parametrize(
    ("status", "length"),
    [(200, "1000"), (200, "499"), (200, None), (206, "1000"), (206, "499")],
)
def test_resumed_download_gets_no_wrong_bytes(status: int, length: str | None) -> None:
    """The server sends the range as the whole object, or the whole object as the range."""
    more: dict[str, Any] = {} if length is None else {"content_length": length}
    odd = served(status, DATA[:500], etag=ETAG, content_range="bytes 500-999/1000", **more)
    driver = FakeDriver([piece(0, 500), odd, whole(etag=ETAG, content_length="1000")])
    assert get(driver) == DATA
    assert "range" not in headers(driver)[-1]


def test_range_without_size_continues_a_known_object() -> None:
    unsized = served(206, DATA[500:], etag=ETAG, content_range="bytes 500-999/*")
    assert get(FakeDriver([piece(0, 500), unsized])) == DATA


@pytest.mark.parametrize("length", [{"content_length": "1000"}, {}])
def test_whole_object_may_name_its_range(length: dict[str, Any]) -> None:
    named = whole(etag=ETAG, content_range="bytes 0-999/1000", **length)
    assert get(FakeDriver([named])) == DATA


def test_part_sent_as_the_whole_object_is_rejected() -> None:
    part = whole(DATA[:100], etag=ETAG, content_length="100", content_range="bytes 0-99/1000")
    with pytest.raises(ConnectError, match="a range that was not requested"):
        get(FakeDriver([part, part, part]))


def test_ranges_are_not_requested_again_once_odd() -> None:
    odd = served(206, DATA, etag=ETAG)
    broken = served(200, DATA[:500], error=ConnectError("broke"), etag=ETAG, content_length="1000")
    driver = FakeDriver([odd, broken, whole(etag=ETAG, content_length="1000")])
    assert get(driver) == DATA
    assert ["range" in one for one in headers(driver)] == [True, False, False]


def test_object_of_known_size_may_not_end_early() -> None:
    short = whole(DATA[:700], etag=ETAG)  # without a length
    driver = FakeDriver([piece(0, 500), short, piece(700, 1000)])
    assert get(driver) == DATA


def test_refusal_of_the_whole_object_is_an_error() -> None:
    nothing = served(416, content_range="bytes */7")
    with pytest.raises(HTTPError, match="416"):
        get(FakeDriver([nothing, nothing]))


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "Text/HTML", "application/xhtml+xml"])
def test_web_page_is_not_the_object(status: int, kind: str, tmp_path: Path) -> None:
    page = served(
        status, DATA[:500], etag=ETAG, content_type=kind, content_range="bytes 500-999/1000"
    )
    broken = served(206, DATA[:500], etag=ETAG, content_range="bytes 0-999/1000")
    driver = FakeDriver([broken, page])
    with pytest.raises(RequestException, match="web page"):
        driver.run(download(REMOTE, URL, tmp_path / "w.pt", TransferOptions()))
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt.part"]  # to be resumed
    driver = FakeDriver([piece(500, 1000)])
    driver.run(download(REMOTE, URL, tmp_path / "w.pt", TransferOptions()))
    assert (tmp_path / "w.pt").read_bytes() == DATA


def test_web_page_is_not_the_code() -> None:
    with pytest.raises(RequestException, match="web page"):
        FakeDriver([whole(b"<html>", content_type="text/html")]).run(fetch(REMOTE, URL, limit=9))


@pytest.mark.parametrize("parts", [1, 4])
def test_bytes_beyond_the_range_are_ignored(parts: int) -> None:
    more = served(206, [DATA[:600], DATA], etag=ETAG, content_range="bytes 0-999/1000")
    driver = FakeDriver([more, piece(600, 1000)])
    assert get(driver, parts_at_once=parts) == DATA
    assert headers(driver)[1]["if-range"] == ETAG


def test_shorter_ranges_than_requested_are_accepted() -> None:
    driver = FakeDriver([piece(0, 400), piece(400, 401), piece(401, 1000)])
    assert get(driver) == DATA
    assert [one["range"] for one in headers(driver)] == [
        "bytes=0-1048575",
        "bytes=400-999",
        "bytes=401-999",
    ]


def test_range_without_bytes_raises_http_error() -> None:
    empty = served(206, b"", etag=ETAG, content_range="bytes 0-999/1000")
    with pytest.raises(HTTPError, match="unexpected status 206"):
        get(FakeDriver([empty]))


def test_empty_object_is_downloaded() -> None:
    assert get(FakeDriver([served(416, content_range="bytes */0")])) == b""


@pytest.mark.parametrize("content_range", ["", "bytes */7"])
def test_odd_416_falls_back_to_a_full_request(content_range: str) -> None:
    nothing = served(416, content_range=content_range)
    driver = FakeDriver([nothing, whole(b"", content_length="0")])
    assert get(driver) == b""
    assert "range" not in headers(driver)[-1]


def test_shortened_object_is_downloaded_again() -> None:
    driver = FakeDriver([piece(0, 500), served(416, content_range="bytes */300"), piece(0, 1000)])
    assert get(driver) == DATA


@pytest.mark.parametrize("change", [{"etag": '"other"'}, {"etag": "W/weak"}, {"size": 999}])
def test_ranges_of_different_objects_are_not_joined(change: dict[str, Any]) -> None:
    driver = FakeDriver([piece(0, 500), piece(500, 999, **change), piece(0, 1000)])
    assert get(driver) == DATA


def test_repeatedly_changing_object_raises() -> None:
    odd = [piece(0, 500), piece(500, 1000, etag='"other"')]
    with pytest.raises(TransferError, match="changed repeatedly"):
        get(FakeDriver(odd * 3))


def test_deadline_during_a_pause_raises_the_last_failure() -> None:
    flow = download_into(REMOTE, URL, MemoryDestination(ProgressReporter(None, None, "w"), LIMIT))
    next(flow)
    step = flow.throw(ConnectError("the connection broke"))
    assert isinstance(step, Sleep)
    with pytest.raises(ConnectError, match="the connection broke"):
        flow.throw(RequestTimeout("the time would pass"))


def test_download_checks_the_deadline_while_hashing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wait for the hash is followed by a pause of zero seconds, which checks the deadline."""
    states = iter([False, False, True])
    wait_finished = PartFile.wait_finished
    monkeypatch.setattr(
        PartFile, "wait_finished", lambda self, _: next(states) and wait_finished(self, 60)
    )
    driver = FakeDriver([whole(content_length="1000", etag=ETAG)])
    options = TransferOptions(parts_at_once=1)
    assert driver.run(download(REMOTE, URL, tmp_path / "w.pt", options)).size == 1000
    assert driver.pauses == [0, 0]


@pytest.mark.parametrize("url", ["nowhere", "ftp://s3.test/o", 7, None])
def test_invalid_url_of_the_hub_raises(url: Any) -> None:
    with pytest.raises(InvalidJSONError, match="not usable"):
        FakeDriver([]).run(fetch(REMOTE, url, limit=LIMIT))


def test_renewed_url_is_validated() -> None:
    def renew() -> Any:
        return "nowhere"
        yield

    with pytest.raises(InvalidJSONError, match="not usable"):
        FakeDriver([served(403)]).run(fetch_weights(REMOTE, URL, "w", TransferOptions(), renew))


@pytest.mark.parametrize("step", [1, 3, 7, 10_000])
def test_compressed_weights_are_detected_in_any_chunks(step: int) -> None:
    data = packed(DATA)
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    assert get(FakeDriver([whole(chunks, content_length=str(len(data)))])) == DATA
    assert get(FakeDriver([whole(chunks)])) == DATA


def test_objects_other_than_weights_stay_compressed() -> None:
    data = packed(DATA)
    assert FakeDriver([whole(data)]).run(fetch(REMOTE, URL, limit=LIMIT)) == data


def test_truncated_compressed_weights_raise() -> None:
    data = packed(DATA)[:-5]
    with pytest.raises(TransferError, match="ends within a frame"):
        get(FakeDriver([whole(data, content_length=str(len(data)))]))
