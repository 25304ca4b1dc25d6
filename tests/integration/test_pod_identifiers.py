"""Methods that take the text of a pod's identifier take a ``PodIdentifier``, too."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.rsa_keys import key_pair
from support.sandbox_clients import Caller

import bitfount_api
from bitfount_api import BitfountSchema, PodIdentifier, PodPublicMetadata, get_pod_schema, sign
from bitfount_api.pytest_plugin import SandboxClients

POD = PodIdentifier("alice", "scans")
SCHEMA = BitfountSchema.load(BitfountSchema(name="scans", features=[]).to_json())
PRIVATE_KEY, PUBLIC_KEY = key_pair()
PROTOCOL: dict[str, Any] = {"class_name": "p", "algorithm": {"class_name": "a"}}
NAMES = {"pod_identifier", "dataset_identifier"}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def call(request: pytest.FixtureRequest, bitfount_sandbox: SandboxClients) -> Iterator[Caller]:
    metadata = PodPublicMetadata("scans", "Scans", "", SCHEMA.to_json())
    bitfount_sandbox.hub("alice").register_pod(metadata, PUBLIC_KEY, PUBLIC_KEY)
    with Caller(bitfount_sandbox, asynchronous=request.param) as caller:
        yield caller


def access_arguments(call: Caller) -> dict[str, dict[str, Any]]:
    token = call.sandbox.token("bob")
    shared = {"serialized_protocol": PROTOCOL, "modeller_name": "bob"}
    signature = {"unsigned_task": b"t", "task_signature": sign(PRIVATE_KEY, b"t")}
    return {
        "check_oidc_access_request": {**shared, "modeller_access_token": token},
        "check_signature_based_access_request": {**shared, **signature},
    }


def methods(kind: str) -> set[str]:
    """The methods of a client with an argument that is a pod's identifier."""
    found = inspect.getmembers(getattr(bitfount_api, kind), inspect.isfunction)
    return {name for name, method in found if NAMES & inspect.signature(method).parameters.keys()}


def test_hub_methods_take_a_pod_identifier(call: Caller) -> None:
    call.sandbox.configure(POD, {"datasource": "DICOMSource"})
    assert len(methods("BitfountHub")) == 5
    for name in methods("BitfountHub"):
        found = call.hub("alice", name, POD)
        assert found is not None
        assert found == call.hub("alice", name, str(POD))
    assert call.called == methods("BitfountHub")


def test_am_methods_take_a_pod_identifier(call: Caller) -> None:
    call.sandbox.set_visibility(POD, "private")
    call.sandbox.grant(POD, "bob")
    call.hub("bob", "register_user_public_key", PUBLIC_KEY)
    call.called.clear()
    for name, arguments in access_arguments(call).items():
        found = call.am("alice", name, pod_identifier=POD, **arguments)
        assert found["response_type"].name == "ACCEPT"
    assert call.called == methods("BitfountAM")


def test_get_pod_schema_takes_a_pod_identifier(
    bitfount_sandbox: SandboxClients, call: Caller, tmp_path: Path
) -> None:
    saved = tmp_path / "schema.yaml"
    found = get_pod_schema(POD, saved, bitfount_sandbox.hub("alice"))
    assert found == SCHEMA == BitfountSchema.load_from_file(saved)


def test_sandbox_without_the_pod_names_it(call: Caller) -> None:
    missing = PodIdentifier("alice", "other")
    with pytest.raises(ValueError, match="pod 'alice/other' does not exist"):
        call.sandbox.grant(missing, "bob")


def test_pod_identifier_is_not_parsed_twice() -> None:
    assert PodIdentifier.parse(POD) is POD
    assert PodIdentifier.resolve(POD) is POD
    assert PodIdentifier.resolve(POD, "alice", "scans") is POD
