"""Responses are handed to users without the credentials of their requests."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest

from bitfount_api._core.messages import HTTPRequest, HTTPResponse, RawHeaders
from bitfount_api._internal.urls import origin
from bitfount_api.exceptions import HTTPError

URL = "https://user:p4ss@s3.test:444/o%2Fp?X-Amz-Signature=SECRET&n=1#part"
CREDENTIALS: RawHeaders = [
    (b"Authorization", b"Bearer SECRET"),
    (b"x-api-key", b"SECRET"),
    (b"X-API-Key-ID", b"SECRET"),
    (b"PROXY-Authorization", b"Basic SECRET"),
    (b"X-Amz-Security-Token", b"SECRET"),
]


def response(
    status: int = 200, content: bytes | None = b"", headers: RawHeaders | None = None
) -> HTTPResponse:
    url = httpx.URL(URL)
    sent: RawHeaders = [(b"host", b"s3.test"), *CREDENTIALS, (b"Content-Length", b"11")]
    request = HTTPRequest("PUT", URL, origin(url), url.raw_path, sent, b"SECRET body")
    return HTTPResponse(
        status,
        headers or [],
        request,
        content,
        http_version=b"HTTP/1.0",
        reason_phrase=b"Fine",
    )


def test_to_httpx_has_status_body_and_headers() -> None:
    headers = [
        (b"Content-Type", b"text/plain; charset=latin-1"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-A", b"\xe9\xff"),
    ]
    made = response(201, b"caf\xe9", headers).to_httpx()
    assert (made.status_code, made.content, made.text) == (201, b"caf\xe9", "café")
    assert made.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert made.headers["x-a"] == "éÿ"
    assert (made.http_version, made.reason_phrase) == ("HTTP/1.0", "Fine")
    assert made.is_closed


def test_to_httpx_request_has_no_credentials() -> None:
    request = response().to_httpx().request
    assert request.method == "PUT"
    assert dict(request.headers) == {"host": "s3.test", "content-length": "11"}
    assert request.content == b""


@pytest.mark.parametrize(("with_query", "expected"), [
    (True, URL),
    (False, "https://s3.test:444/o%2Fp"),
])  # fmt: skip
def test_to_httpx_keeps_the_query_if_asked(with_query: bool, expected: str) -> None:
    made = response().to_httpx(with_query=with_query)
    assert str(made.request.url) == str(httpx.URL(expected))
    assert str(made.url) == str(made.request.url)


def test_to_httpx_keeps_the_query_by_default() -> None:
    assert response().to_httpx().request.url.query == b"X-Amz-Signature=SECRET&n=1"


@pytest.mark.parametrize("name", [b"content-encoding", b"Content-Encoding"])
def test_to_httpx_does_not_decode_the_body_again(name: bytes) -> None:
    made = response(200, b'{"a": 1}', [(name, b"gzip"), (b"X-A", b"1")]).to_httpx()
    assert made.json() == {"a": 1}
    assert "content-encoding" not in made.headers
    assert made.headers["x-a"] == "1"


def test_to_httpx_without_a_body_is_empty() -> None:
    """As when the body was written to a file."""
    made = response(200, None).to_httpx()
    assert made.content == b""


def test_to_httpx_can_be_pickled_without_secrets() -> None:
    made = response(200, b"body", [(b"X-A", b"1")]).to_httpx(with_query=False)
    pickled = pickle.dumps(made)
    assert b"SECRET" not in pickled
    assert b"p4ss" not in pickled
    copy = pickle.loads(pickled)
    assert (copy.status_code, copy.content, copy.headers["x-a"]) == (200, b"body", "1")


def test_to_httpx_hides_credentials_in_headers() -> None:
    headers = [
        (b"X-Amz-Security-Token", b"of another SECRET"),
        (b"Authorization", b"Bearer SECRET"),
        (b"Location", b"/k?X-Amz-Signature=SECRET"),
    ]
    made = response(403, headers=headers).to_httpx(with_query=False)
    assert made.headers.multi_items() == [
        ("x-amz-security-token", "[hidden]"),
        ("authorization", "[hidden]"),
        ("location", "/k"),
    ]


def test_to_httpx_can_raise_for_its_status() -> None:
    response(204).to_httpx().raise_for_status()
    for status in (302, 404):
        with pytest.raises(HTTPError, match=f" answered {status} ") as caught:
            response(status).to_httpx().raise_for_status()
        assert "SECRET" not in str(caught.value)
        assert caught.value.status_code == status


def test_request_for_redaction_has_the_credentials() -> None:
    request = response().request
    assert request.headers["authorization"] == "Bearer SECRET"
    assert request.headers["x-api-key-id"] == "SECRET"
    assert request.url.params["X-Amz-Signature"] == "SECRET"


@pytest.mark.parametrize(
    ("status", "success", "redirect", "error"),
    [
        (100, False, False, False),
        (199, False, False, False),
        (200, True, False, False),
        (299, True, False, False),
        (300, False, True, False),
        (399, False, True, False),
        (400, False, False, True),
        (599, False, False, True),
        (600, False, False, False),
    ],
)
def test_status_classes(status: int, success: bool, redirect: bool, error: bool) -> None:
    for headers in ([], [(b"location", b"https://other.test")]):
        made = response(status, headers=headers)
        assert (made.is_success, made.is_redirect, made.is_error) == (success, redirect, error)


def test_headers_are_found_in_any_case() -> None:
    made = response(headers=[(b"ETag", b'"a"'), (b"x-a", b"1"), (b"X-A", b"2")])
    assert made.headers["etag"] == '"a"'
    assert made.headers["x-a"] == "1, 2"
    assert made.headers is made.headers


def test_request_shows_no_secrets() -> None:
    shown: Any = repr(response().sent)
    assert "SECRET" not in shown
    assert "p4ss" not in shown
