"""Credentials leave the machine only with encryption, unless that is allowed by name."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.http_server import Answer, ReceivedRequest, serving
from support.oauth import CODE, id_token

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountAM,
    AsyncBitfountHub,
    AsyncSMARTOnFHIR,
    AuthenticationError,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    DeviceCodeFlowHandler,
    RetryPolicy,
    SMARTOnFHIR,
)
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.auth.token_store import Token

KEYS = APIKeysHandler("id", "SECRET-key", "alice")
CLIENTS: list[Any] = [
    *(BitfountHub, BitfountAM, SMARTOnFHIR),
    *(AsyncBitfountHub, AsyncBitfountAM, AsyncSMARTOnFHIR),
]
INSECURE = [
    "http://hub.test",
    "http://hub.test:443/base",
    "HTTP://HUB.TEST",
    "http://localhost.test",
    "http://notlocalhost",
    "http://127.0.0.1.nip.test",
    "http://10.0.0.1:3000",
    "http://128.0.0.1",
    "http://0.0.0.0:3000",
    "http://[fe80::1]",
    "http://[::ffff:10.0.0.1]",
    "http://2130706433",
    "http://127.1",
]
LOOPBACK = [
    "http://localhost:3000",
    "http://LOCALHOST",
    "http://localhost.:3000",
    "http://hub.localhost:3000",
    "http://127.0.0.1",
    "http://127.8.9.10:3000",
    "http://[::1]:3000",
    "http://[::ffff:127.0.0.1]:3000",
    "https://hub.test",
]

clients = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


class Recorder:
    """A transport that answers and records every request."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def session(self, handler: Any = KEYS, **more: Any) -> BitfountSession:
        return BitfountSession(handler, transport=httpx.MockTransport(self), **more)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json={"totalProjects": 0, "projects": []})


def get(session: BitfountSession, url: str, *, asynchronous: bool) -> httpx.Response:
    return asyncio.run(session.arequest("GET", url)) if asynchronous else session.get(url)


@clients
@pytest.mark.parametrize("url", INSECURE)
def test_insecure_service_is_refused(client: Callable[..., Any], url: str) -> None:
    recorder = Recorder()
    session = recorder.session()
    with pytest.raises(ValueError, match=r"must begin with https://.*allow_insecure") as caught:
        client(session, url)
    assert "SECRET" not in str(caught.value)
    session.get(url)  # it was not registered, so that it gets no credentials
    assert "x-api-key" not in recorder.requests[0].headers


@clients
@pytest.mark.parametrize("url", LOOPBACK)
def test_service_on_this_machine_is_accepted(client: Callable[..., Any], url: str) -> None:
    session = Recorder().session()
    client(session, url)
    client(session, url, owns_session=True)


@clients
def test_insecure_service_can_be_allowed(
    client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(Recorder().session(allow_insecure=True), "http://hub.test")
    for value in ("1", "true", "YES\n"):
        monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", value)
        client(Recorder().session(), "http://hub.test")
    for value in ("0", "false", "No", "", " "):
        monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", value)
        with pytest.raises(ValueError, match="https://"):
            client(Recorder().session(), "http://hub.test")
    monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", "1")
    with pytest.raises(ValueError, match="https://"):
        client(Recorder().session(allow_insecure=False), "http://hub.test")


def test_allowing_insecure_services_must_be_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("no", 1, "http://hub.test"):
        with pytest.raises(ValueError, match="True or False"):
            Recorder().session(allow_insecure=value)
    monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", "perhaps")
    with pytest.raises(ValueError, match="BITFOUNT_ALLOW_INSECURE is 'perhaps'"):
        BitfountHub(Recorder().session(), "http://hub.test")
    BitfountHub(Recorder().session(), "https://hub.test")


@twins
def test_raw_request_to_an_insecure_service_is_refused(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMART_ON_FHIR_URL", "http://fhir.test")
    recorder = Recorder()
    with pytest.raises(ValueError, match="SMART on FHIR must begin with https://"):
        get(recorder.session(), "http://fhir.test/api/pairings", asynchronous=asynchronous)
    assert recorder.requests == []
    get(recorder.session(), "http://other.test/", asynchronous=asynchronous)
    allowed = recorder.session(allow_insecure=True)
    get(allowed, "http://fhir.test/api/pairings", asynchronous=asynchronous)
    sent = ["x-api-key" in request.headers for request in recorder.requests]
    assert sent == [False, True]


@twins
def test_requests_without_credentials_are_sent(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMART_ON_FHIR_URL", "http://fhir.test")
    recorder = Recorder()
    session = recorder.session(AnonymousHandler())
    BitfountAM(session, "http://am.test")
    for url in ("http://am.test/x", "http://fhir.test/x"):
        get(session, url, asynchronous=asynchronous)
    assert len(recorder.requests) == 2


@pytest.mark.parametrize("proxy", ["https://proxy.test:3128", "http://127.0.0.1:3128"])
def test_proxy_does_not_make_a_service_secure(proxy: str) -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        BitfountHub(BitfountSession(KEYS, proxy=proxy), "http://hub.test")


@clients
def test_proxy_on_another_machine_gets_no_credentials(
    client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://localhost:3000"
    with pytest.raises(ValueError, match=r"to the proxy http://proxy\.test:3128 .* NO_PROXY"):
        client(BitfountSession(KEYS, proxy="http://u:SECRET@proxy.test:3128"), url)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    with pytest.raises(ValueError, match="add the host to NO_PROXY"):
        client(BitfountSession(KEYS), url)
    client(BitfountSession(KEYS, allow_insecure=True), url)
    client(BitfountSession(KEYS), "https://hub.test")
    monkeypatch.setenv("NO_PROXY", "localhost")
    client(BitfountSession(KEYS), url)
    client(BitfountSession(KEYS, proxy="http://127.0.0.1:3128"), url)
    monkeypatch.setenv("HTTP_PROXY", "nonsense://x")
    client(BitfountSession(KEYS), url)


@pytest.mark.parametrize("name", ["production", "staging", "dev", "sandbox"])
def test_every_environment_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", name)
    session = Recorder().session()
    BitfountHub.from_env(session)
    BitfountAM(session)
    SMARTOnFHIR(session)


def test_handler_of_a_session_cannot_be_replaced() -> None:
    """The check would look at one handler, and the request would use the other."""
    session = BitfountSession(APIKeysHandler("id", "key", "alice"))
    with pytest.raises(AttributeError):
        session.authentication_handler = AnonymousHandler()  # type: ignore[misc]
    with pytest.raises(ValueError, match="must begin with https"):
        BitfountHub(session, "http://hub.test")


def test_handler_derived_from_anonymous_is_checked() -> None:
    class Handler(AnonymousHandler):
        @property
        def hub_request_headers(self) -> Mapping[str, str]:
            return {"x-api-key": "key"}

    with pytest.raises(ValueError, match="must begin with https"):
        BitfountHub(BitfountSession(Handler()), "http://hub.test")


# --- The authorization server --------------------------------------------------------------------

AUTHORITY = "http://localhost:1"  # nothing listens there


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ReceivedRequest]]:
    """Set a proxy that counts as one on another machine, and return what it receives."""
    received: list[ReceivedRequest] = []

    def answer(request: ReceivedRequest) -> Answer:
        received.append(request)
        return 200, {"content-type": "application/json"}, httpx.Response(200, json=CODE).content

    with serving(answer) as url:
        monkeypatch.setenv("HTTP_PROXY", url.replace("127.0.0.1", "0.0.0.0"))
        yield received


def login(storage: Path, left: float | None = None) -> DeviceCodeFlowHandler:
    """Return a handler with a refresh token, if it expires in ``left`` seconds; None for none."""
    handler = DeviceCodeFlowHandler(
        AUTHORITY, storage_path=storage, prompt=lambda _: None, retry=RetryPolicy(0)
    )
    if left is not None:
        handler._file.write(Token("access", id_token(), time.time() + left, "SECRET-refresh"))
    return handler


def authenticate(session: BitfountSession, *, asynchronous: bool) -> None:
    """Authenticate, and close the session."""

    async def main() -> None:
        async with session:
            await session.aauthenticate()

    if asynchronous:
        asyncio.run(main())
    else:
        with session:
            session.authenticate()


@twins
@pytest.mark.parametrize("left", [None, -60.0], ids=["login", "refresh"])
def test_proxy_elsewhere_gets_no_login_secrets(
    proxied: list[ReceivedRequest], tmp_path: Path, left: float | None, asynchronous: bool
) -> None:
    session = BitfountSession(login(tmp_path, left))
    with pytest.raises(AuthenticationError, match=r"to the proxy http://0\.0.* NO_PROXY") as caught:
        authenticate(session, asynchronous=asynchronous)
    assert "SECRET" not in str(caught.value)
    with pytest.raises(AuthenticationError, match="NO_PROXY"):
        login(tmp_path).authenticate()
    assert proxied == []
    token = login(tmp_path)._file.read()
    assert left is None or (token is not None and token.refresh_token == "SECRET-refresh")


@twins
def test_refused_proxy_leaves_a_valid_token_in_use(
    proxied: list[ReceivedRequest],
    tmp_path: Path,
    asynchronous: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = login(tmp_path, 300)
    with caplog.at_level(logging.WARNING):
        authenticate(BitfountSession(handler), asynchronous=asynchronous)
    assert handler.hub_request_headers == {"authorization": "Bearer access"}
    assert "add the host to NO_PROXY" in caplog.text
    assert proxied == []


@twins
@pytest.mark.parametrize("how", ["argument", "variable", "NO_PROXY"])
def test_login_through_a_proxy_can_be_allowed(
    proxied: list[ReceivedRequest],
    tmp_path: Path,
    how: str,
    asynchronous: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if how != "argument":
        name = "NO_PROXY" if how == "NO_PROXY" else "BITFOUNT_ALLOW_INSECURE"
        monkeypatch.setenv(name, "localhost" if how == "NO_PROXY" else "1")
    allowed = True if how == "argument" else None
    session = BitfountSession(login(tmp_path, -60), allow_insecure=allowed)
    with pytest.raises(AuthenticationError) as caught:  # no grant, or nothing listens there
        authenticate(session, asynchronous=asynchronous)
    assert "without encryption" not in str(caught.value)
    assert [b"SECRET-refresh" in request.body for request in proxied] == (
        [] if how == "NO_PROXY" else [True]
    )


@twins
def test_login_with_an_unclear_permission_is_refused(
    proxied: list[ReceivedRequest],
    tmp_path: Path,
    asynchronous: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", "perhaps")
    with pytest.raises(AuthenticationError, match="BITFOUNT_ALLOW_INSECURE is 'perhaps'"):
        authenticate(BitfountSession(login(tmp_path, -60)), asynchronous=asynchronous)
    assert proxied == []


@twins
@pytest.mark.parametrize("name", ["localhost.", "hub.localhost"])
def test_name_below_localhost_leads_to_this_machine(asynchronous: bool, name: str) -> None:
    received: list[ReceivedRequest] = []

    def answer(request: ReceivedRequest) -> Answer:
        received.append(request)
        return 200, {}, b"{}"

    with serving(answer) as url:
        session = BitfountSession(KEYS, retry=RetryPolicy(0))
        address = url.replace("127.0.0.1", name)
        BitfountHub(session, address)

        async def call() -> httpx.Response:
            async with session:
                return await session.arequest("GET", f"{address}/a")

        with session:
            response = asyncio.run(call()) if asynchronous else session.get(f"{address}/a")
    assert response.status_code == 200
    assert received[0].headers["x-api-key"] == "SECRET-key"
