"""Requests are built as httpx would build them, without its cost for most calls."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from typing import Any

import httpx
import pytest

from bitfount_api._core.effects import Send, Service
from bitfount_api._core.messages import HTTPRequest
from bitfount_api._internal.operation import Operation
from bitfount_api._internal.urls import Origin, origin
from bitfount_api._io import requests
from bitfount_api._io.bodies import BodyLength
from bitfount_api._io.errors import BodyLengthError
from bitfount_api._io.requests import build
from bitfount_api.exceptions import RequestException

AGENT = "bitfount-api/test"
KEYS = {"authorization": "Bearer t"}


def call(
    base: str, request: Mapping[str, Any], credentials: Mapping[str, str] | None = None
) -> Send:
    service = Service("the Hub", base, "hub")
    return Send(Operation("op"), service, request, credentials=credentials)


def built_by_httpx(made: Send) -> httpx.Request:
    arguments = dict(made.request)
    arguments["url"] = f"{made.service.url}{arguments['url']}"
    headers = httpx.Headers(arguments.get("headers"))
    headers.update(made.credentials)
    arguments["headers"] = headers
    defaults = {"user-agent": AGENT, "accept-encoding": "gzip, deflate"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(headers=defaults, transport=transport) as client:
        return client.build_request(**arguments)


def header_set(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers as they count: in any order, with names in any case."""
    return sorted((name.lower(), value) for name, value in headers)


TYPED: dict[str, tuple[str, dict[str, Any], dict[str, str] | None]] = {
    "get": ("https://hub.test", {"method": "get", "url": "/x"}, KEYS),
    "no credentials": ("https://hub.test", {"method": "GET", "url": "/x"}, None),
    "quoted path": ("https://hub.test", {"method": "get", "url": "/a%2Fb/%C3%A9?q=1"}, KEYS),
    "root": ("https://hub.test", {"method": "get", "url": "/"}, KEYS),
    "base with a path": ("https://hub.test/v1/api", {"method": "get", "url": "/x"}, KEYS),
    "base with a port": ("http://hub.test:8080", {"method": "get", "url": "/x"}, KEYS),
    "base with its default port": ("https://hub.test:443", {"method": "get", "url": "/x"}, KEYS),
    "base with an IPv6 address": ("http://[::1]:8080/a", {"method": "get", "url": "/x"}, KEYS),
    "base with an international name": ("https://hüb.test", {"method": "get", "url": "/x"}, KEYS),
    "params": (
        "https://hub.test/api",
        {"method": "get", "url": "/x", "params": {"a": "b c&d=é+/?", "n": 3, "t": True}},
        KEYS,
    ),
    "params with lists": (
        "https://hub.test",
        {"method": "get", "url": "/x", "params": {"a": ["1", "2"], "b": ""}},
        KEYS,
    ),
    "no params": ("https://hub.test", {"method": "get", "url": "/x", "params": {}}, KEYS),
    "json": (
        "https://hub.test/api",
        {"method": "post", "url": "/x", "json": {"a": [1, 2.5, None, True], "b": {}}},
        KEYS,
    ),
    "json with other characters": (
        "https://hub.test",
        {"method": "put", "url": "/x", "json": {"é☃": "\U0001f600\n\"'\u2028"}},
        KEYS,
    ),
    "json that is false": ("https://hub.test", {"method": "put", "url": "/x", "json": 0}, KEYS),
    "json of a DELETE": ("https://hub.test", {"method": "delete", "url": "/x", "json": []}, KEYS),
    "json and its type": (
        "https://hub.test",
        {
            "method": "patch",
            "url": "/x",
            "json": {},
            "headers": {"Content-Type": "application/merge-patch+json"},
        },
        KEYS,
    ),
    "no body": ("https://hub.test", {"method": "post", "url": "/x"}, KEYS),
    "no body of a DELETE": ("https://hub.test", {"method": "delete", "url": "/x"}, KEYS),
    "headers": (
        "https://hub.test",
        {"method": "get", "url": "/x", "headers": {"X-A": "1", "accept": "text/plain"}},
        KEYS,
    ),
    "replaced defaults": (
        "https://hub.test",
        {"method": "get", "url": "/x", "headers": {"User-Agent": "me", "ACCEPT-Encoding": "br"}},
        KEYS,
    ),
    "credentials replace a header": (
        "https://hub.test",
        {"method": "get", "url": "/x", "headers": {"authorization": "mine", "x-a": "1"}},
        KEYS,
    ),
    "credentials replace a header in another case": (
        "https://hub.test",
        {"method": "get", "url": "/x", "headers": {"Authorization": "mine", "x-a": "1"}},
        KEYS,
    ),
    "two credentials": (
        "https://hub.test",
        {"method": "get", "url": "/x", "headers": None},
        {"X-API-Key": "k", "x-api-key-id": "i"},
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_typed_call_is_built_like_by_httpx(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = call(*TYPED[name])
    expected = built_by_httpx(made)
    monkeypatch.setattr(requests, "_build_with_httpx", lambda *_: pytest.fail("it is slow"))
    request = build(made, AGENT)
    assert request.method == expected.method
    assert httpx.URL(request.url) == expected.url
    assert request.origin == origin(expected.url)
    assert request.target == expected.url.raw_path
    assert request.content == expected.content
    assert header_set(request.headers) == header_set(expected.headers.raw)
    assert request.stream is None


@pytest.mark.parametrize("name", TYPED)
def test_slow_way_builds_the_same(name: str) -> None:
    made = call(*TYPED[name])
    fast, slow = build(made, AGENT), requests._build_with_httpx(made, AGENT)
    for field in ("method", "origin", "target", "content", "stream"):
        assert getattr(fast, field) == getattr(slow, field), field
    assert header_set(fast.headers) == header_set(slow.headers)
    assert httpx.URL(fast.url) == httpx.URL(slow.url)


@pytest.mark.parametrize("base", ["https://hub.test", "https://hub.test/api"])
@pytest.mark.parametrize("path", ["//evil.test/x", "/..//evil.test", "/@evil.test/x", "/x:80"])
def test_path_cannot_name_another_host(base: str, path: str) -> None:
    request = build(call(base, {"method": "get", "url": path}, KEYS), AGENT)
    assert request.origin == Origin("https", b"hub.test", None)
    assert dict(request.headers)[b"host"] == b"hub.test"
    assert request.target == (httpx.URL(base).raw_path.rstrip(b"/") + path.encode())


def test_host_is_the_first_header() -> None:
    """As RFC 9110 recommends."""
    for made in (call(*TYPED["json"]), call("", {"method": "get", "url": "https://s3.test/o"})):
        assert build(made, AGENT).headers[0][0].lower() == b"host"


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "get", "url": "/é"},
        {"method": "get", "url": "/x", "headers": {"x-a": "é"}},
        {"method": "get", "url": "/x", "headers": {"é": "a"}},
    ],
    ids=["path", "header", "header name"],
)
def test_characters_that_cannot_be_sent_raise(request_: dict[str, Any]) -> None:
    with pytest.raises(RequestException, match="op: the request to the Hub could not be made"):
        build(call("https://hub.test", request_, KEYS), AGENT)


def test_credentials_that_cannot_be_sent_are_not_quoted() -> None:
    secret = {"authorization": "Bearer SECRÉT"}
    with pytest.raises(RequestException) as caught:
        build(call("https://hub.test", {"method": "get", "url": "/x"}, secret), AGENT)
    assert "SECR" not in str(caught.value)
    assert caught.value.__context__ is None


class Odd(dict[str, Any]):
    def items(self) -> Any:
        raise KeyError("SECRET")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("base", ["https://hub.test", ""], ids=["operation", "raw"])
@pytest.mark.parametrize(
    "value",
    [float("nan"), object(), "\ud800", {"a": {"b": "\ud800"}}, nested(200_000), {"a": Odd(b=1)}],
    ids=["NaN", "object", "surrogate", "deep surrogate", "levels", "odd mapping"],
)
def test_json_that_cannot_be_serialized_raises(base: str, value: Any) -> None:
    request = {"method": "post", "url": "/x" if base else "https://s3.test/x", "json": value}
    with pytest.raises(ValueError, match=r"^op: an argument cannot be sent: .* - at `\$") as caught:
        build(call(base, request), AGENT)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_content_takes_precedence_over_json() -> None:
    arguments = {"url": "https://s3.test/o", "content": b"x", "json": {"a": 1}}
    made = call("", {"method": "POST", **arguments})
    assert build(made, AGENT).content == built_by_httpx(made).content == b"x"


# --- Raw requests, and streamed bodies: built by httpx -------------------------------------------


RAW: dict[str, dict[str, Any]] = {
    "json": {"method": "POST", "json": {"a": "é"}},
    "no json": {"method": "POST", "json": None},
    "data": {"method": "POST", "data": {"a": "b c"}},
    "content": {"method": "PUT", "content": b"\0\xff"},
    "files": {"method": "POST", "files": {"f": ("n.txt", b"abc")}, "headers": {
        "content-type": "multipart/form-data; boundary=b"}},
    "cookies": {"method": "GET", "cookies": {"a": "b"}},
    "params": {"method": "GET", "params": {"a": "b c"}},
    "an absolute URL": {"method": "GET", "headers": {"Accept": "text/plain"}},
}  # fmt: skip


TO_SERVICES = ["data", "content", "files", "cookies"]
"""The other raw requests to services are built without httpx."""


@pytest.mark.parametrize(
    ("base", "name"),
    [*(("", name) for name in RAW), *(("https://s3.test", name) for name in TO_SERVICES)],
)
def test_raw_arguments_are_built_by_httpx(name: str, base: str) -> None:
    url = "/o?sig=1" if base else httpx.URL("https://s3.test:444/o?sig=1")
    made = call(base, {**RAW[name], "url": url}, KEYS)
    request, expected = build(made, AGENT), built_by_httpx(made)
    assert (request.method, request.url) == (expected.method, str(expected.url))
    assert request.origin == origin(expected.url)
    assert request.target == expected.url.raw_path
    content = request.content if request.stream is None else b"".join(request.stream)  # type: ignore[arg-type]
    assert content == expected.read()
    assert header_set(request.headers) == header_set(expected.headers.raw)


@pytest.mark.parametrize("length", ["2", "4"])
def test_content_of_another_length_than_declared_raises(length: str) -> None:
    arguments = {"content": b"abc", "headers": {"Content-Length": length}}
    with pytest.raises(RequestException, match=r"could not be made: its body .* content-length"):
        build(call("", {"method": "PUT", "url": "https://h.test", **arguments}), AGENT)
    arguments["headers"] = {"Content-Length": "3"}
    assert build(call("", {"method": "PUT", "url": "https://h.test", **arguments}), AGENT)


def test_extensions_of_a_raw_request_are_kept() -> None:
    request = build(
        call("", {"method": "GET", "url": "https://h.test", "extensions": {"sni_hostname": "a"}}),
        AGENT,
    )
    assert request.extensions["sni_hostname"] == "a"


def test_invalid_url_raises_without_quoting_it() -> None:
    with pytest.raises(RequestException, match="could not be made: InvalidURL") as caught:
        build(call("", {"method": "GET", "url": "https://s3.test:port/o?sig=SECRET"}), AGENT)
    assert "SECRET" not in str(caught.value)


class Pieces:
    """A body of three chunks."""

    headers: Mapping[str, str] = {"content-type": "text/plain", "content-length": "6"}

    def chunks(self) -> Generator[bytes]:
        yield from (b"ab", b"cd", b"ef")


@pytest.mark.parametrize("base", ["", "https://s3.test"], ids=["absolute", "service"])
def test_streamed_body_brings_its_own_headers(base: str) -> None:
    service = Service("storage", base)
    arguments = {"method": "put", "url": "/o" if base else "https://s3.test/o"}
    request = build(Send(Operation("op"), service, arguments, Pieces()), AGENT)
    headers = dict(header_set(request.headers))
    assert headers == {
        b"host": b"s3.test",
        b"accept": b"*/*",
        b"accept-encoding": b"gzip, deflate",
        b"connection": b"keep-alive",
        b"user-agent": AGENT.encode(),
        b"content-length": b"6",
        b"content-type": b"text/plain",
    }
    assert len(headers) == len(request.headers)
    assert request.content == b""


def test_nothing_beyond_the_declared_length_is_sent() -> None:
    """It would be taken for the beginning of the next request."""
    arguments = {"method": "PUT", "url": "https://h.test", "headers": {"Content-Length": "5"}}
    request = build(call("", {**arguments, "content": iter([b"abc", b"def"])}), AGENT)
    length = BodyLength(request)
    assert length.take(b"abc") == b"abc"
    with pytest.raises(BodyLengthError):
        length.end()
    with pytest.raises(BodyLengthError):
        length.take(b"def")


@pytest.mark.parametrize("headers", [{}, {"content-length": "6"}], ids=["unknown", "exact"])
def test_body_of_the_declared_length_is_sent(headers: dict[str, str]) -> None:
    arguments = {"method": "PUT", "url": "https://h.test", "headers": headers}
    length = BodyLength(build(call("", {**arguments, "content": iter([b"abc"])}), AGENT))
    assert [length.take(b"abc"), length.take(b"def")] == [b"abc", b"def"]
    length.end()


def test_iterator_is_the_stream_of_the_request() -> None:
    arguments = {"method": "PUT", "url": "https://h.test/o", "content": iter([b"ab", b"cd"])}
    request = build(call("", arguments), AGENT)
    assert isinstance(request.stream, httpx.SyncByteStream)
    assert list(request.stream) == [b"ab", b"cd"]
    assert dict(header_set(request.headers))[b"transfer-encoding"] == b"chunked"
    assert request.content == b""


def test_request_shows_no_secrets() -> None:
    arguments = {"method": "PUT", "url": "https://s3.test/o?sig=SECRET", "json": "SECRET"}
    request: HTTPRequest = build(call("", arguments, {"x-api-key": "SECRET"}), AGENT)
    assert json.loads(request.content) == "SECRET"
    assert "SECRET" not in repr(request)
    assert "PUT" in repr(request)
