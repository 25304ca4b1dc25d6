"""The documented API as data: every class, method, argument, default and outcome, in order.

``...`` marks an argument without a default. Source: the documentation of the official SDK's
``hub.api`` module, and for what version 13.0 adds, the wire contract's "Today's Hub".
"""

from __future__ import annotations

from typing import Any

PRODUCTION_HUB_URL = "https://hub.bitfount.com"

Arguments = dict[str, Any]

CONSTRUCTORS: dict[str, Arguments] = {
    "BitfountAM": {"session": None, "access_manager_url": None},
    "BitfountHub": {"session": None, "url": PRODUCTION_HUB_URL, "cluster_id": None},
    "FileProcessingMetadata": {
        "total_files_found": None,
        "total_files_successfully_processed": None,
        "total_files_skipped": None,
        "files_with_errors": None,
        "skip_reasons": None,
        "additional_metrics": None,
    },
    "PodPublicMetadata": {
        "name": ...,
        "display_name": ...,
        "description": ...,
        "schema": ...,
        "number_of_records": None,
        "file_processing_metadata": None,
    },
    "SMARTOnFHIR": {
        "session": None,
        "smart_on_fhir_url": None,
        "resource_server_url": None,
    },
}

_POD: Arguments = {
    "pod_identifier": None,
    "pod_namespace": None,
    "pod_name": None,
    "project_id": None,
}

METHODS: dict[str, dict[str, Arguments]] = {
    "BitfountAM": {
        "check_oidc_access_request": {
            "pod_identifier": ...,
            "serialized_protocol": ...,
            "modeller_name": ...,
            "modeller_access_token": ...,
            "project_id": None,
        },
        "check_signature_based_access_request": {
            "unsigned_task": ...,
            "task_signature": ...,
            "pod_identifier": ...,
            "serialized_protocol": ...,
            "modeller_name": ...,
            "project_id": None,
            "public_key_id": None,
        },
        "get_access_manager_key": {},
    },
    "BitfountHub": {
        "get_model_from_url": {"model_url": ..., "model_hash": ...},
        "get_weights_from_url": {"weights_url": ...},
        "add_dataset_to_project_for_user": {"project_id": ..., "dataset_name": ...},
        "check_public_key_registered_and_active": {"key_id": ..., "username": None},
        "create_project": {"name": ...},
        "do_pod_heartbeat": {"pod_names": ..., "pod_public_key": ...},
        "get_model": {
            "username": ...,
            "model_name": ...,
            "model_version": None,
            "project_id": None,
        },
        "get_pod": _POD,
        "get_pod_key": _POD,
        "get_pod_schema": {"pod_identifier": ..., "project_id": None},
        "get_projects": {"offset": 0, "limit": 12},
        "get_usage_limits": {"project_id": ..., "model_id": None},
        "get_weights": {
            "username": ...,
            "model_name": ...,
            "model_version": ...,
            "project_id": None,
        },
        "register_pod": {
            "public_metadata": ...,
            "pod_public_key": ...,
            "access_manager_key": ...,
        },
        "register_user_public_key": {"key": ...},
        "send_model": {"model_code_path": ..., "private_model": False, "model_description": ""},
        "send_monitor_update": {"update": ...},
        "send_weights": {"model_name": ..., "model_version": ..., "pretrained_file_path": ...},
        # Since 13.0:
        "archive_pod": {"pod_name": ...},
        "register_compute": {"instance_id": ..., "cluster_id": ..., "private_ip_address": ...},
        "request_compute_certificate": {"compute_id": ..., "csr_pem": ...},
        "get_compute_certificate": {"compute_id": ...},
        "get_project_name": {"project_id": ...},
        "upload_public_jwk": {"jwk": ..., "issuer": ..., "client_id": ...},
        "create_compute_cluster": {"name": ..., "dataset_names": None},
        "compute_cluster_exists": {"cluster_id": ...},
        "link_datasets_to_compute_cluster": {"cluster_id": ..., "dataset_names": ...},
        "get_pod_dataset_list": {},
        "get_pod_dataset_configuration": {"dataset_identifier": ...},
        "get_pod_datasets_configurations": {},
    },
    "SMARTOnFHIR": {"get_access_token": {}},
}

HEARTBEAT_13: Arguments = {
    "instance_id": ...,
    "cluster_id": None,
    "is_busy": ...,
    "is_ehr_configured": ...,
    "is_ehr_connected": ...,
    "private_ip_address": None,
    "datasource_health": None,
}
"""The arguments of the heartbeat of 13.0, by keyword; two of them are optional here."""

STATIC_METHODS = {("BitfountHub", "get_model_from_url"), ("BitfountHub", "get_weights_from_url")}

OPERATIONS = [(kind, name) for kind, methods in METHODS.items() for name in methods]

OUTCOMES: dict[str, tuple[str, ...]] = {
    "BitfountAM": ("defaults",),
    "BitfountAM.check_oidc_access_request": ("RequestException", "HTTPError", "InvalidJSONError"),
    "BitfountAM.check_signature_based_access_request": (
        "RequestException",
        "HTTPError",
        "InvalidJSONError",
    ),
    "BitfountAM.get_access_manager_key": ("RequestException",),
    "BitfountHub": ("defaults",),
    "BitfountHub.get_model_from_url": ("None", "ModelValidationError"),
    "BitfountHub.get_weights_from_url": (),
    "BitfountHub.add_dataset_to_project_for_user": ("HTTPError",),
    "BitfountHub.check_public_key_registered_and_active": ("None", "HTTPError"),
    "BitfountHub.create_project": ("HTTPError",),
    "BitfountHub.do_pod_heartbeat": (
        "HTTPError",
        *HEARTBEAT_13,
        "returns, of an instance",
        "None, of an instance",
    ),
    "BitfountHub.archive_pod": ("HTTPError",),
    "BitfountHub.register_compute": ("None", "HTTPError"),
    "BitfountHub.request_compute_certificate": ("None", "HTTPError"),
    "BitfountHub.get_compute_certificate": ("HTTPError",),
    "BitfountHub.get_project_name": ("None",),
    "BitfountHub.upload_public_jwk": ("InvalidJSONError", "HTTPError"),
    "BitfountHub.create_compute_cluster": ("returns, without an id", "HTTPError"),
    "BitfountHub.compute_cluster_exists": ("False", "HTTPError"),
    "BitfountHub.link_datasets_to_compute_cluster": ("HTTPError",),
    "BitfountHub.get_pod_dataset_list": ("returns, of a cluster", "HTTPError"),
    "BitfountHub.get_pod_dataset_configuration": ("None", "HTTPError"),
    "BitfountHub.get_pod_datasets_configurations": ("without a configuration", "HTTPError"),
    "FileProcessingMetadata": ("defaults",),
    "BitfountHub.get_model": (
        "None",
        "None, not loaded",
        "ModelValidationError",
        "NoModelCodeError",
        "InvalidJSONError",
        "HTTPError",
    ),
    "BitfountHub.get_pod": ("None", "ValueError", "InvalidJSONError"),
    "BitfountHub.get_pod_key": ("None", "ValueError"),
    "BitfountHub.get_pod_schema": ("HTTPError", "InvalidJSONError"),
    "BitfountHub.get_projects": ("defaults", "HTTPError"),
    "BitfountHub.get_usage_limits": ("returns, with model_id", "HTTPError"),
    "BitfountHub.get_weights": ("None", "HTTPError"),
    "BitfountHub.register_pod": ("RequestException", "HTTPError", "SchemaUploadError"),
    "BitfountHub.register_user_public_key": ("HTTPError",),
    "BitfountHub.send_model": ("ModelUploadError", "ModelValidationError", "ModelTooLargeError"),
    "BitfountHub.send_monitor_update": ("RequestException", "HTTPError"),
    "BitfountHub.send_weights": ("ModelUploadError", "ModelTooLargeError"),
    "PodPublicMetadata": ("defaults",),
    "SMARTOnFHIR": ("defaults",),
    "SMARTOnFHIR.get_access_token": ("SMARTOnFHIRError", "HTTPError"),
}
"""What else the documentation states of constructors and methods: their results and errors besides
``returns``, and their defaults."""


def statements() -> dict[str, set[str]]:
    """Return what the documentation states, by constructor (``BitfountHub``) and method.

    A statement is the name of an argument, ``returns`` for a method's result, or an outcome.
    """
    arguments = {
        **CONSTRUCTORS,
        **{f"{kind}.{name}": METHODS[kind][name] for kind, name in OPERATIONS},
    }
    return {
        feature: {*names, *OUTCOMES.get(feature, ()), *(["returns"] if "." in feature else [])}
        for feature, names in arguments.items()
    }
