"""Tests with recorded output of the official SDK 5.3.0: its token file, schemas and models."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.rsa_keys import key_pair

from bitfount_api import (
    AuthenticationError,
    BitfountHub,
    BitfountSchema,
    BitfountSession,
    DeviceCodeFlowHandler,
    PodPublicMetadata,
)
from bitfount_api.pytest_plugin import SandboxClients

DATA = Path(__file__).parents[1] / "data"
TOKEN = DATA / "official-token.json"
SCHEMA: dict[str, Any] = json.loads((DATA / "pod-schema-v4.json").read_text("utf-8"))
BASES = (
    "from bitfount import PyTorchBitfountModel as Base",
    "from bitfount.backends.pytorch import PyTorchBitfountModelv2 as Base",
    "from bitfount.models.bitfount_model import BitfountModel as Base",
)


@pytest.fixture(params=["alice", None])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str | None]:
    """Return a storage folder as the official SDK leaves it after a login."""
    folder = tmp_path / (request.param or "_default")
    folder.mkdir()
    shutil.copy(TOKEN, folder / ".token")
    return tmp_path, request.param


def no_network(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"no request was expected, but this was sent: {request.url}")


def test_login_of_the_official_sdk_is_used(storage: tuple[Path, str | None]) -> None:
    path, username = storage
    handler = DeviceCodeFlowHandler(username=username, storage_path=path)
    with BitfountSession(handler, transport=httpx.MockTransport(no_network)) as session:
        session.authenticate()
        assert session.authenticated
        assert session.username == "alice"
    token = json.loads(TOKEN.read_text("utf-8"))["access_token"]
    assert handler.hub_request_headers == {"authorization": f"Bearer {token}"}
    assert (path / (username or "_default") / ".token").read_bytes() == TOKEN.read_bytes()


def test_token_of_another_environment_is_ignored(storage: tuple[Path, str | None]) -> None:
    path, username = storage

    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"error": "access_denied", "error_description": "no"})

    handler = DeviceCodeFlowHandler(
        "auth.staging.bitfount.com", username=username, storage_path=path
    )
    with (
        BitfountSession(handler, transport=httpx.MockTransport(refuse)) as session,
        pytest.raises(AuthenticationError),
    ):
        session.authenticate()
    assert (path / (username or "_default") / ".token").read_bytes() == TOKEN.read_bytes()


def test_a_schema_is_stored_as_it_was_written(bitfount_sandbox: SandboxClients) -> None:
    hub, public_key = bitfount_sandbox.hub("alice"), key_pair().public_key
    metadata = PodPublicMetadata("scans", "Scans", "Scans with notes", SCHEMA, 3)
    hub.register_pod(metadata, public_key, public_key)
    stored = hub.get_pod_schema("alice/scans")
    assert json.dumps(stored.to_json()) == json.dumps(SCHEMA)  # in the same order
    assert BitfountSchema.loads(stored.dumps()) == stored
    assert stored.get_feature_names("categorical") == ["ok", "sex"]


def test_official_schema_object_is_registered(bitfount_sandbox: SandboxClients) -> None:
    members = {"__module__": "bitfount.data.schema", "to_json": lambda _: SCHEMA}
    schema: Any = type("BitfountSchema", (), members)()
    hub, public_key = bitfount_sandbox.hub("alice"), key_pair().public_key
    hub.register_pod(PodPublicMetadata("scans", "Scans", "d", schema), public_key, public_key)
    assert hub.get_pod_schema("alice/scans").to_json() == SCHEMA


def test_incomplete_schema_is_registered_complete(bitfount_sandbox: SandboxClients) -> None:
    schema = {"features": [{"featureName": "sex", "semanticType": "categorical"}]}
    hub, public_key = bitfount_sandbox.hub("alice"), key_pair().public_key
    hub.register_pod(PodPublicMetadata("scans", "Scans", "d", schema), public_key, public_key)
    stored = hub.get_pod_schema("alice/scans")
    assert stored.name == "scans"
    assert stored.features["categorical"]["sex"].dtype == "string"


def test_another_official_object_is_refused_at_once(bitfount_sandbox: SandboxClients) -> None:
    structure: Any = type("DataStructure", (), {"__module__": "bitfount.data.datastructure"})()
    hub, public_key = bitfount_sandbox.hub("alice"), key_pair().public_key
    with pytest.raises(TypeError, match=r"BitfountSchema\.to_json"):
        hub.register_pod(PodPublicMetadata("s", "S", "d", structure), public_key, public_key)
    assert hub.get_pod("alice/s") is None


@pytest.mark.parametrize("base", BASES)
def test_model_of_the_official_sdk_is_published_without_it(
    base: str,
    bitfount_sandbox: SandboxClients,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Simulate that the official SDK is not installed.
    monkeypatch.setitem(sys.modules, "bitfount", None)
    code = f"{base}\n\n\nclass Net(Base):\n    pass\n"
    (tmp_path / "Net.py").write_text(code, encoding="utf-8")
    bitfount_sandbox.hub("alice").send_model(tmp_path / "Net.py")
    hub = bitfount_sandbox.hub("bob")
    assert hub.get_model_code("alice", "Net") == code
    with caplog.at_level(logging.WARNING):
        assert hub.get_model("alice", "Net") is None
    assert "bitfount" in caplog.text


def test_hub_has_the_attributes_of_the_official_one(bitfount_sandbox: SandboxClients) -> None:
    hub: BitfountHub = bitfount_sandbox.hub("alice")
    assert hub.url == bitfount_sandbox.sandbox.hub_url
    assert hub.session.username == "alice"
    assert hub.session.authenticated
    assert hub.session.authentication_handler.hub_request_headers["x-api-key-id"]
