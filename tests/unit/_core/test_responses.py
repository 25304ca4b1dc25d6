"""A response becomes validated JSON, or one error that says what is wrong, without secrets."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.flows import received

from bitfount_api import types
from bitfount_api._core.effects import Service
from bitfount_api._core.messages import HTTPResponse
from bitfount_api._core.responses import check_status, decode_json, error_message
from bitfount_api._core.services import STORAGE
from bitfount_api._internal.operation import Operation
from bitfount_api.exceptions import (
    BitfountError,
    HTTPError,
    InvalidJSONError,
    ModelTooLargeError,
    ModelValidationError,
    PodDoesNotExistError,
    RequestException,
    TransferError,
)

HUB = Service("the Hub", "https://hub.test", "hub")
GET_POD = Operation("get_pod")
POD = {"podIdentifier": "bob/scans", "podName": "scans", "podPublicKey": "ssh-rsa A"}


def answer(
    status: int = 200, content: bytes | str = b"", headers: dict[str, str] | None = None
) -> HTTPResponse:
    request = httpx.Request(
        "GET",
        "https://hub.test/api/pods/bob/scans?sig=QUERY-SECRET",
        headers={"x-api-key": "KEY-SECRET", "x-api-key-id": "ID-SECRET", "accept": "*/*"},
    )
    return received(httpx.Response(status, content=content, headers=headers, request=request))


def refusal(*args: Any, service: Service = HUB, **more: Any) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        check_status(answer(*args, **more), GET_POD, service)
    return caught.value


def test_decode_json_returns_all_fields() -> None:
    sent = {**POD, "someday": {"new": [1]}}
    assert decode_json(answer(content=json.dumps(sent)), types.PodDetails, GET_POD, HUB) == sent


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b'{"podName": ', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"NaN", "not JSON"),
        (b"null", "shape"),
        (b"[]", "shape"),
        (json.dumps({"podName": "scans"}).encode(), "podIdentifier"),
        (json.dumps({**POD, "podName": 7}).encode(), "podName"),
        (json.dumps({**POD, "isOnline": "yes"}).encode(), "isOnline"),
    ],
)
def test_decode_json_invalid_answer_names_the_problem(content: bytes, what: str) -> None:
    with pytest.raises(InvalidJSONError, match=what) as caught:
        decode_json(answer(content=content), types.PodDetails, GET_POD, HUB)
    assert caught.value.operation == "get_pod"
    assert caught.value.url == "https://hub.test/api/pods/bob/scans"


def test_html_page_is_named_in_the_error() -> None:
    page = answer(content="<html>", headers={"content-type": "text/html"})
    with pytest.raises(InvalidJSONError, match="not JSON but text/html"):
        decode_json(page, types.PodDetails, GET_POD, HUB)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "refused with 401 Unauthorized. The credentials were refused"),
        (403, "refused with 403 Forbidden. These credentials may not"),
        (404, "refused with 404 Not Found. Check the name"),
        (413, "The request is larger than the service accepts"),
        (429, "Too many requests"),
        (500, "failed with 500 Internal Server Error."),
        (599, "failed with 599."),
        (302, "answered with a redirect, which is never followed: 302 Found"),
        (226, "answered with the unexpected status 226"),
    ],
)
def test_http_error_gives_reason_and_advice(status: int, text: str) -> None:
    error = refusal(status)
    assert text in str(error)
    assert str(error).startswith("get_pod: the Hub ")
    assert error.status_code == status


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "The presigned URL may have expired: try again with a new one."),
        (401, "The presigned URL was refused: try again with a new one."),
        (403, "The presigned URL was refused or has expired: try again with a new one."),
        (404, "The object is missing, or its upload was aborted: check that it was uploaded."),
        (413, "The object is larger than object storage accepts."),
    ],
)
def test_storage_error_advice_names_no_credentials(status: int, advice: str) -> None:
    text = str(refusal(status, service=STORAGE))
    assert text.startswith(f"get_pod: object storage refused with {status} ")
    assert advice in text
    assert "credentials" not in text
    assert "API key" not in text


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (400, "EntityTooLarge", "larger than the Hub has allowed: check the file's size."),
        (400, "EntityTooSmall", "smaller than the Hub was told: check the file's size."),
        (400, "RequestTimeout", "The connection was too slow: try again."),
        (403, "RequestTimeTooSkewed", "The clock of this machine is wrong: set it."),
        (403, "SignatureDoesNotMatch", "changed on its way: check the proxy."),
        (403, "AccessDenied", "was refused or has expired: try again with a new one."),
        (403, "AccessDenied</Code><Message>Request has expired</Message><Code>", "has expired"),
    ],
)
def test_storage_error_advice_fits_its_code(status: int, code: str, advice: str) -> None:
    body = f"<Error><Code>{code}</Code></Error>"
    text = str(refusal(status, body, service=STORAGE))
    assert advice in text
    assert "API key" not in text
    assert "credentials" not in text


def test_http_error_quotes_message_and_request_id() -> None:
    error = refusal(
        403, json.dumps({"errorMessage": "Not yours"}), headers={"x-request-id": "r-17"}
    )
    assert "403 Forbidden: Not yours. These" in str(error)
    assert str(error).endswith("(request id r-17)")
    assert error.request_id == "r-17"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"errorMessage": "a"}', "a"),
        ('{"error": "b"}', "b"),
        ('{"error": "x", "error_description": "c"}', "c"),
        ('{"message": "d"}', "d"),
        ('{"errorMessage": 5}', None),
        ("[1]", None),
        ("<html>no</html>", None),
        ("", None),
        (
            "<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>",
            "AccessDenied: Expired",
        ),
        ("<Error><Code>SlowDown</Code></Error>", "SlowDown"),
        ('"' + "x" * 200_000, None),
    ],
)
def test_error_message_finds_the_message_of_the_service(content: str, message: str | None) -> None:
    assert error_message(answer(400, content)) == message


@pytest.mark.timeout(20)
def test_error_message_takes_linear_time() -> None:
    # In quadratic time, each of these would take a minute.
    for text in ["<Error>", "<Error><Code></Code>"] * 20:
        assert error_message(answer(500, text * (100_000 // len(text)))) is None


def test_error_message_of_an_unread_body_is_none() -> None:
    class Unread(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'{"errorMessage": "x"}'

    assert error_message(received(httpx.Response(500, stream=Unread()))) is None


def test_http_error_hides_secrets_quoted_by_the_service() -> None:
    error = refusal(
        403,
        json.dumps(
            {"errorMessage": "key KEY-SECRET of ID-SECRET at https://s3/x?sig=QUERY-SECRET\r\n[31m"}
        ),
    )
    request = error.response.request
    shown = f"{error} {error!r} {error.__dict__} {request.headers} {request.url}"
    assert "SECRET" not in shown
    assert "\n" not in str(error)
    assert request.headers["accept"] == "*/*"


def test_long_message_is_truncated() -> None:
    assert len(str(refusal(400, json.dumps({"errorMessage": "x" * 5000})))) < 700


def test_errors_can_be_pickled() -> None:
    error = refusal(429, headers={"x-request-id": "r-17"})
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.status_code, copy.request_id) == (str(error), 429, "r-17")
    assert (copy.response.status_code, copy.response.ok, copy.response.content) == (429, False, b"")
    assert dict(copy.response.headers) == {}
    missing = PodDoesNotExistError(
        "text", status_code=404, request_id="r-18", response=error.response
    )
    copy = pickle.loads(pickle.dumps(missing))
    assert type(copy) is PodDoesNotExistError
    assert (str(copy), copy.status_code, copy.request_id) == ("text", 404, "r-18")
    assert copy.response.status_code == 404
    other = RequestException("text", operation="op", url="https://hub.test", sent=False)
    copy = pickle.loads(pickle.dumps(other))
    assert (str(copy), copy.operation, copy.url, copy.sent) == (
        "text",
        "op",
        "https://hub.test",
        False,
    )


def test_http_error_of_a_test_needs_no_response() -> None:
    error = HTTPError("refused", status_code=403)
    copy = pickle.loads(pickle.dumps(error))
    for each in (error, copy):
        assert each.status_code == 403
        with pytest.raises(AttributeError, match="without a response"):
            each.response  # noqa: B018


@pytest.mark.parametrize(
    "kind", [BitfountError, TransferError, ModelValidationError, ModelTooLargeError]
)
def test_text_of_an_error_can_be_printed(kind: type[BitfountError]) -> None:
    """A file name that is not UTF-8 has lone surrogates."""
    error = kind("w\udcff.pt \ud800 ✓ cannot be written")
    assert str(error) == "w\\udcff.pt \\ud800 ✓ cannot be written"
    assert f"{error}".encode()
    assert pickle.loads(pickle.dumps(error)).args == error.args
