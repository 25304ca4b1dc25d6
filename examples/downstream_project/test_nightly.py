"""Tests that use the fixture of bitfount-api[sandbox]: run ``pytest`` in this folder."""

from pathlib import Path

import nightly
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bitfount_api import BitfountAM, BitfountHub, HTTPError, generate_key_pair
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

Ward = tuple[BitfountHub, BitfountAM, RSAPublicKey]
KEY = generate_key_pair(2048).public_key
MODEL = "from bitfount_api import BitfountModel\n\n\nclass {name}(BitfountModel): ...\n"
WARD = [
    nightly.Dataset("scans", {"age": "continuous", "scan": "image"}),
    nightly.Dataset("notes", {"note": "text"}),
]


@pytest.fixture
def ward(bitfount_sandbox: SandboxClients) -> Ward:
    """The ward's clients and key; the sandbox is cleared after each test."""
    return bitfount_sandbox.hub("ward-7"), bitfount_sandbox.access_manager("ward-7"), KEY


def register(ward: Ward, datasets: list[nightly.Dataset]) -> list[str]:
    hub, access_manager, key = ward
    return nightly.register_new(hub, access_manager, datasets, key)


def test_new_datasets_are_registered_once(ward: Ward, bitfount_sandbox: SandboxClients) -> None:
    assert register(ward, WARD[:1]) == ["scans"]
    assert register(ward, WARD) == ["notes"]
    assert register(ward, WARD) == []
    stored = bitfount_sandbox.hub("bob").get_pod_schema("ward-7/scans")
    assert stored.get_feature_names("image") == ["scan"]


def test_storage_error_is_retried(ward: Ward, bitfount_sandbox: SandboxClients) -> None:
    fault = Fault(status=503, headers={"retry-after": "0"})
    bitfount_sandbox.sandbox.fail("*", fault, service="storage", method="POST")
    assert register(ward, WARD) == ["scans", "notes"]


def test_rejection_stops_the_registration(ward: Ward, bitfount_sandbox: SandboxClients) -> None:
    bitfount_sandbox.sandbox.fail("/api/pods", Fault(status=403), method="POST", times=None)
    with pytest.raises(HTTPError) as raised:
        register(ward, WARD)
    assert raised.value.status_code == 403
    assert bitfount_sandbox.sandbox.objects == []


def test_unused_models_are_found(
    ward: Ward, bitfount_sandbox: SandboxClients, tmp_path: Path
) -> None:
    hub, access_manager, _ = ward
    sandbox = bitfount_sandbox.sandbox
    register(ward, WARD[:1])
    project = hub.create_project("Screening")
    hub.add_dataset_to_project_for_user(project, "scans")
    for name in ("Used", "Unused"):
        path = Path(tmp_path, f"{name}.py")
        path.write_text(MODEL.format(name=name), encoding="utf-8")
        hub.send_model(path)
        sandbox.add_model(project, f"ward-7/{name}:1", limit=5)
    # An accepted task counts as a use of its model.
    model = {"username": "ward-7", "model_ref": "Used", "model_version": 1}
    model["class_name"] = "BitfountModelReference"
    algorithm = {"class_name": "bitfount.ModelInference", "model": model}
    protocol = {"class_name": "bitfount.ResultsOnly", "algorithm": algorithm}
    token = sandbox.token("ward-7")
    access_manager.check_oidc_access_request("ward-7/scans", protocol, "ward-7", token, project)
    assert nightly.unused_models(hub) == ["ward-7/Unused:1"]
