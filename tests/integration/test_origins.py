"""Credentials are sent only to the exact origins of known services, however a URL is written."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import httpx
import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    ConnectError,
    RetryPolicy,
)

SECRET = "MARKED-SECRET"
CREDENTIALS = ("x-api-key", "x-api-key-id", "authorization")


class Recorder:
    """A transport that answers and records every request."""

    def __init__(self, answer: httpx.Response | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200) if self.answer is None else self.answer

    def session(self) -> BitfountSession:
        handler = APIKeysHandler(f"{SECRET}-i:{SECRET}-am", f"{SECRET}-k:{SECRET}-am", "alice")
        return BitfountSession(handler, transport=httpx.MockTransport(self))


def ask(session: BitfountSession, url: Any, *, asynchronous: bool, **more: Any) -> httpx.Response:
    if asynchronous:
        return asyncio.run(session.arequest("GET", url, **more))
    return session.get(url, **more)


twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])

HOSTILE = [
    # another host that begins or ends like a known host
    "https://hub.bitfount.com.evil.test/api/pods",
    "https://hub.bitfount.community/api",
    "https://hub.bitfount.co/api",
    "https://hub.bitfount.comm/api",
    "https://evilhub.bitfount.com/api",
    "https://evil.hub.bitfount.com/api",
    "https://evil-hub.bitfount.com/api",
    "https://bitfount.com/api",
    "https://am.bitfount.com/api",
    "https://evil.test/https://hub.bitfount.com/api",
    "https://evil.test/hub.bitfount.com",
    "https://evil.test?https://hub.bitfount.com/",
    "https://evil.test#@hub.bitfount.com/",
    "https://evil.test;hub.bitfount.com/",
    # a user name that looks like the host
    "https://hub.bitfount.com@evil.test/",
    "https://hub.bitfount.com:443@evil.test/",
    "https://hub.bitfount.com:pw@evil.test/",
    "https://hub.bitfount.com%2f@evil.test/",
    "https://hub.bitfount.com%40evil.test/",
    "https://user@hub.bitfount.com@evil.test/",
    "https://evil.test@hub.bitfount.com/",
    "https://user:pw@hub.bitfount.com/",
    # another scheme
    "http://hub.bitfount.com/api/pods",
    "http://hub.bitfount.com:443/api",
    "ws://hub.bitfount.com/",
    "ftp://hub.bitfount.com/",
    "file://hub.bitfount.com/etc/passwd",
    "javascript://hub.bitfount.com/%0aalert(1)",
    "HTTP://HUB.BITFOUNT.COM/",
    # another port
    "https://hub.bitfount.com:80/",
    "https://hub.bitfount.com:8443/",
    "https://hub.bitfount.com:0/",
    "https://hub.bitfount.com:4430/",
    "https://hub.bitfount.com:65979/",
    "https://hub.bitfount.com:99999999999/",
    "https://hub.bitfount.com:-1/",
    "https://hub.bitfount.com:443x/",
    # dots, escapes and look-alikes
    "https://hub.bitfount.com./api",
    "https://.hub.bitfount.com/",
    "https://hub..bitfount.com/",
    "https://hub%2ebitfount.com/",
    "https://hub.bitfount.com%00.evil.test/",
    "https://hub.bitf\u043eunt.com/",
    "https://\uff48ub.bitfount.com/",
    "https://\u210eub.bitfount.com/",
    "https://hub.bitfount.com\u200b/",
    "https://hub.bitfount\u00ad.com/",
    "https://xn--hub-.bitfount.com/",
    "https://xn--hub.bitfount.com/",
    "https://xn--hub.bitfunt-kdg.com/",
    # backslashes, white space and control characters
    "https://evil.test\\@hub.bitfount.com/",
    "https://hub.bitfount.com\\@evil.test/",
    "https://evil.test\\.hub.bitfount.com/",
    "https:\\\\hub.bitfount.com\\",
    "https://hub.bitfount.com\t.evil.test/",
    "https://hub.bitfount.com\n.evil.test/",
    "https://hub.bitfount.com\r\nhost: evil.test/",
    " https://hub.bitfount.com.evil.test/",
    # addresses
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[hub.bitfount.com]/",
    "https://127.0.0.1/",
    "https://2130706433/",
    # no absolute URL
    "//hub.bitfount.com/api",
    "/api/pods",
    "hub.bitfount.com/api",
    "https:hub.bitfount.com",
    "https:///hub.bitfount.com",
    "https://",
    "",
]


def test_case_list_is_large_enough() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 40


@twins
@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_similar_url_gets_no_credentials(url: str, asynchronous: bool) -> None:
    recorder = Recorder()
    try:
        ask(recorder.session(), url, asynchronous=asynchronous)
    except ValueError as error:
        assert SECRET not in str(error)
        assert recorder.requests == []
        return
    (request,) = recorder.requests
    assert not any(name in request.headers for name in CREDENTIALS)
    assert SECRET not in f"{request.headers.raw!r} {request.url}"


@twins
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://hub.bitfount.com/api/x?y=1", f"{SECRET}-k"),
        ("https://HUB.bitfount.COM/api", f"{SECRET}-k"),
        ("HTTPS://hub.bitfount.com/api", f"{SECRET}-k"),
        ("https://hub.bitfount.com:443/api", f"{SECRET}-k"),
        ("https://hub.bitfount.com", f"{SECRET}-k"),
        # Under the rules for host names these are dots, so the same host is looked up.
        ("https://hub\u3002bitfount\uff0ecom/", f"{SECRET}-k"),
        ("https://hub.bitfount.com?x", f"{SECRET}-k"),
        (httpx.URL("https://hub.bitfount.com/api"), f"{SECRET}-k"),
        ("https://smartonfhir.bitfount.com/api/pairings", f"{SECRET}-k"),
        ("https://am.hub.bitfount.com/api/access", f"{SECRET}-k:{SECRET}-am"),
    ],
    ids=str,
)
def test_known_services_get_their_credentials(url: Any, key: str, asynchronous: bool) -> None:
    recorder = Recorder()
    ask(recorder.session(), url, asynchronous=asynchronous)
    (request,) = recorder.requests
    assert request.headers["x-api-key"] == key
    assert request.url.raw_host.endswith(b".bitfount.com")


@twins
def test_service_is_registered_by_its_client(asynchronous: bool) -> None:
    recorder = Recorder()
    session = recorder.session()
    urls = ["http://localhost:3000/x", "http://localhost:3001/x", "http://localhost:3002/x"]
    for url in urls:
        ask(session, url, asynchronous=asynchronous)
    (AsyncBitfountHub if asynchronous else BitfountHub)(session, "http://localhost:3000")
    BitfountAM(session, "http://localhost:3001/base")
    for url in urls:
        ask(session, url, asynchronous=asynchronous)
    assert [request.headers.get("x-api-key") for request in recorder.requests] == [
        *[None] * 3, f"{SECRET}-k", f"{SECRET}-k:{SECRET}-am", None,
    ]  # fmt: skip


@twins
def test_environment_determines_the_known_services(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", "staging")
    recorder = Recorder()
    for host in ("hub.bitfount.com", "hub.staging.bitfount.com"):
        ask(recorder.session(), f"https://{host}/", asynchronous=asynchronous)
    assert ["x-api-key" in request.headers for request in recorder.requests] == [False, True]


@twins
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["https://evil.test/", "https://hub.bitfount.com/elsewhere", "//evil.test", "/x"]
)
def test_redirects_are_not_followed(asynchronous: bool, status: int, target: str) -> None:
    recorder = Recorder(httpx.Response(status, headers={"location": target}))
    response = ask(recorder.session(), "https://hub.bitfount.com/", asynchronous=asynchronous)
    assert response.status_code == status
    assert len(recorder.requests) == 1


@twins
@pytest.mark.parametrize("headers", [{"X-API-Key": "own"}, [("X-Api-KEY", "own")]])
def test_credentials_replace_headers_of_the_same_name(asynchronous: bool, headers: Any) -> None:
    recorder = Recorder()
    session = recorder.session()
    for host in ("hub.bitfount.com", "other.test"):
        ask(session, f"https://{host}/", asynchronous=asynchronous, headers=headers)
    assert [request.headers.get_list("x-api-key") for request in recorder.requests] == [
        [f"{SECRET}-k"], ["own"],
    ]  # fmt: skip


@twins
def test_parameters_cannot_change_the_origin(asynchronous: bool) -> None:
    recorder = Recorder()
    params = {"@evil.test/": "x", "url": "https://evil.test"}
    ask(recorder.session(), "https://hub.bitfount.com", asynchronous=asynchronous, params=params)
    assert recorder.requests[0].url.host == "hub.bitfount.com"


@pytest.mark.slow
def test_errors_hide_secrets_of_the_url() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    session = BitfountSession(
        APIKeysHandler("i", SECRET, "alice"), transport=httpx.MockTransport(fail)
    )
    with pytest.raises(Exception, match="no connection") as caught:
        session.post("https://s3.test/bucket?X-Amz-Signature=MARKED-SECRET")
    assert SECRET not in str(caught.value)


@twins
@pytest.mark.parametrize("mark", ["#", "/", "?"])
def test_password_taken_for_a_port_is_not_quoted(mark: str, asynchronous: bool) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    session = BitfountSession(
        APIKeysHandler("i", "k", "alice"),
        retry=RetryPolicy(retries=0),
        transport=httpx.MockTransport(fail),
    )
    with pytest.raises(ConnectError) as caught:
        ask(session, f"https://alice:12{mark}{SECRET}@hub.test/x", asynchronous=asynchronous)
    shown = f"{caught.value!r} {caught.value.__dict__} {pickle.dumps(caught.value)!r}"
    assert SECRET not in shown
    assert ":12" not in shown
