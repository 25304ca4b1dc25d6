"""``get_pod_schema`` of the package gets and saves schemas, with any kind of credentials."""

from __future__ import annotations

import datetime as dt
import traceback
import types
from typing import TYPE_CHECKING, Any

import pytest
from support.rsa_keys import key_pair

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    AuthenticationError,
    BitfountHub,
    BitfountSchema,
    BitfountSession,
    DeviceCodeFlowHandler,
    ExternallyManagedJWTHandler,
    InvalidJSONError,
    PodPublicMetadata,
    get_pod_schema,
)
from bitfount_api.auth._default import handler_for
from bitfount_api.pytest_plugin import SandboxClients

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = BitfountSchema.load(BitfountSchema(name="scans", features=[]).to_json())


def kind(value: object) -> str:
    """Return a name for a case that is the same in every process."""
    return type(value).__name__


@pytest.fixture
def sandbox(bitfount_sandbox: SandboxClients) -> SandboxClients:
    """A sandbox that is the environment's Hub, with a pod of alice."""
    key = key_pair().public_key
    metadata = PodPublicMetadata("scans", "Scans", "", SCHEMA.to_json())
    bitfount_sandbox.hub("alice").register_pod(metadata, key, key)
    bitfount_sandbox.act_as("alice")
    return bitfount_sandbox


@pytest.mark.parametrize("name", ["scans", "alice/scans"])
def test_own_pod_may_be_named_without_its_owner(sandbox: SandboxClients, name: str) -> None:
    assert get_pod_schema(name) == SCHEMA
    assert get_pod_schema(name, hub=sandbox.hub("alice")) == SCHEMA


def test_bare_name_is_a_pod_of_the_caller(sandbox: SandboxClients) -> None:
    with pytest.raises(InvalidJSONError, match="pod bob/scans could not be retrieved"):
        get_pod_schema("scans", hub=sandbox.hub("bob"))


def test_schema_is_saved_as_yaml(
    sandbox: SandboxClients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "scans.yaml"
    path.write_text("old", encoding="utf-8")
    get_pod_schema("scans", str(path))
    assert BitfountSchema.load_from_file(path) == SCHEMA
    get_pod_schema("scans", "~/other.yaml", sandbox.hub("alice"))
    assert BitfountSchema.load_from_file(tmp_path / "other.yaml") == SCHEMA


def test_refused_pod_leaves_the_file_as_it_is(sandbox: SandboxClients, tmp_path: Path) -> None:
    path = tmp_path / "scans.yaml"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(InvalidJSONError):
        get_pod_schema("none", path, sandbox.hub("alice"))
    assert path.read_text(encoding="utf-8") == "old"


def test_secrets_of_the_sdk_are_used(
    sandbox: SandboxClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in sandbox.sandbox.user("alice").environment():
        monkeypatch.delenv(name)
    user = sandbox.sandbox.user("alice")
    secrets = types.SimpleNamespace(access_key_id=user.api_key_id, access_key=user.api_key)
    assert get_pod_schema("scans", username="alice", secrets=secrets) == SCHEMA


def test_given_hub_takes_precedence_with_a_warning(
    sandbox: SandboxClients, caplog: pytest.LogCaptureFixture
) -> None:
    assert get_pod_schema("alice/scans", None, sandbox.hub("alice"), "bob") == SCHEMA
    assert "username and secrets are not used" in caplog.text


@pytest.mark.parametrize("hub", ["https://hub.test", object(), BitfountHub], ids=kind)
def test_hub_of_another_type_is_refused(hub: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a bitfount_api.BitfountHub, not a builtins"):
        get_pod_schema("alice/scans", hub=hub)


@pytest.mark.parametrize("name", ["a/b/c", "alice/../scans", None, 5])
def test_invalid_pod_is_refused(name: Any) -> None:
    hub = BitfountHub(BitfountSession(APIKeysHandler("i", "k", "alice")), "https://hub.test")
    with pytest.raises(ValueError, match="pod"):
        get_pod_schema(name, hub=hub)


# --- Credentials ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BITFOUNT_API_KEY_ID", "BITFOUNT_API_KEY", "BITFOUNT_USERNAME"):
        monkeypatch.delenv(name, raising=False)


def test_username_selects_who_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = handler_for("bob", None)
    assert isinstance(handler, DeviceCodeFlowHandler)
    assert handler.username == "bob"
    monkeypatch.setenv("BITFOUNT_API_KEY_ID", "id")
    monkeypatch.setenv("BITFOUNT_API_KEY", "key")
    assert isinstance(handler_for("bob", None), APIKeysHandler)
    assert handler_for("bob", None).username == "bob"


def test_secrets_select_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = types.SimpleNamespace(access_key_id="id:am", access_key="key:am")
    assert handler_for("bob", keys).am_request_headers["x-api-key"] == "key:am"
    token = types.SimpleNamespace(
        jwt="t", expires=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), get_token=dict
    )
    handler = handler_for("bob", token)
    assert isinstance(handler, ExternallyManagedJWTHandler)
    assert handler.hub_request_headers == {"authorization": "Bearer t"}
    assert handler_for(None, handler) is handler
    with pytest.raises(AuthenticationError, match="the username of the secrets is missing"):
        handler_for(None, keys)
    monkeypatch.setenv("BITFOUNT_USERNAME", "carol")
    assert handler_for(None, keys).username == "carol"


@pytest.mark.parametrize("secrets", ["SECRET", {"access_key": "SECRET"}, 5], ids=["0", "1", "2"])
def test_secrets_of_another_type_are_refused(secrets: Any) -> None:
    with pytest.raises(TypeError, match=r"the secrets must be a bitfount_api\.A") as caught:
        bitfount_api.get_pod_schema("a/b", secrets=secrets)
    assert "SECRET" not in str(caught.value)
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(caught.value.__traceback__), capture_locals=True
    )
    assert not any("SECRET" in str(frame.locals) for frame in frames if frame.name == "handler_for")
