"""The table of operations: their arguments, their requests and their outcomes."""

from __future__ import annotations

from typing import Any

import attrs
from support.faults.given import SCHEMA, TASK, WEIGHTS, Given
from support.faults.legs import Leg, Row
from support.places import place
from support.rsa_keys import key_pair
from support.sandbox_seeds import jwk

from bitfount_api import (
    BitfountSchema,
    PodPublicMetadata,
    PodResponseType,
    SMARTOnFHIRAccessToken,
    public_keys_equal,
)
from bitfount_api._core import storage_operations as storage
from bitfount_api._generated import operations as known
from bitfount_api._internal.operation import Operation
from bitfount_api.exceptions import (
    InvalidJSONError,
    ModelUploadError,
    ModelValidationError,
    MultiPartUploadError,
)
from bitfount_api.transfers import Download


def _hub(method: str, path: str, operation: Operation, **more: Any) -> Leg:
    return Leg("hub", method, path, operation, **more)


def _stored(path: str, **more: Any) -> Leg:
    return Leg("storage", "GET", f"/*/{path}", storage.DOWNLOAD_OBJECT, "object", **more)


def _none(result: Any) -> bool:
    return result is None


def _pod(a: Given) -> dict[str, Any]:
    return {"pod_identifier": "alice/scans"}


def _pod_of_project(a: Given) -> dict[str, Any]:
    return {"pod_identifier": "bob/scans", "project_id": a.project}


def _model(a: Given) -> dict[str, Any]:
    return {"username": "alice", "model_name": "Net", "model_version": 1}


def _is_pod(result: Any) -> bool:
    return bool(result["podName"] == "scans")


def _is_model(result: Any) -> bool:
    return bool(result.__name__ == "Net")


def _is_weights(result: Any) -> bool:
    return bool(result == WEIGHTS)


def _is_code_file(result: Any) -> bool:
    return isinstance(result, Download) and "class Net" in result.path.read_text()


def _is_weights_file(result: Any) -> bool:
    return isinstance(result, Download) and result.path.read_bytes() == WEIGHTS


def _is_access(result: Any) -> bool:
    return bool(result["response_type"] is PodResponseType.ACCEPT)


_RUN = {"model": {"username": "alice", "model_ref": "Net", "model_version": 1}}


def _protocol(a: Given) -> dict[str, Any]:
    return {
        "pod_identifier": "alice/scans",
        "serialized_protocol": {"class_name": "p", "algorithm": {"class_name": "a", **_RUN}},
        "modeller_name": "bob",
    }


def _instance(a: Given) -> dict[str, Any]:
    return {"instance_id": "i-1", "cluster_id": a.cluster, "private_ip_address": "10.0.0.5"}


def _state(a: Given) -> dict[str, Any]:
    return {"is_busy": False, "is_ehr_configured": True, "is_ehr_connected": True}


def _of_cluster(a: Given) -> dict[str, Any]:
    return {"cluster_id": a.cluster}


def _is_compute(result: Any) -> bool:
    return isinstance(result["computeId"], str)


def _is_dataset(result: Any) -> bool:
    return any(each["identifier"].endswith("/scans") for each in result)


_ANY_WAY: dict[str, Any] = {"lost": "none", "refused": "none"}
_POD_LEG = _hub("GET", "/api/pods/alice/scans", known.GET_POD, **_ANY_WAY)
_POD_FOR_SCHEMA = attrs.evolve(_POD_LEG, lost=InvalidJSONError, refused=InvalidJSONError)
_RETRIEVED_POD_LEG = attrs.evolve(_POD_LEG, lost=None, refused=None)
_PROJECT_POD_LEG = _hub("GET", "/api/projects/*/pods/bob/scans", known.GET_PROJECT_POD, **_ANY_WAY)
_SCHEMA_LEG = _stored("schemas/alice/scans")
_MODEL_LEG = _hub("GET", "/api/models", known.GET_MODEL)
_CODE_LEG = _stored("models/alice/Net/1", unusable=ModelValidationError)
_WEIGHTS_LEG = _stored("weights/alice/Net/1", unusable="other", renewed=2)
_UNSAFE: dict[str, Any] = {"lost": ModelUploadError, "refused": ModelUploadError}
_FORM_LEG = Leg("storage", "POST", "/bitfount", storage.UPLOAD_OBJECT, "upload", unusable="value")
_IGNORED: dict[str, Any] = {"body": "ignored", "unusable": "value"}
_DATASETS_LEG = _hub("GET", "/api/compute-clusters/datasets", known.GET_POD_DATASET_LIST)
_CLUSTER_LEG = _hub("GET", "/api/compute-clusters/*/datasets", known.GET_COMPUTE_CLUSTER_DATASETS)
_CONFIGURATION_LEG = _hub(
    "GET", "/api/pods/*/scans/configuration", known.GET_POD_DATASET_CONFIGURATION
)
_UPLOADS = {"unusable": ModelUploadError, **_UNSAFE}

ROWS = (
    Row("get_pod", "BitfountHub", _pod, _is_pod, (_POD_LEG,)),
    Row("get_pod (project)", "BitfountHub", _pod_of_project, _is_pod, (_PROJECT_POD_LEG,)),
    Row("retrieve_pod", "BitfountHub", _pod, _is_pod, (_RETRIEVED_POD_LEG,)),
    Row(
        "retrieve_pod (project)", "BitfountHub", _pod_of_project, _is_pod,
        (attrs.evolve(_PROJECT_POD_LEG, lost=None, refused=None),),
    ),
    Row("get_pod_key", "BitfountHub", _pod, lambda key: key.startswith("ssh-rsa "), (_POD_LEG,)),
    Row(
        "get_pod_schema", "BitfountHub", _pod,
        lambda schema: isinstance(schema, BitfountSchema) and schema.to_json() == SCHEMA,
        (_POD_FOR_SCHEMA, _SCHEMA_LEG),
    ),
    Row(
        "register_pod", "BitfountHub",
        lambda a: {
            "public_metadata": PodPublicMetadata(f"pod-{a.number()}", "Pod", "", SCHEMA),
            "pod_public_key": key_pair().public_key,
            "access_manager_key": key_pair().public_key,
        },
        _none, (_hub("POST", "/api/pods", known.REGISTER_POD), _FORM_LEG),
    ),
    Row(
        "do_pod_heartbeat", "BitfountHub",
        lambda a: {"pod_names": ["scans"], "pod_public_key": key_pair().public_key},
        _none,
        (_hub("PATCH", "/api/pods", known.DO_POD_HEARTBEAT, body="ignored", unusable="value"),),
    ),
    Row(
        "do_pod_heartbeat (instance)", "BitfountHub",
        lambda a: {**_instance(a), **_state(a)}, _is_compute,
        (_hub("PATCH", "/api/pods", known.DO_POD_HEARTBEAT, unusable="none"),),
    ),
    Row(
        "archive_pod", "BitfountHub", lambda a: {"pod_name": "old"}, _none,
        (_hub("POST", "/api/pods/alice/old", known.ARCHIVE_POD, **_IGNORED),),
    ),
    Row(
        "register_compute", "BitfountHub", _instance, _is_compute,
        (
            _hub(
                "PUT", "/api/compute/instances/i-1", known.REGISTER_COMPUTE, unusable="none"
            ),
        ),
    ),
    Row(
        "request_compute_certificate", "BitfountHub",
        lambda a: dict(zip(("compute_id", "csr_pem"), a.uncertified(), strict=True)),
        lambda requested: isinstance(requested["status"], str),
        (_hub("POST", "/api/compute/*/certificate", known.REQUEST_COMPUTE_CERTIFICATE),),
    ),
    Row(
        "get_compute_certificate", "BitfountHub", lambda a: {"compute_id": a.compute},
        lambda certificate: isinstance(certificate["status"], str),
        (_hub("GET", "/api/compute/*/certificate", known.GET_COMPUTE_CERTIFICATE),),
    ),
    Row(
        "create_compute_cluster", "BitfountHub",
        lambda a: {"name": f"Cluster {a.number()}", "dataset_names": ["scans"]},
        lambda made: isinstance(made, str) and not made.startswith("Cluster"),
        (_hub("POST", "/api/compute-clusters", known.CREATE_COMPUTE_CLUSTER),),
    ),
    Row(
        "compute_cluster_exists", "BitfountHub", _of_cluster, lambda found: found is True,
        (attrs.evolve(_CLUSTER_LEG, **_IGNORED),),
    ),
    Row(
        "link_datasets_to_compute_cluster", "BitfountHub",
        lambda a: {**_of_cluster(a), "dataset_names": ["scans"]}, _none,
        (
            _hub(
                "POST", "/api/compute-clusters/*/datasets",
                known.LINK_DATASETS_TO_COMPUTE_CLUSTER, **_IGNORED,
            ),
        ),
    ),
    Row("get_pod_dataset_list", "BitfountHub", lambda a: {}, _is_dataset, (_DATASETS_LEG,)),
    Row(
        "get_pod_dataset_list (cluster)", "BitfountHub", lambda a: {}, _is_dataset,
        (_CLUSTER_LEG,), _of_cluster,
    ),
    Row(
        "get_pod_dataset_configuration", "BitfountHub",
        lambda a: {"dataset_identifier": "alice/scans"},
        lambda configuration: configuration["datasource"] == "DICOMSource",
        (_CONFIGURATION_LEG,),
    ),
    Row(
        "get_pod_datasets_configurations", "BitfountHub", lambda a: {},
        lambda found: _is_dataset(found) and isinstance(found[0]["configuration"], dict),
        (_CLUSTER_LEG, _CONFIGURATION_LEG), _of_cluster,
    ),
    Row(
        "get_project_name", "BitfountHub", lambda a: {"project_id": a.project},
        lambda name: name == "Glaucoma",
        (
            _hub(
                "GET", "/api/projects/*", known.GET_PROJECT,
                lost="none", refused="none", unusable="none",
            ),
        ),
    ),
    Row(
        "retrieve_project_name", "BitfountHub", lambda a: {"project_id": a.project},
        lambda name: name == "Glaucoma", (_hub("GET", "/api/projects/*", known.GET_PROJECT),),
    ),
    Row(
        "upload_public_jwk", "BitfountHub",
        lambda a: {"jwk": jwk(), "issuer": "https://ehr.example", "client_id": "client-1"},
        lambda published: isinstance(published["jwksUriWellKnown"], str),
        (_hub("PUT", "/api/ehr/jwks/alice", known.UPLOAD_PUBLIC_JWK),),
    ),
    Row("get_model", "BitfountHub", _model, _is_model, (_MODEL_LEG, _CODE_LEG)),
    Row(
        "retrieve_model", "BitfountHub", _model, lambda found: found["modelVersion"] == 1,
        (_MODEL_LEG,),
    ),
    Row(
        "get_model_code", "BitfountHub", _model, lambda code: "class Net" in code,
        (_MODEL_LEG, _CODE_LEG),
    ),
    Row(
        "download_model", "BitfountHub", lambda a: {**_model(a), "path": a.target()},
        _is_code_file, (_MODEL_LEG, _CODE_LEG),
    ),
    Row(
        "get_model_from_url", "BitfountHub",
        lambda a: {"model_url": a.model_url(), "model_hash": a.model_hash()},
        _is_model, (_CODE_LEG,),
    ),
    Row(
        "send_model", "BitfountHub", lambda a: {"model_code_path": a.model_file()},
        lambda answer: answer["success"] is True,
        (
            _hub("POST", "/api/models", known.SEND_MODEL, **_UPLOADS),
            attrs.evolve(_FORM_LEG, **_UNSAFE),
        ),
    ),
    Row("get_weights", "BitfountHub", _model, _is_weights, (_MODEL_LEG, _WEIGHTS_LEG)),
    Row(
        "download_weights", "BitfountHub", lambda a: {**_model(a), "path": a.target()},
        _is_weights_file, (_MODEL_LEG, _WEIGHTS_LEG),
    ),
    Row("stream_weights", "BitfountHub", _model, _is_weights, (_MODEL_LEG, _WEIGHTS_LEG)),
    Row(
        "get_weights_from_url", "BitfountHub", lambda a: {"weights_url": a.weights_url()},
        _is_weights, (attrs.evolve(_WEIGHTS_LEG, renewed=0),),
    ),
    Row(
        "send_weights", "BitfountHub",
        lambda a: {
            "model_name": "Sent", "model_version": 1, "pretrained_file_path": a.weights_file(),
        },
        _none,
        (
            _hub("PUT", "/api/models", known.SEND_WEIGHTS, **_UPLOADS),
            attrs.evolve(_FORM_LEG, renewed=1, **_UNSAFE),
        ),
    ),
    Row(
        "send_weights (parts)", "BitfountHub",
        lambda a: {
            "model_name": "Sent", "model_version": 1,
            "pretrained_file_path": a.weights_file(40_000),
        },
        _none,
        (
            _hub("PUT", "/api/models", known.SEND_WEIGHTS, **_UPLOADS),
            Leg(
                "storage", "PUT", "/*/weights/alice/Sent/1", storage.UPLOAD_PART, "upload",
                count=3, renewed=1, **_UPLOADS,
            ),
            _hub(
                "POST", "/api/upload", known.COMPLETE_UPLOAD, body="ignored",
                lost=MultiPartUploadError, refused=MultiPartUploadError, unusable="value",
            ),
        ),
    ),
    Row(
        "register_user_public_key", "BitfountHub", lambda a: {"key": key_pair().public_key},
        lambda key_id: isinstance(key_id, str | int),
        (_hub("POST", "/api/alice/keys", known.REGISTER_USER_PUBLIC_KEY),),
    ),
    Row(
        "check_public_key_registered_and_active", "BitfountHub", lambda a: {"key_id": a.key_id},
        lambda found: public_keys_equal(found["public_key"], key_pair().public_key),
        (_hub("GET", "/api/alice/keys/*", known.GET_USER_PUBLIC_KEY),),
    ),
    Row(
        "create_project", "BitfountHub", lambda a: {"name": f"Project {a.number()}"},
        lambda made: isinstance(made, str),
        (_hub("POST", "/api/projects", known.CREATE_PROJECT),),
    ),
    Row(
        "get_projects", "BitfountHub", lambda a: {}, lambda page: page["totalProjects"] >= 1,
        (_hub("GET", "/api/projects", known.GET_PROJECTS),),
    ),
    Row(
        "iter_projects", "BitfountHub", lambda a: {"page_size": 100},
        lambda projects: len(projects) >= 1,
        (_hub("GET", "/api/projects", known.GET_PROJECTS),),
    ),
    Row(
        "add_dataset_to_project_for_user", "BitfountHub",
        lambda a: {"project_id": a.project, "dataset_name": "scans"}, _none,
        (
            _hub(
                "PUT", "/api/projects/*/pod", known.ADD_DATASET_TO_PROJECT,
                body="ignored", unusable="value",
            ),
        ),
    ),
    Row(
        "get_usage_limits", "BitfountHub", lambda a: {"project_id": a.project},
        lambda limits: isinstance(limits, list),
        (_hub("GET", "/api/projects/*/limits", known.GET_USAGE_LIMITS),),
    ),
    Row(
        "get_usage_limits (model)", "BitfountHub",
        lambda a: {"project_id": a.project, "model_id": "alice/Net:1"},
        lambda limits: isinstance(limits["usage"], list),
        (
            _hub(
                "GET", "/api/projects/*/limits/models/alice/Net:1", known.GET_MODEL_USAGE_LIMITS
            ),
        ),
    ),
    Row(
        "send_monitor_update", "BitfountHub",
        lambda a: {
            "update": {
                "taskId": "t", "senderId": "alice/scans", "timestamp": "2024-01-01T00:00:00Z",
                "privacy": "PRIVATE", "type": "TASK_CONFIG",
            }
        },
        _none,
        (
            _hub(
                "POST", "/api/ingest", known.SEND_MONITOR_UPDATE, body="ignored", unusable="value"
            ),
        ),
    ),
    Row(
        "get_access_manager_key", "BitfountAM", lambda a: {},
        lambda key: key.key_size == 2048,
        (Leg("access_manager", "GET", "/api/access-manager-key", known.GET_ACCESS_MANAGER_KEY),),
    ),
    Row(
        "check_oidc_access_request", "BitfountAM",
        lambda a: {**_protocol(a), "modeller_access_token": a.token()}, _is_access,
        (Leg("access_manager", "POST", "/api/access", known.CHECK_ACCESS),),
    ),
    Row(
        "check_oidc_access_request (project)", "BitfountAM",
        lambda a: {
            **_protocol(a), "modeller_access_token": a.token(), "project_id": a.project,
        },
        lambda result: _is_access(result) and "modelDownloadUrl" in result["limits"][0],
        (Leg("access_manager", "POST", "/api/access", known.CHECK_ACCESS),),
    ),
    Row(
        "check_signature_based_access_request", "BitfountAM",
        lambda a: {**_protocol(a), "unsigned_task": TASK, "task_signature": a.signature()},
        _is_access,
        (Leg("access_manager", "POST", "/api/access", known.CHECK_ACCESS),),
    ),
    Row(
        "get_access_token", "SMARTOnFHIR", lambda a: {},
        lambda token: isinstance(token, SMARTOnFHIRAccessToken),
        (
            Leg("smart_on_fhir", "GET", "/api/pairings", known.GET_PAIRINGS),
            Leg("smart_on_fhir", "GET", "/api/pairings/*/session", known.GET_PAIRING_SESSION),
        ),
    ),
)  # fmt: skip

ROWS_PLACE = place("tests/support/faults/cases.py", "ROWS = (")
"""Where a missing row is added, for the messages of tests."""
