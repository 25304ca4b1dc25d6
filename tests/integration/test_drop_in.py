"""Sessions, handlers and clients are used as those of the official SDK, or say what to do."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest
from support.rsa_keys import key_pair

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    AuthenticatedUserError,
    AuthenticationHandler,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    DeviceCodeFlowHandler,
    JWTHandler,
    RetryPolicy,
    SMARTOnFHIR,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

KEYS = APIKeysHandler("id:am", "SECRET:am", "alice")
HUB = "https://hub.test"
PUBLIC_KEY = key_pair().public_key


def kind(value: object) -> str:
    """Return a name for a case that is the same in every process."""
    return type(value).__name__


def fresh() -> tuple[str, dt.datetime]:
    return "jwt", dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)


# --- Attributes ----------------------------------------------------------------------------------


def test_clients_have_the_attributes_of_the_sdk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path))
    session = BitfountSession(KEYS)
    for prefix in ("", "Async"):
        hub = getattr(bitfount_api, f"{prefix}BitfountHub")(session, HUB)
        assert (hub.username, hub.url, hub.session) == ("alice", HUB, session)
        assert hub.user_storage_path == session.user_storage_path == tmp_path / "alice"
        am = getattr(bitfount_api, f"{prefix}BitfountAM")(session, "https://am.test/")
        assert am.access_manager_url == "https://am.test"
        fhir = getattr(bitfount_api, f"{prefix}SMARTOnFHIR")(
            session, "https://fhir.test/", "https://ehr.test"
        )
        assert (fhir.base_url, fhir.resource_server_url) == (
            "https://fhir.test",
            "https://ehr.test",
        )


def test_storage_path_is_that_of_the_token_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path))
    assert DeviceCodeFlowHandler().user_storage_path == tmp_path / "_default"
    bob = DeviceCodeFlowHandler(username="bob")
    assert bob.user_storage_path == tmp_path / "bob"
    assert bob.token_file == tmp_path / "bob" / ".token"
    other = DeviceCodeFlowHandler(username="bob", storage_path=tmp_path / "other")
    assert other.user_storage_path == tmp_path / "other" / "bob"
    assert JWTHandler(None, None, fresh, "alice").user_storage_path == tmp_path / "alice"


def test_username_of_a_client_may_be_unknown(tmp_path: Path) -> None:
    handler = DeviceCodeFlowHandler(storage_path=tmp_path)
    with pytest.raises(AuthenticatedUserError, match="not known before the login"):
        _ = BitfountHub(BitfountSession(handler)).username


# --- Settings of a session -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("verify", "pass BitfountSession(verify=...)"),
        ("proxies", "pass BitfountSession(proxy=...)"),
        ("auth", "BitfountSession(handler)"),
        ("cert", "ssl.SSLContext"),
        ("timeout", "pass BitfountSession(timeout=...)"),
        ("deadline", "pass BitfountSession(deadline=...)"),
        ("retry", "pass BitfountSession(retry=...)"),
        ("authentication_handler", "make another session"),
        ("max_redirects", "redirects are never followed"),
        ("trust_env", "verify=..."),
        ("nothing", "the attribute 'nothing' of 'BitfountSession' cannot be set"),
        ("username", "the attribute 'username' of 'BitfountSession' cannot be set"),
    ],
)
def test_setting_without_effect_cannot_be_set(name: str, advice: str) -> None:
    session = BitfountSession(KEYS)
    with pytest.raises(AttributeError, match="cannot be set") as caught:
        setattr(session, name, "SECRET")
    assert advice in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert session.retry == RetryPolicy()


def test_settings_can_be_read() -> None:
    session = BitfountSession(KEYS, timeout=3, deadline=9, retry=RetryPolicy(7))
    assert (session.timeout, session.deadline, session.retry) == (3.0, 9, RetryPolicy(7))
    assert BitfountSession(KEYS).timeout == 30.0


@pytest.mark.parametrize(("name", "advice"), [("mount", "transport="), ("verify", "verify=...")])
def test_missing_attribute_says_what_to_use(name: str, advice: str) -> None:
    with pytest.raises(AttributeError, match=f"{name!r} .* does not exist") as caught:
        getattr(BitfountSession(KEYS), name)
    assert advice in str(caught.value)
    assert caught.value.name == name
    assert not hasattr(BitfountSession(KEYS), name)
    assert not hasattr(BitfountSession(KEYS), "nothing")
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(BitfountSession(KEYS))


def test_subclass_may_have_attributes_of_its_own() -> None:
    class Mine(BitfountSession):
        def __init__(self) -> None:
            super().__init__(KEYS)
            self.ward = 7

    session = Mine()
    assert session.ward == 7
    with pytest.raises(AttributeError, match="verify"):
        session.verify = False  # type: ignore[attr-defined]


def test_methods_can_be_replaced_by_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    session = BitfountSession(KEYS)
    monkeypatch.setattr(session, "get", lambda _: "replaced")
    assert session.get("x") == "replaced"  # type: ignore[comparison-overlap]


def test_error_of_a_handler_is_not_hidden() -> None:
    class Faulty(Mine):
        @property
        def username(self) -> str:
            raise AttributeError("planted")

    with pytest.raises(AttributeError, match="planted"):
        _ = BitfountSession(Faulty()).username


# --- Headers of a session ------------------------------------------------------------------------


def with_headers(services: FakeServices) -> BitfountSession:
    """A session with a header of its own, whose requests the fake services answer."""
    transport = httpx.MockTransport(services._handle)
    session = BitfountSession(KEYS, transport=transport, retry=RetryPolicy(0))
    session.headers["X-Ward"] = "7"
    session.headers.update({"User-Agent": "mine/1.0"})
    return session


@pytest.fixture
def sync_services() -> FakeServices:
    from support.fake_services import FakeServices

    return FakeServices(asynchronous=False)


def test_session_headers_go_to_services(sync_services: FakeServices) -> None:
    services = sync_services
    session = with_headers(services)
    hub = BitfountHub(session, HUB)
    services.json({"totalProjects": 0, "projects": []})
    hub.get_projects()
    services.json({"projectId": "p"})
    hub.create_project("n")
    services.json({})
    session.get(f"{HUB}/api/x", headers={"x-other": "1"})
    services.json({"code": "ACCEPT"})
    BitfountAM(session, "https://am.test").check_oidc_access_request(
        "bob/scans", {"class_name": "a", "algorithm": {}}, "alice", "t"
    )
    for request in services.requests:
        assert request.headers["x-ward"] == "7"
        assert request.headers["user-agent"] == "mine/1.0"
        assert request.headers.get_list("content-type") in ([], ["application/json"])
    assert services.requests[2].headers["x-other"] == "1"


def test_session_headers_do_not_go_to_strangers(sync_services: FakeServices) -> None:
    services = sync_services
    session = with_headers(services)
    code = b"x = 1\n"
    services.json(
        {
            "modelHash": bitfount_api.hash_contents(code),
            "modelVersion": 1,
            "modelDownloadUrl": "https://storage.test/o",
        }
    )
    services.answer(httpx.Response(200, content=code), httpx.Response(200))
    assert BitfountHub(session, HUB).get_model_code("bob", "Net") == code.decode()
    session.get("https://storage.test/o")
    seen = {str(request.url.host): request.headers.get("x-ward") for request in services.requests}
    assert seen == {"hub.test": "7", "storage.test": None}
    assert all(
        request.headers["user-agent"].startswith("bitfount-api/")
        for request in services.requests[1:]
    )


def test_async_clients_send_session_headers() -> None:
    seen: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-ward"])
        return httpx.Response(200, json={"totalProjects": 0, "projects": []})

    async def main() -> None:
        async with BitfountSession(KEYS, transport=httpx.MockTransport(answer)) as session:
            hub = AsyncBitfountHub(session, HUB)
            session.headers = {"x-ward": "7"}
            await hub.get_projects()
            await session.arequest("GET", f"{HUB}/api/x", headers={"X-WARD": "8"})

    asyncio.run(main())
    assert seen == ["7", "8"]


@pytest.mark.parametrize(
    "name",
    ["Authorization", "x-api-key", "X-API-KEY-ID", "Proxy-Authorization", "Cookie", "Host"],
)
def test_header_with_credentials_is_refused(name: str) -> None:
    session = BitfountSession(KEYS)
    for change in (
        session.headers.__setitem__,
        lambda key, value: session.headers.update({key: value}),
    ):
        with pytest.raises(ValueError, match=f"the header {name.lower()} ") as caught:
            change(name, "SECRET")
        assert "SECRET" not in str(caught.value)
    with pytest.raises(ValueError, match="the header"):
        session.headers = {"x-ward": "7", name: "SECRET"}
    assert dict(session.headers) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a b", "1"),
        ("", "1"),
        (b"a", "1"),
        ("a", "b\r\nc: d"),
        ("a", "é"),
        ("a", None),
        ("a", " 1"),
        ("Connection", "close"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "close"),
        ("TE", "trailers"),
    ],
)
def test_header_that_cannot_be_sent_is_refused(name: Any, value: Any) -> None:
    session = BitfountSession(KEYS)
    with pytest.raises(ValueError, match="header"):
        session.headers[name] = value
    assert len(session.headers) == 0


def test_session_headers_ignore_case() -> None:
    session = BitfountSession(KEYS)
    session.headers["X-Ward"] = "7"
    assert session.headers["x-WARD"] == "7"
    assert "X-WARD" in session.headers
    assert repr(session.headers) == "SessionHeaders({'x-ward': '7'})"
    del session.headers["x-ward"]
    assert not session.headers


def test_head_requests_have_a_method() -> None:
    session = BitfountSession(
        KEYS,
        transport=httpx.MockTransport(lambda request: httpx.Response(200, text=request.method)),
    )
    assert session.head(f"{HUB}/api/x").status_code == 200


# --- Handlers and sessions of others -------------------------------------------------------------


class Mine(AuthenticationHandler):
    """A user's handler, as for the official SDK."""

    def __init__(self, username: str = "carol") -> None:
        super().__init__(username)

    @property
    def username(self) -> str:
        return "carol"

    @property
    def authenticated(self) -> bool:
        return True

    def authenticate(self) -> None: ...

    @property
    def hub_request_headers(self) -> dict[str, str]:
        return {"authorization": "Bearer of-carol"}

    @property
    def am_request_headers(self) -> dict[str, str]:
        return self.hub_request_headers


def test_handler_of_a_user_may_pass_its_username(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path))
    assert Mine().user_storage_path == tmp_path / "carol"
    assert Mine("folder").user_storage_path == tmp_path / "folder"
    seen = httpx.MockTransport(
        lambda request: httpx.Response(200, json=[*request.headers.values()])
    )
    session = BitfountSession(Mine(), transport=seen)
    BitfountHub(session, HUB)
    assert "Bearer of-carol" in session.get(f"{HUB}/api/x").json()


def of_the_sdk(name: str, *bases: type, module: str = "hub.authentication_handlers") -> type:
    return type(name, bases, {"__module__": f"bitfount.{module}"})


SDK_HANDLER = of_the_sdk("AuthenticationHandler")


class SDKKeys(SDK_HANDLER):  # type: ignore[misc,valid-type]
    username = "alice"
    hub_request_headers: ClassVar = {
        "x-api-key-id": "id",
        "x-api-key": "SECRET",
        "user-agent": "sdk",
    }
    am_request_headers: ClassVar = {
        "x-api-key-id": "id:am",
        "x-api-key": "SECRET:am",
        "user-agent": "sdk",
    }


def test_api_keys_of_the_sdk_are_taken() -> None:
    handler = of_the_sdk("APIKeysHandler", SDKKeys)()
    session = BitfountSession(handler)
    assert session.authentication_handler.hub_request_headers == {
        "x-api-key-id": "id", "x-api-key": "SECRET",
    }  # fmt: skip
    assert session.authentication_handler.am_request_headers["x-api-key"] == "SECRET:am"
    assert session.username == "alice"


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("DeviceCodeFlowHandler", "DeviceCodeFlowHandler"),
        ("JWTHandler", "JWTHandler"),
        ("ExternallyManagedJWTHandler", "ExternallyManagedJWTHandler"),
        ("SomeNewHandler", "AuthenticationHandler"),
        ("BitfountSession", "BitfountSession"),
    ],
)
def test_other_handlers_of_the_sdk_are_refused(name: str, replacement: str) -> None:
    with pytest.raises(
        TypeError, match=rf"a {name} of the .*: use bitfount_api.{replacement} inst"
    ):
        BitfountSession(of_the_sdk(name, SDK_HANDLER)())


@pytest.mark.parametrize("name", ["AuthenticationHandler", "APIKeysHandler"])
def test_handler_derived_from_the_sdk_is_refused(name: str) -> None:
    class Own(of_the_sdk(name, SDKKeys)):  # type: ignore[misc]
        @property
        def hub_request_headers(self) -> dict[str, str]:  # would be lost
            return {"x-api-key-id": "id", "x-api-key": "SECRET", "x-ward": "7"}

    with pytest.raises(
        TypeError, match=rf"Own derives from {name} of .*: derive it from bitfount_api.{name} inst"
    ):
        BitfountSession(Own())


@pytest.mark.parametrize("handler", ["key", APIKeysHandler, 5, object()], ids=kind)
def test_handler_of_another_type_is_refused(handler: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a bitfount_api.AuthenticationHandler"):
        BitfountSession(handler)


def test_metadata_of_the_sdk_is_taken(services: FakeServices) -> None:
    metadata = of_the_sdk("PodPublicMetadata", module="hub.api")()
    for name, value in {"name": "scans", "display_name": "Scans", "description": "d"}.items():
        setattr(metadata, name, value)
    metadata.schema, metadata.number_of_records = {"features": []}, 3
    services.json({"success": True, "alreadyExisted": True})
    services.hub("register_pod", metadata, PUBLIC_KEY, PUBLIC_KEY)
    sent = json.loads(services.requests[0].content)
    assert (sent["podDisplayName"], sent["numberOfRecords"]) == ("Scans", 3)


@pytest.mark.parametrize("metadata", [{"name": "scans"}, "scans", None, KEYS], ids=kind)
def test_metadata_of_another_type_is_refused(services: FakeServices, metadata: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a bitfount_api.PodPublicMetadata, not a "):
        services.hub("register_pod", metadata, PUBLIC_KEY, PUBLIC_KEY)
    assert services.requests == []


SDK_SESSION = of_the_sdk("BitfountSession", module="hub.authentication_flow")


@pytest.mark.parametrize("client", [BitfountHub, AsyncBitfountHub, BitfountAM, SMARTOnFHIR])
@pytest.mark.parametrize("session", [SDK_SESSION(), HUB, KEYS, httpx.Client], ids=kind)
def test_session_of_another_type_is_refused(client: Any, session: Any) -> None:
    with pytest.raises(
        TypeError, match=r"must be a bitfount_api.BitfountSession, not a "
    ) as caught:
        client(session)
    assert "SECRET" not in str(caught.value)
