"""The bodies of requests made from a user's own JSON: every field, in the order it is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.flows import FakeDriver
from support.rsa_keys import key_pair

from bitfount_api import PodPublicMetadata, RetryPolicy
from bitfount_api._core import services
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._operations import (
    access,
    ehr_keys,
    heartbeats,
    monitoring,
    pod_registration,
    projects,
)
from bitfount_api.identifiers import PodIdentifier
from bitfount_api.transfers import TransferOptions

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow

UPDATE = {
    "new": {"z": 1},
    "type": "TASK_STATUS_UPDATE",
    "taskId": "t-1",
    "senderId": "bob/scans",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "PRIVATE",
    "message": None,
    "progress": {
        "epochs": {"new": [1], "value": 1, "unit": None},
        "batches": {"value": 2.5, "total": 3, "estimated_total": 4},
    },
    "resourceUsage": {"memory": 1, "cpu": 2.5},
    "metadata": {"z": {"q": 1}, "a": None},
    "recipientId": "alice",
}
UPDATE_SENT = {
    "new": {"z": 1},
    "taskId": "t-1",
    "senderId": "bob/scans",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "PRIVATE",
    "type": "TASK_STATUS_UPDATE",
    "recipientId": "alice",
    "message": None,
    "metadata": {"z": {"q": 1}, "a": None},
    "progress": {
        "epochs": {"new": [1], "value": 1, "unit": None},
        "batches": {"value": 2.5, "total": 3, "estimated_total": 4},
    },
    "resourceUsage": {"memory": 1, "cpu": 2.5},
}
REQUIRED = {"taskId": "t", "senderId": "s", "timestamp": "2024", "privacy": "P", "type": "x"}
PROTOCOL: Any = {
    "new": {"z": 1},
    "aggregator": {"c": 2, "b": 1},
    "algorithm": [{"z": 1, "a": 2}, {}],
    "class_name": "c",
    "primary_results_path": None,
}
PROTOCOL_SENT = {
    "new": {"z": 1},
    "class_name": "c",
    "algorithm": [{"z": 1, "a": 2}, {}],
    "aggregator": {"c": 2, "b": 1},
    "primary_results_path": None,
}
SHORT_PROTOCOL: Any = {"class_name": "c", "algorithm": {"b": 1}}
POD = PodIdentifier("bob", "scans")


def client() -> ServiceClient:
    return ServiceClient(services.hub("https://hub.test"), RetryPolicy(retries=0), lambda: "alice")


def instance(**given: Any) -> heartbeats.InstanceState:
    state = {"instance_id": "i-1", "is_busy": False, "is_ehr_configured": True}
    others = {"cluster_id": None, "private_ip_address": None, "datasource_health": None}
    return heartbeats.InstanceState(**{**state, "is_ehr_connected": False, **others, **given})


STATE_SENT = {
    "instanceId": "i-1",
    "isBusy": False,
    "isEhrConfigured": True,
    "isEhrConnected": False,
}
HEALTH = [{"new": 1, "status": "unhealthy", "message": None, "name": "a"}, {"name": "b"}]
HEALTH_SENT = [{"new": 1, "name": "a", "status": "unhealthy", "message": None}, {"name": "b"}]
NULLS: Any = {"metadata": None, "progress": None, "resourceUsage": None}
JWK = {"n": "AQAB", "kty": "RSA", "new": None}

CASES: dict[str, tuple[Flow[Any], Any]] = {
    "monitor update": (monitoring.send_update(client(), UPDATE), UPDATE_SENT),
    "monitor update with nulls": (
        monitoring.send_update(client(), {**NULLS, **REQUIRED}),
        {**REQUIRED, **NULLS},
    ),
    "OIDC": (
        access.check_oidc(client(), POD, PROTOCOL, "bob", "tok", None),
        {
            "podIdentifier": "bob/scans",
            "modellerProtocolRequest": PROTOCOL_SENT,
            "modellerName": "bob",
            "modellerToken": "tok",
            "identityProvider": "OIDC",
            "projectId": None,
        },
    ),
    "signature": (
        access.check_signature(client(), POD, SHORT_PROTOCOL, "bob", b"t", b"s", "p", "7"),
        {
            "podIdentifier": "bob/scans",
            "modellerProtocolRequest": SHORT_PROTOCOL,
            "modellerName": "bob",
            "unsignedTask": "dA==",
            "taskSignature": "cw==",
            "identityProvider": "SIGNATURE",
            "projectId": "p",
            "publicKeyId": "7",
        },
    ),
    "JWK": (
        ehr_keys.upload(client(), JWK, "issuer", "client"),
        {"jwk": JWK, "issuer": "issuer", "clientId": "client"},
    ),
    "heartbeat": (
        heartbeats.do_pod_heartbeat(client(), None, None, instance()),
        STATE_SENT,
    ),
    "heartbeat with everything": (
        heartbeats.do_pod_heartbeat(
            client(),
            None,
            None,
            instance(cluster_id="c", private_ip_address="::1", datasource_health=HEALTH),
        ),
        {
            **STATE_SENT,
            "clusterId": "c",
            "privateIpAddress": "::1",
            "datasourceHealth": HEALTH_SENT,
        },
    ),
    "project": (projects.create_project(client(), "n"), {"name": "n", "metadata": {}}),
}


class Sent(Exception):
    """The request was sent; its answer is not what these tests are about."""


def sent(flow: Flow[Any]) -> str:
    driver = FakeDriver([Sent()])
    with pytest.raises(Sent):
        driver.run(flow)
    (call,) = driver.calls
    return json.dumps(call.request["json"])


@pytest.mark.parametrize("case", CASES)
def test_request_body_is_sent_in_its_order(case: str) -> None:
    flow, expected = CASES[case]
    assert sent(flow) == json.dumps(expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"skipReasons": {"b": 1, "a": 2}, "totalFilesFound": 3, "filesWithErrors": None},
            {"totalFilesFound": 3, "skipReasons": {"b": 1, "a": 2}},
        ),
        (
            {
                "additionalMetrics": {"z": None},
                "filesWithErrors": 0,
                "totalFilesSkipped": 2,
                "totalFilesSuccessfullyProcessed": 1,
            },
            {
                "totalFilesSuccessfullyProcessed": 1,
                "totalFilesSkipped": 2,
                "filesWithErrors": 0,
                "additionalMetrics": {"z": None},
            },
        ),
        ({}, {}),
    ],
)
def test_file_results_are_sent_without_nulls(given: dict[str, Any], expected: Any) -> None:
    key = key_pair().public_key
    flow = pod_registration.register_pod(
        client(), PodPublicMetadata("scans", "S", "", {}), key, key, given, TransferOptions()
    )
    body = json.loads(sent(flow))
    assert json.dumps(body["fileProcessingMetadata"]) == json.dumps(expected)
