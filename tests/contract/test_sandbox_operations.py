"""Every operation against the sandbox, sync and async: its result and its refusals.

For each public method there is a test with its name, and one of its refusals.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.methods import CLIENTS, operations_of
from support.places import ROOT, fail_with, place
from support.rsa_keys import key_pair
from support.sandbox_clients import Caller
from support.sandbox_seeds import csr, jwk

from bitfount_api import (
    BitfountModel,
    HTTPError,
    InvalidJSONError,
    ModelTooLargeError,
    ModelUploadError,
    ModelValidationError,
    NoModelCodeError,
    PodDoesNotExistError,
    PodPublicMetadata,
    PodResponseType,
    SchemaUploadError,
    SMARTOnFHIRError,
    hash_contents,
    load_public_key,
    public_keys_equal,
    sign,
)
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

SCHEMA = json.loads((Path(__file__).parents[1] / "data/pod-schema-v4.json").read_text())
CODE = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
WEIGHTS = bytes(range(256)) * 8
INSTANCE: dict[str, Any] = {
    "instance_id": "i-1",
    "private_ip_address": "10.0.0.5",
    "is_busy": False,
    "is_ehr_configured": True,
    "is_ehr_connected": False,
}
CONFIGURATION = {"datasource": "DICOMSource", "datasource_args": {"path": "scans"}}
POD_KEY, AM_KEY = key_pair(0).public_key, key_pair(1).public_key
PROTOCOL: Any = {
    "class_name": "bitfount.ResultsOnly",
    "algorithm": {
        "class_name": "bitfount.ModelInference",
        "model": {"username": "alice", "model_ref": "Net", "model_version": 1},
    },
}


def operation(test: str) -> str:
    """Return the operation that a test is about, from its name."""
    return test.removeprefix("test_").removesuffix("_refused")


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def call(request: pytest.FixtureRequest, bitfount_sandbox: SandboxClients) -> Iterator[Caller]:
    with Caller(bitfount_sandbox, asynchronous=request.param) as caller:
        yield caller
        assert operation(request.function.__name__) in caller.called


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "Net.py"
    path.write_text(CODE)
    return path


def forbid(call: Caller, path: str = "*", status: int = 403) -> None:
    """Make the services refuse all requests for a path."""
    call.sandbox.fail(path, Fault(status=status, body=b'{"errorMessage": "No"}'), times=None)


def refusal(call: Caller, status: int, operation: str, *arguments: Any, **named: Any) -> HTTPError:
    """Call an operation of the Hub as alice, and return the error of the refusal."""
    with pytest.raises(HTTPError) as raised:
        call.hub("alice", operation, *arguments, **named)
    assert raised.value.status_code == status
    return raised.value


# --- Pods ----------------------------------------------------------------------------------------


def register(call: Caller, username: str = "carol", name: str = "scans") -> None:
    metadata = PodPublicMetadata(name, "Retina scans", "With notes", SCHEMA, 3)
    assert call.hub(username, "register_pod", metadata, POD_KEY, AM_KEY) is None


def test_register_pod(call: Caller) -> None:
    register(call)
    register(call)  # registering again is not an error
    (pod,) = call.sandbox.state.pods.all()
    assert (pod.identifier, pod.number_of_records) == ("carol/scans", 3)
    assert call.sandbox.objects == ["schemas/carol/scans"]


def test_register_pod_refused(call: Caller) -> None:
    arguments = (PodPublicMetadata("scans", "S", "D", SCHEMA), POD_KEY, AM_KEY)
    forbid(call, "/bitfount")
    refusal(call, 403, "register_pod", *arguments)
    forbid(call, "/api/pods", 409)
    assert "No" in str(refusal(call, 409, "register_pod", *arguments))
    large = {**SCHEMA, "description": "x" * (10 * 1024 * 1024)}
    with pytest.raises(SchemaUploadError):
        call.hub("alice", "register_pod", PodPublicMetadata("s", "S", "D", large), POD_KEY, AM_KEY)


def test_get_pod(call: Caller) -> None:
    register(call)
    details = call.hub("alice", "get_pod", "carol/scans")
    assert (details["podIdentifier"], details["isOnline"]) == ("carol/scans", True)
    with pytest.warns(DeprecationWarning, match="pod_namespace"):
        assert call.hub("alice", "get_pod", pod_namespace="carol", pod_name="scans") is not None


def test_get_pod_refused(call: Caller) -> None:
    register(call)
    call.sandbox.set_visibility("carol/scans", "private")
    assert call.hub("alice", "get_pod", "carol/scans") is None
    assert call.hub("alice", "get_pod", "carol/other") is None
    project = call.hub("alice", "create_project", "p")
    assert call.hub("alice", "get_pod", "carol/scans", project_id=project) is None
    call.sandbox.add_member(project, "carol", "DATA_CUSTODIAN")
    call.hub("carol", "add_dataset_to_project_for_user", project, "scans")
    assert call.hub("alice", "get_pod", "carol/scans", project_id=project) is not None
    assert call.hub("bob", "get_pod", "carol/scans", project_id=project) is None
    for wrong in ({}, {"pod_name": "scans"}, {"pod_identifier": "scans"}):
        with pytest.raises(ValueError, match=r"."):
            call.hub("alice", "get_pod", **wrong)
    call.sandbox.fail("*", Fault(status=200, body=b"<html>"))
    with pytest.raises(InvalidJSONError):
        call.hub("alice", "get_pod", "carol/scans")


def test_retrieve_pod(call: Caller) -> None:
    register(call)
    found = call.hub("alice", "retrieve_pod", "carol/scans")
    assert found == call.hub("alice", "get_pod", "carol/scans")
    assert found["podIdentifier"] == "carol/scans"


def test_retrieve_pod_refused(call: Caller) -> None:
    with pytest.raises(PodDoesNotExistError, match="no such pod"):
        call.hub("alice", "retrieve_pod", "carol/scans")
    register(call)
    call.sandbox.set_visibility("carol/scans", "private")
    project = call.hub("alice", "create_project", "p")
    for named in ({}, {"project_id": project}):
        with pytest.raises(PodDoesNotExistError):
            call.hub("alice", "retrieve_pod", "carol/scans", **named)
    forbid(call)
    refusal(call, 403, "retrieve_pod", "carol/scans")


def test_get_pod_key(call: Caller) -> None:
    register(call)
    key = load_public_key(call.hub("alice", "get_pod_key", "carol/scans"))
    assert public_keys_equal(key, POD_KEY)


def test_get_pod_key_refused(call: Caller) -> None:
    assert call.hub("alice", "get_pod_key", "carol/scans") is None


def test_get_pod_schema(call: Caller) -> None:
    register(call)
    assert call.hub("alice", "get_pod_schema", "carol/scans").to_json() == SCHEMA


def test_get_pod_schema_refused(call: Caller) -> None:
    with pytest.raises(InvalidJSONError):
        call.hub("alice", "get_pod_schema", "carol/scans")
    register(call)
    call.sandbox.state.store.delete("schemas/carol/scans")
    with pytest.raises(InvalidJSONError):
        call.hub("alice", "get_pod_schema", "carol/scans")
    register(call)
    forbid(call, "/bitfount/*")
    assert refusal(call, 403, "get_pod_schema", "carol/scans")


def test_do_pod_heartbeat(call: Caller) -> None:
    register(call)
    register(call, name="more")
    assert call.hub("carol", "do_pod_heartbeat", ["scans", "more"], POD_KEY) is None
    assert call.sandbox.requests[-1].method == "PATCH"
    beat = call.hub("carol", "do_pod_heartbeat", **INSTANCE, cluster_id=cluster_of_carol(call))
    assert beat == call.hub("carol", "register_compute", "i-1", None, "10.0.0.5")


def test_do_pod_heartbeat_refused(call: Caller) -> None:
    register(call, "alice")
    assert "other" in str(refusal(call, 404, "do_pod_heartbeat", ["other"], POD_KEY))
    refusal(call, 404, "do_pod_heartbeat", ["scans"], AM_KEY)
    refusal(call, 404, "do_pod_heartbeat", **INSTANCE, cluster_id="other")


# --- Models --------------------------------------------------------------------------------------


def publish(call: Caller, model_file: Path, **named: Any) -> Any:
    return call.hub("alice", "send_model", model_file, **named)


def test_send_model(call: Caller, model_file: Path) -> None:
    first = publish(call, model_file)
    assert (first["success"], first["alreadyExisted"], first["version"]) == (True, False, 1)
    again = publish(call, model_file)
    assert (again["alreadyExisted"], again["version"]) == (True, 1)
    model_file.write_text(f"# new\n{CODE}")
    assert publish(call, model_file)["version"] == 2
    assert call.sandbox.state.store.read("models/alice/Net/1") == CODE.encode()


def test_send_model_refused(call: Caller, model_file: Path) -> None:
    for path in ("/bitfount", "/api/models"):
        forbid(call, path)
        with pytest.raises(ModelUploadError):
            publish(call, model_file)
        call.sandbox.faults.clear()
    call.sandbox.fail("*", Fault(status=200, body=b'{"success": false, "errorMessage": "Why"}'))
    with pytest.raises(ModelUploadError, match="Why"):
        publish(call, model_file)
    for content, error in (("x = 1", ModelValidationError), ("#" * 4_000_000, ModelTooLargeError)):
        model_file.write_text(content)
        with pytest.raises(error):
            publish(call, model_file)


def test_send_weights(call: Caller, model_file: Path, tmp_path: Path) -> None:
    publish(call, model_file)
    weights = tmp_path / "weights.pt"
    for content in (WEIGHTS, bytes(11 * 1024 * 1024)):  # in one form, and in parts
        weights.write_bytes(content)
        assert call.hub("alice", "send_weights", "Net", 1, weights) is None
        assert call.sandbox.state.store.read("weights/alice/Net/1") == content


def test_send_weights_refused(call: Caller, model_file: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.write_bytes(WEIGHTS)
    with pytest.raises(ModelUploadError, match="has no model Net:1"):
        call.hub("alice", "send_weights", "Net", 1, weights)
    publish(call, model_file)
    forbid(call, "/bitfount")
    with pytest.raises(ModelUploadError):
        call.hub("alice", "send_weights", "Net", 1, weights)
    with weights.open("wb") as file:
        file.truncate(500 * 1024 * 1024 + 1)
    with pytest.raises(ModelTooLargeError):
        call.hub("alice", "send_weights", "Net", 1, weights)


def test_get_model(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    for arguments in (("alice", "Net"), ("alice", "Net", 1)):
        model = call.hub("bob", "get_model", *arguments)
        assert issubclass(model, BitfountModel)
        assert model.__name__ == "Net"


def share(call: Caller, limit: int | None = None) -> str:
    """Create Alice's project with her model, for Bob as modeller and Carol as data custodian."""
    project: str = call.hub("alice", "create_project", "Glaucoma")
    call.sandbox.add_member(project, "bob", "MODELLER")
    call.sandbox.add_member(project, "carol", "DATA_CUSTODIAN")
    call.sandbox.add_model(project, "alice/Net:1", limit)
    return project


def use(call: Caller, project: str) -> None:
    """Use alice's model once, as bob."""
    model = call.sandbox.state.models.find("alice", "Net", 1)
    assert model is not None
    call.sandbox.state.projects.use(project, model, "bob")


def spent(call: Caller) -> str:
    """Create a project in which bob has used alice's model as often as he may."""
    project = share(call, limit=1)
    use(call, project)
    return project


def test_get_model_refused(call: Caller, model_file: Path) -> None:
    assert call.hub("bob", "get_model", "alice", "Net") is None
    publish(call, model_file, private_model=True)
    assert call.hub("bob", "get_model", "alice", "Net") is None
    project = share(call, limit=1)
    assert call.hub("bob", "get_model", "alice", "Net", 1, project) is not None
    use(call, project)
    for version in (1, None):
        with pytest.raises(NoModelCodeError):
            call.hub("bob", "get_model", "alice", "Net", version, project)
    call.sandbox.corrupt("models/alice/Net/1")
    with pytest.raises(ModelValidationError):
        call.hub("alice", "get_model", "alice", "Net")
    forbid(call, "/bitfount/*")
    refusal(call, 403, "get_model", "alice", "Net")


def test_retrieve_model(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    found = call.hub("bob", "retrieve_model", "alice", "Net")
    assert (found["modelVersion"], found["modelHash"]) == (1, hash_contents(CODE.encode()))
    assert call.static("get_weights_from_url", found["weightsDownloadUrl"]) == WEIGHTS


def test_retrieve_model_refused(call: Caller, model_file: Path) -> None:
    refusal(call, 404, "retrieve_model", "alice", "Net")
    publish(call, model_file, private_model=True)
    refusal(call, 404, "retrieve_model", "bob", "Net")
    refusal(call, 404, "retrieve_model", "alice", "Net", 2)
    project = spent(call)
    found = call.hub("bob", "retrieve_model", "alice", "Net", 1, project)
    assert found.get("modelDownloadUrl") is None
    forbid(call)
    refusal(call, 403, "retrieve_model", "alice", "Net")


def test_get_model_code(call: Caller, model_file: Path) -> None:
    model_file.write_text(f"# \u00e9\n{CODE}", encoding="utf-8")
    publish(call, model_file)
    assert call.hub("bob", "get_model_code", "alice", "Net", 1) == f"# \u00e9\n{CODE}"


def test_get_model_code_refused(call: Caller, model_file: Path) -> None:
    assert call.hub("bob", "get_model_code", "alice", "Net") is None
    publish(call, model_file)
    with pytest.raises(NoModelCodeError):
        call.hub("bob", "get_model_code", "alice", "Net", 1, spent(call))
    call.sandbox.corrupt("models/alice/Net/1")
    with pytest.raises(ModelValidationError):
        call.hub("alice", "get_model_code", "alice", "Net")
    forbid(call, "/bitfount/*")
    refusal(call, 403, "get_model_code", "alice", "Net")


def test_download_model(call: Caller, model_file: Path, tmp_path: Path) -> None:
    publish(call, model_file)
    path = tmp_path / "downloaded.py"
    got = call.hub("bob", "download_model", "alice", "Net", None, path)
    assert (got.path, got.size, got.sha256) == (path, len(CODE), hash_contents(CODE.encode()))
    assert path.read_text() == CODE


def test_download_model_refused(call: Caller, model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "downloaded.py"
    arguments = ("download_model", "alice", "Net", 1, path)
    assert call.hub("bob", *arguments) is None
    publish(call, model_file)
    with pytest.raises(NoModelCodeError):
        call.hub("bob", *arguments, spent(call))
    call.sandbox.corrupt("models/alice/Net/1")
    with pytest.raises(ModelValidationError):
        call.hub("alice", *arguments)
    forbid(call, "/bitfount/*")
    refusal(call, 403, *arguments)
    assert [*tmp_path.iterdir()] == [model_file]


def test_get_weights(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    assert call.hub("bob", "get_weights", "alice", "Net", 1) == WEIGHTS


def test_get_weights_refused(call: Caller, model_file: Path) -> None:
    assert call.hub("bob", "get_weights", "alice", "Net", 1) is None
    publish(call, model_file)
    assert call.hub("bob", "get_weights", "alice", "Net", 1) is None
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    forbid(call, "/bitfount/*")
    refusal(call, 403, "get_weights", "alice", "Net", 1)


def test_download_weights(call: Caller, model_file: Path, tmp_path: Path) -> None:
    publish(call, model_file)
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    path = tmp_path / "weights.pt"
    got = call.hub("bob", "download_weights", "alice", "Net", 1, path)
    assert (got.path, got.size, got.sha256) == (path, len(WEIGHTS), sha256(WEIGHTS).hexdigest())
    assert path.read_bytes() == WEIGHTS


def test_download_weights_refused(call: Caller, model_file: Path, tmp_path: Path) -> None:
    arguments = ("download_weights", "alice", "Net", 1, tmp_path / "weights.pt")
    assert call.hub("bob", *arguments) is None
    publish(call, model_file)
    assert call.hub("bob", *arguments) is None  # there are no weights
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    forbid(call, "/bitfount/*")
    refusal(call, 403, *arguments)
    assert [*tmp_path.iterdir()] == [model_file]


def test_stream_weights(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    assert call.hub("bob", "stream_weights", "alice", "Net", 1) == WEIGHTS


def test_stream_weights_refused(call: Caller, model_file: Path) -> None:
    assert call.hub("bob", "stream_weights", "alice", "Net", 1) is None
    publish(call, model_file)
    assert call.hub("bob", "stream_weights", "alice", "Net", 1) is None
    call.sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    forbid(call, "/bitfount/*")
    refusal(call, 403, "stream_weights", "alice", "Net", 1)


def test_get_model_from_url(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    url = call.sandbox.state.presigner.get("models/alice/Net/1")
    model = call.static("get_model_from_url", url, hash_contents(CODE.encode()))
    assert model.__name__ == "Net"


def test_get_model_from_url_refused(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    url = call.sandbox.state.presigner.get("models/alice/Net/1")
    with pytest.raises(ModelValidationError):
        call.static("get_model_from_url", url, "0" * 64)
    with pytest.raises(HTTPError) as raised:
        call.static("get_model_from_url", f"{url}0", hash_contents(CODE.encode()))
    assert raised.value.status_code == 403
    assert url.partition("?")[2] not in str(raised.value)


def test_get_weights_from_url(call: Caller) -> None:
    call.sandbox.state.store.put("w", WEIGHTS)
    url = call.sandbox.state.presigner.get("w")
    assert call.static("get_weights_from_url", url) == WEIGHTS


def test_get_weights_from_url_refused(call: Caller) -> None:
    url = call.sandbox.state.presigner.get("w")
    with pytest.raises(HTTPError) as raised:
        call.static("get_weights_from_url", url)
    assert raised.value.status_code == 404
    assert "X-Amz-Signature" not in str(raised.value)


# --- Keys ----------------------------------------------------------------------------------------


def test_register_user_public_key(call: Caller) -> None:
    first = call.hub("alice", "register_user_public_key", POD_KEY)
    assert call.hub("alice", "register_user_public_key", POD_KEY) == first
    assert call.hub("alice", "register_user_public_key", AM_KEY) != first


def test_register_user_public_key_refused(call: Caller) -> None:
    forbid(call, "/api/alice/keys", 409)
    assert "No" in str(refusal(call, 409, "register_user_public_key", POD_KEY))


def test_check_public_key_registered_and_active(call: Caller) -> None:
    key_id = call.hub("alice", "register_user_public_key", POD_KEY)
    for who, owner in (("alice", None), ("bob", "alice")):
        named = {} if owner is None else {"username": owner}
        found = call.hub(who, "check_public_key_registered_and_active", str(key_id), **named)
        assert public_keys_equal(found.pop("public_key"), POD_KEY)
        assert found == {"id": key_id, "active": True}


def test_check_public_key_registered_and_active_refused(call: Caller) -> None:
    name = "check_public_key_registered_and_active"
    assert call.hub("alice", name, "999999") is None
    key_id = call.hub("alice", "register_user_public_key", POD_KEY)
    assert call.hub("bob", name, str(key_id)) is None
    call.sandbox.state.public_keys.deactivate("alice", key_id)
    assert call.hub("alice", name, str(key_id)) is None
    forbid(call)
    refusal(call, 403, name, str(key_id))


# --- Projects ------------------------------------------------------------------------------------


def test_create_project(call: Caller) -> None:
    project = call.hub("alice", "create_project", "Glaucoma")
    assert call.sandbox.state.projects.role(project, "alice") == "OWNER"


def test_create_project_refused(call: Caller) -> None:
    forbid(call, "/api/projects")
    refusal(call, 403, "create_project", "Glaucoma")
    call.sandbox.faults.clear()
    call.sandbox.fail("/api/projects", Fault(status=202, body=b'{"projectId": "p"}'))
    refusal(call, 202, "create_project", "Glaucoma")


def test_get_projects(call: Caller) -> None:
    ids = [call.hub("alice", "create_project", str(number)) for number in range(14)][::-1]
    for arguments, expected in (({}, ids[:12]), ({"offset": 12, "limit": 5}, ids[12:])):
        page = call.hub("alice", "get_projects", **arguments)
        assert page["totalProjects"] == 14
        assert [project["id"] for project in page["projects"]] == expected


def test_get_projects_refused(call: Caller) -> None:
    forbid(call)
    refusal(call, 403, "get_projects")


def test_iter_projects(call: Caller) -> None:
    ids = [call.hub("alice", "create_project", str(number)) for number in range(5)]
    call.hub("bob", "create_project", "of another user")
    call.sandbox.faults.clear()  # forgets the requests
    found = call.hub("alice", "iter_projects", page_size=2)
    assert [project["id"] for project in found] == ids[::-1]
    assert [request.path for request in call.sandbox.requests] == ["/api/projects"] * 3


def test_iter_projects_refused(call: Caller) -> None:
    forbid(call)
    refusal(call, 403, "iter_projects")


def test_add_dataset_to_project_for_user(call: Caller) -> None:
    register(call, "alice")
    project = call.hub("alice", "create_project", "Glaucoma")
    for _ in range(2):  # the service answers the second call differently
        assert call.hub("alice", "add_dataset_to_project_for_user", project, "scans") is None
    assert call.sandbox.state.projects.has_pod(project, "alice", "scans")


def test_add_dataset_to_project_for_user_refused(call: Caller) -> None:
    name = "add_dataset_to_project_for_user"
    register(call, "alice")
    refusal(call, 404, name, "no-project", "scans")
    project = call.hub("bob", "create_project", "Glaucoma")
    refusal(call, 404, name, project, "scans")
    call.sandbox.add_member(project, "alice", "MODELLER")
    refusal(call, 403, name, project, "scans")
    call.sandbox.add_member(project, "alice", "DATA_CUSTODIAN")
    refusal(call, 404, name, project, "other")


def test_get_usage_limits(call: Caller, model_file: Path) -> None:
    publish(call, model_file)
    project = share(call, limit=3)
    usage = {
        "resourceType": "MODEL_INFERENCE",
        "resourceName": "alice/Net:1",
        "limit": 3,
        "totalUsage": 0,
    }
    assert call.hub("bob", "get_usage_limits", project) == [usage]
    for version in ("1", "latest"):
        limits = call.hub("bob", "get_usage_limits", project, f"alice/Net:{version}")
        mine = {**usage, "granteeUsername": "bob", "role": "MODELLER"}
        assert limits == {"default": 3, "totalGrantees": 3, "usage": [mine]}


def test_get_usage_limits_refused(call: Caller) -> None:
    refusal(call, 404, "get_usage_limits", "no-project")
    project = call.hub("alice", "create_project", "Glaucoma")
    refusal(call, 404, "get_usage_limits", project, "alice/Net:1")


# --- Monitoring ----------------------------------------------------------------------------------

UPDATE = {
    "taskId": "t1",
    "senderId": "carol/scans",
    "recipientId": "alice",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "ALL_PARTICIPANTS",
    "type": "TASK_STATUS_UPDATE",
    "message": "half way",
    "metadata": {"step": 2},
    "progress": {"batches": {"value": 5, "total": 10, "estimated_total": 12, "unit": "batches"}},
    "resourceUsage": {"cpu": 0.5},
}


def test_send_monitor_update(call: Caller) -> None:
    assert call.hub("carol", "send_monitor_update", UPDATE) is None
    assert call.sandbox.state.monitor.updates("t1") == [UPDATE]


def test_send_monitor_update_refused(call: Caller) -> None:
    forbid(call, "/api/ingest", 422)
    assert "No" in str(refusal(call, 422, "send_monitor_update", UPDATE))


# --- Access manager ------------------------------------------------------------------------------


def test_get_access_manager_key(call: Caller) -> None:
    first = call.am("alice", "get_access_manager_key")
    assert public_keys_equal(first, call.am("bob", "get_access_manager_key"))


def test_get_access_manager_key_refused(call: Caller) -> None:
    call.sandbox.fail("*", Fault(status=200, body=b"{}"))
    with pytest.raises(InvalidJSONError):
        call.am("alice", "get_access_manager_key")
    forbid(call)
    with pytest.raises(HTTPError):
        call.am("alice", "get_access_manager_key")


def check_by_token(call: Caller, token: str, project: str | None, pod: str = "scans") -> Any:
    arguments = (f"carol/{pod}", PROTOCOL, "bob", token)
    return call.am("carol", "check_oidc_access_request", *arguments, project_id=project)


def open_pod(call: Caller, model_file: Path, limit: int | None) -> str:
    register(call)
    publish(call, model_file)
    project = share(call, limit)
    call.hub("carol", "add_dataset_to_project_for_user", project, "scans")
    return project


def test_check_oidc_access_request(call: Caller, model_file: Path) -> None:
    project = open_pod(call, model_file, limit=1)
    token = call.sandbox.token("bob")
    accepted = check_by_token(call, token, project)
    assert accepted["response_type"] == PodResponseType.ACCEPT
    (limit,) = accepted["limits"]
    assert (limit["totalUsage"], "modelDownloadUrl" in limit) == (1, True)
    spent = check_by_token(call, token, project)
    assert spent["response_type"] == PodResponseType.NO_ACCESS
    assert "modelDownloadUrl" not in spent["limits"][0]
    for decision, named in (
        (PodResponseType.INVALID_PROOF_OF_IDENTITY, ("nonsense", project)),
        (PodResponseType.NO_ACCESS, (token, None)),
    ):
        assert check_by_token(call, *named) == {"response_type": decision, "limits": None}
    call.sandbox.add_member(project, "bob", "OBSERVER")
    assert check_by_token(call, token, project)["response_type"] == PodResponseType.UNAUTHORISED


def test_check_oidc_access_request_refused(call: Caller, model_file: Path) -> None:
    with pytest.raises(HTTPError) as raised:
        check_by_token(call, call.sandbox.token("bob"), None)
    assert raised.value.status_code == 404
    register(call)
    with pytest.raises(HTTPError) as raised:
        call.am("alice", "check_oidc_access_request", "carol/scans", PROTOCOL, "bob", "t")
    assert raised.value.status_code == 403
    for body in (b"[]", b"<html>"):
        call.sandbox.fail("*", Fault(status=200, body=body))
        with pytest.raises(InvalidJSONError):
            check_by_token(call, "t", None)


def check_by_signature(call: Caller, task: bytes, signature: bytes, **named: Any) -> Any:
    arguments = (task, signature, "carol/scans", PROTOCOL, "bob")
    return call.am("carol", "check_signature_based_access_request", *arguments, **named)


def test_check_signature_based_access_request(call: Caller, model_file: Path) -> None:
    project = open_pod(call, model_file, limit=None)
    key_id = str(call.hub("bob", "register_user_public_key", key_pair(0).public_key))
    task = b"\x00a task\xff"
    good, forged = (sign(key_pair(which).private_key, task) for which in (0, 1))
    expected = {
        (good, task, key_id): PodResponseType.ACCEPT,
        (good, task, None): PodResponseType.ACCEPT,
        (forged, task, key_id): PodResponseType.INVALID_PROOF_OF_IDENTITY,
        (good, task + b" ", key_id): PodResponseType.INVALID_PROOF_OF_IDENTITY,
        (good, task, "999999"): PodResponseType.INVALID_PROOF_OF_IDENTITY,
        (b"", task, key_id): PodResponseType.NO_PROOF_OF_IDENTITY,
    }
    for (signature, signed, number), decision in expected.items():
        named = {"project_id": project, "public_key_id": number}
        result = check_by_signature(call, signed, signature, **named)
        assert result["response_type"] == decision


def test_check_signature_based_access_request_refused(call: Caller) -> None:
    with pytest.raises(HTTPError) as raised:
        check_by_signature(call, b"task", b"signature")
    assert raised.value.status_code == 404
    register(call)
    assert check_by_signature(call, b"task", b"signature")["response_type"] == (
        PodResponseType.INVALID_PROOF_OF_IDENTITY
    )


# --- SMART on FHIR -------------------------------------------------------------------------------


def test_get_access_token(call: Caller) -> None:
    call.sandbox.state.pairings.begin("alice")
    context = {"enterpriseId": "1", "practiceId": "2"}
    call.sandbox.pair("alice", "https://ehr.example/r4", nextgen=context)
    token = call.fhir("alice", "get_access_token")
    assert token.token
    assert (token.valid_until, token.context) == (None, context)
    call.sandbox.clear()
    call.sandbox.pair("alice", "https://ehr.example/r4")
    assert call.fhir("alice", "get_access_token").context is None


def test_get_access_token_refused(call: Caller) -> None:
    call.sandbox.state.pairings.begin("alice")
    with pytest.raises(SMARTOnFHIRError, match=r"alice is not paired.* 1 pairing"):
        call.fhir("alice", "get_access_token")
    forbid(call)
    with pytest.raises(HTTPError):
        call.fhir("alice", "get_access_token")


# --- Compute and clusters ------------------------------------------------------------------------


def cluster_of_carol(call: Caller) -> str:
    register(call)
    register(call, name="more")
    call.sandbox.configure("carol/scans", CONFIGURATION)
    made = call.hub("carol", "create_compute_cluster", "Eye clinic", ["scans"])
    assert isinstance(made, str)
    return made


def compute_of_carol(call: Caller) -> Any:
    return call.hub("carol", "register_compute", "i-1", cluster_of_carol(call), "10.0.0.5")


def test_archive_pod(call: Caller) -> None:
    register(call)
    assert call.hub("carol", "archive_pod", "scans") is None
    assert call.hub("carol", "get_pod", "carol/scans") is None


def test_archive_pod_refused(call: Caller) -> None:
    register(call)
    refusal(call, 404, "archive_pod", "scans")
    forbid(call, "/api/pods/*")
    refusal(call, 403, "archive_pod", "scans")


def test_register_compute(call: Caller) -> None:
    assert compute_of_carol(call).keys() >= {"computeId", "domain"}


def test_register_compute_refused(call: Caller) -> None:
    refusal(call, 404, "register_compute", "i-1", "other", "10.0.0.5")
    refusal(call, 422, "register_compute", "i-1", None, "nowhere")


def test_request_compute_certificate(call: Caller) -> None:
    compute = compute_of_carol(call)
    arguments = ("request_compute_certificate", compute["computeId"], csr(compute["domain"]))
    assert call.hub("carol", *arguments)["domain"] == compute["domain"]
    assert call.hub("carol", *arguments) is None


def test_request_compute_certificate_refused(call: Caller) -> None:
    refusal(call, 404, "request_compute_certificate", "other", csr("x.example"))


def test_get_compute_certificate(call: Caller) -> None:
    compute = compute_of_carol(call)
    request = ("request_compute_certificate", compute["computeId"], csr(compute["domain"]))
    call.hub("carol", *request)
    certificate = call.hub("carol", "get_compute_certificate", compute["computeId"])
    assert certificate["domain"] == compute["domain"]


def test_get_compute_certificate_refused(call: Caller) -> None:
    refusal(call, 404, "get_compute_certificate", "other")


def test_create_compute_cluster(call: Caller) -> None:
    assert call.hub("carol", "compute_cluster_exists", cluster_of_carol(call)) is True
    assert call.called >= {"create_compute_cluster"}


def test_create_compute_cluster_refused(call: Caller) -> None:
    assert "other" in str(refusal(call, 422, "create_compute_cluster", "Eye clinic", ["other"]))


def test_compute_cluster_exists(call: Caller) -> None:
    cluster = cluster_of_carol(call)
    assert call.hub("carol", "compute_cluster_exists", cluster) is True
    assert call.hub("alice", "compute_cluster_exists", cluster) is False


def test_compute_cluster_exists_refused(call: Caller) -> None:
    forbid(call, "/api/compute-clusters/*")
    refusal(call, 403, "compute_cluster_exists", "c-1")


def test_link_datasets_to_compute_cluster(call: Caller) -> None:
    cluster = cluster_of_carol(call)
    for _ in range(2):
        link = call.hub("carol", "link_datasets_to_compute_cluster", cluster, ["more"])
        assert link is None
    linked = call.hub_of_cluster("carol", cluster, "get_pod_dataset_list")
    assert {each["identifier"] for each in linked} == {"carol/scans", "carol/more"}


def test_link_datasets_to_compute_cluster_refused(call: Caller) -> None:
    refusal(call, 404, "link_datasets_to_compute_cluster", cluster_of_carol(call), ["scans"])


def test_get_pod_dataset_list(call: Caller) -> None:
    cluster = cluster_of_carol(call)
    linked = call.hub_of_cluster("carol", cluster, "get_pod_dataset_list")
    assert [each["identifier"] for each in linked] == ["carol/scans"]
    own = call.hub("carol", "get_pod_dataset_list")
    assert {each["identifier"] for each in own} >= {"carol/scans"}
    assert call.hub("alice", "get_pod_dataset_list") == []


def test_get_pod_dataset_list_refused(call: Caller) -> None:
    forbid(call, "/api/compute-clusters/*")
    refusal(call, 403, "get_pod_dataset_list")


def test_get_pod_dataset_configuration(call: Caller) -> None:
    cluster_of_carol(call)
    of = "get_pod_dataset_configuration"
    assert call.hub("carol", of, "carol/scans") == CONFIGURATION
    assert call.hub("carol", of, "carol/more") is None


def test_get_pod_dataset_configuration_refused(call: Caller) -> None:
    refusal(call, 404, "get_pod_dataset_configuration", "alice/scans")


def test_get_pod_datasets_configurations(call: Caller) -> None:
    cluster = cluster_of_carol(call)
    call.hub("carol", "link_datasets_to_compute_cluster", cluster, ["more"])
    (found,) = call.hub_of_cluster("carol", cluster, "get_pod_datasets_configurations")
    assert (found["identifier"], found["configuration"]) == ("carol/scans", CONFIGURATION)


def test_get_pod_datasets_configurations_refused(call: Caller) -> None:
    with pytest.raises(HTTPError, match="404"):
        call.hub_of_cluster("alice", "other", "get_pod_datasets_configurations")


def test_get_project_name(call: Caller) -> None:
    project = call.hub("alice", "create_project", "Glaucoma")
    assert call.hub("alice", "get_project_name", project) == "Glaucoma"


def test_get_project_name_refused(call: Caller) -> None:
    project = call.hub("alice", "create_project", "Glaucoma")
    assert call.hub("bob", "get_project_name", project) is None


def test_retrieve_project_name(call: Caller) -> None:
    project = call.hub("alice", "create_project", "Glaucoma")
    assert call.hub("alice", "retrieve_project_name", project) == "Glaucoma"


def test_retrieve_project_name_refused(call: Caller) -> None:
    refusal(call, 404, "retrieve_project_name", "no-project")
    refusal(call, 404, "retrieve_project_name", call.hub("bob", "create_project", "Glaucoma"))
    forbid(call)
    refusal(call, 403, "retrieve_project_name", "no-project")


def test_upload_public_jwk(call: Caller) -> None:
    of = ("upload_public_jwk", jwk(), "https://ehr.example", "client-1")
    published = call.hub("alice", *of)["jwksUriWellKnown"]
    (key,) = httpx.get(published).json()["keys"]
    assert (key["kid"], key["n"]) == (jwk()["kid"], jwk()["n"])


def test_upload_public_jwk_refused(call: Caller) -> None:
    forbid(call, "/api/ehr/*")
    refusal(call, 403, "upload_public_jwk", jwk(), "https://ehr.example", "client-1")
    call.sandbox.faults.clear()
    call.sandbox.fail("*", Fault(status=200, body=b"{}"))
    with pytest.raises(InvalidJSONError):
        call.hub("alice", "upload_public_jwk", jwk(), "https://ehr.example", "client-1")


# --- All of them ---------------------------------------------------------------------------------


def complaints(kind: str, name: str) -> list[str]:
    where = place("tests/contract/test_sandbox_operations.py", "# --- All of them")
    tests = {
        f"test_{name}": "of its result",
        f"test_{name}_refused": "of the errors when the services refuse it",
    }
    return [
        f"{where}: write {test}(call) before this line, a test of {kind}.{name}: {about}"
        for test, about in tests.items()
        # The call fixture checks at the end that the test has called its operation.
        if "call" not in inspect.signature(globals().get(test, object)).parameters
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in CLIENTS for name in sorted(operations_of(kind))]
)
def test_every_public_method_has_its_tests(kind: str, name: str) -> None:
    fail_with(complaints(kind, name))


def test_method_without_tests_is_reported() -> None:
    result, refused = complaints("BitfountAM", "new_method")
    file, line, what = result.split(":", 2)
    assert (ROOT / file).samefile(__file__)
    assert Path(__file__).read_text().splitlines()[int(line) - 1].startswith("# --- All of them")
    assert what.startswith(" write test_new_method(call) before this line")
    assert "test_new_method_refused" in refused
