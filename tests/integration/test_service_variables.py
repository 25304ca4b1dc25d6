"""Variables that say where the services are, on all clients, against a real sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountAM,
    AsyncBitfountHub,
    AsyncSMARTOnFHIR,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    DeviceCodeFlowHandler,
    RequestException,
    SMARTOnFHIR,
)
from bitfount_api.auth.prompts import LoginPrompt
from bitfount_api.config import PRODUCTION_HUB_URL
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Sandbox

EMPTY = {"totalProjects": 0, "projects": []}
KEYS = APIKeysHandler("id", "key", "alice")


@pytest.fixture
def services(bitfount_sandbox: SandboxClients) -> Sandbox:
    """A sandbox on free ports, to which the environment leads, and alice's API keys."""
    sandbox = bitfount_sandbox.sandbox
    bitfount_sandbox.act_as("alice")
    sandbox.pair("alice", "https://fhir.test/r4")
    return sandbox


def test_sync_clients_find_the_services(services: Sandbox) -> None:
    with BitfountSession() as session:
        assert BitfountHub.from_env(session).get_projects() == EMPTY
        assert BitfountAM(session).get_access_manager_key().key_size >= 2048
        assert SMARTOnFHIR(session).get_access_token().token
        # The origins of the variables are known, so that raw requests carry credentials.
        assert session.get(f"{services.hub_url}/api/projects").status_code == 200


def test_async_clients_find_the_services(services: Sandbox) -> None:
    async def use() -> None:
        async with BitfountSession() as session:
            assert (await AsyncBitfountHub.from_env(session).get_projects()) == EMPTY
            assert (await AsyncBitfountAM(session).get_access_manager_key()).key_size >= 2048
            assert (await AsyncSMARTOnFHIR(session).get_access_token()).token
            response = await session.arequest("GET", f"{services.hub_url}/api/projects")
            assert response.status_code == 200

    asyncio.run(use())


@pytest.mark.slow  # the authorization server is polled every five seconds
def test_login_finds_the_authorization_server(services: Sandbox, tmp_path: Path) -> None:
    def approve(prompt: LoginPrompt) -> None:
        services.approve(prompt.user_code, "bob")

    handler = DeviceCodeFlowHandler(prompt=approve, storage_path=tmp_path)
    with BitfountSession(handler) as session:
        assert BitfountHub.from_env(session).get_projects() == EMPTY
        assert session.username == "bob"


def test_argument_takes_precedence_over_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BITFOUNT_HUB_URL", "BITFOUNT_ACCESS_MANAGER_URL", "SMART_ON_FHIR_URL"):
        monkeypatch.setenv(name, "https://variable.test")
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", "staging")
    with BitfountSession(KEYS) as session:
        for client in (BitfountHub, BitfountAM, SMARTOnFHIR):
            assert client(session, "https://argument.test").url == "https://argument.test"
        assert BitfountHub.from_env(session).url == "https://variable.test"
        assert BitfountAM(session).url == "https://variable.test"
        # The documented default of the constructor: it follows no variable.
        assert BitfountHub(session).url == PRODUCTION_HUB_URL


def sent_keys(session: BitfountSession, transport: list[httpx.Request], *urls: str) -> list[bool]:
    transport.clear()
    for url in urls:
        session.get(url)
    return ["x-api-key" in request.headers for request in transport]


def test_environment_url_is_unknown_if_a_variable_replaces_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200)

    urls = "https://hub.test/x", "https://hub.test.invalid/x", "https://hub.bitfount.com/x"
    with BitfountSession(KEYS, transport=httpx.MockTransport(answer)) as session:
        assert sent_keys(session, requests, *urls) == [False, False, True]
        monkeypatch.setenv("BITFOUNT_HUB_URL", "https://hub.test/\n")
        assert sent_keys(session, requests, *urls) == [True, False, False]


READERS: dict[str, Callable[[BitfountSession], object]] = {
    "BITFOUNT_HUB_URL": BitfountHub.from_env,
    "BITFOUNT_ACCESS_MANAGER_URL": BitfountAM,
    "SMART_ON_FHIR_URL": SMARTOnFHIR,
    "BITFOUNT_AUTH_DOMAIN": lambda _: DeviceCodeFlowHandler(),
}
ASYNC_READERS: dict[str, Callable[[BitfountSession], object]] = {
    "BITFOUNT_HUB_URL": AsyncBitfountHub.from_env,
    "BITFOUNT_ACCESS_MANAGER_URL": AsyncBitfountAM,
    "SMART_ON_FHIR_URL": AsyncSMARTOnFHIR,
}
INVALID = (
    *("hub test", "ftp://hub.test", "https://hub.test?x=1", "https://s3cret:s3cret@hub.test"),
    *("http://hub.test", "http://10.0.0.1:3000", "http://localhost.hub.test", "https://"),
)


@pytest.mark.parametrize("value", INVALID)
@pytest.mark.parametrize(
    ("name", "read"),
    [*READERS.items(), *ASYNC_READERS.items()],
    ids=[*READERS, *(f"{name}, async" for name in ASYNC_READERS)],
)
def test_invalid_variable_is_named_and_nothing_is_sent(
    name: str,
    read: Callable[[BitfountSession], object],
    value: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    monkeypatch.setenv(name, value)
    session = BitfountSession(KEYS, transport=httpx.MockTransport(refuse))
    with pytest.raises(ValueError, match=f"^{name}: ") as caught:
        read(session)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_http_variable_on_this_machine_is_accepted(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, read in READERS.items():
        monkeypatch.setenv(name, f"http://{host}")
        read(BitfountSession(KEYS))


def test_http_variable_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITFOUNT_HUB_URL", "http://hub.test")
    BitfountHub.from_env(BitfountSession(KEYS, allow_insecure=True))
    monkeypatch.setenv("BITFOUNT_ALLOW_INSECURE", "1")
    BitfountHub.from_env(BitfountSession(KEYS))


def test_insecure_argument_is_not_blamed_on_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("https://hub.test", "hub test"):
        monkeypatch.setenv("BITFOUNT_HUB_URL", value)
        with pytest.raises(ValueError, match=r"^the URL of the Hub must begin with https://"):
            BitfountHub(BitfountSession(KEYS), "http://hub.test")


def test_unreachable_variable_is_not_replaced_by_the_default(
    services: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFOUNT_HUB_URL", "http://localhost:1")
    with BitfountHub.from_env() as hub, pytest.raises(RequestException, match="the Hub"):
        hub.with_options(timeout=5, deadline=5).get_projects()
