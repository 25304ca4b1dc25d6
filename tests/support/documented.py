"""The documented API as data: every class, method, argument and default, in order.

``...`` marks an argument without a default. Source: the documentation of the official SDK's
``hub.api`` module.
"""

from __future__ import annotations

from typing import Any

PRODUCTION_HUB_URL = "https://hub.bitfount.com"

Arguments = dict[str, Any]

CONSTRUCTORS: dict[str, Arguments] = {
    "BitfountAM": {"session": None, "access_manager_url": None},
    "BitfountHub": {"session": None, "url": PRODUCTION_HUB_URL},
    "PodPublicMetadata": {
        "name": ...,
        "display_name": ...,
        "description": ...,
        "schema": ...,
        "number_of_records": None,
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
        "send_model": {"model_code_path": ..., "private_model": False},
        "send_monitor_update": {"update": ...},
        "send_weights": {"model_name": ..., "model_version": ..., "pretrained_file_path": ...},
    },
    "SMARTOnFHIR": {"get_access_token": {}},
}

STATIC_METHODS = {("BitfountHub", "get_model_from_url"), ("BitfountHub", "get_weights_from_url")}

OPERATIONS = [(kind, name) for kind, methods in METHODS.items() for name in methods]
