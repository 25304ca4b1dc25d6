"""Results of the methods of version 13.0 for compute, clusters, datasets and EHR keys."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from support.fake_services import HUB
from support.rsa_keys import key_pair

import bitfount_api
from bitfount_api import HTTPError, InvalidJSONError

if TYPE_CHECKING:
    from support.fake_services import FakeServices

_, PUBLIC_KEY = key_pair()
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n"
JWK = {"kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB"}
REGISTERED = {"computeId": "m-1", "domain": "m-1.example", "new": [1]}
REQUESTED = {"domain": "m-1.example", "status": "pending"}
ISSUED = {**REQUESTED, "status": "issued", "certificatePem": "c", "caBundlePem": "b"}
UPLOADED = {"jwksUriWellKnown": "https://hub.test/jwks.json", "keys": 1}
DATASETS: list[dict[str, Any]] = [
    {"identifier": "bob/scans", "configurationLastUpdated": "2024-01-01T00:00:00Z", "new": 1},
    {"identifier": "bob/more", "configurationLastUpdated": None},
]
CONFIGURATION = {"datasource": "DICOMSource", "args": {"path": "x"}}
INSTANCE: dict[str, Any] = {
    "instance_id": "i-1",
    "is_busy": False,
    "is_ehr_configured": True,
    "is_ehr_connected": False,
}
INSTANCE_JSON = {
    "instanceId": "i-1",
    "isBusy": False,
    "isEhrConfigured": True,
    "isEhrConnected": False,
}

CALLS: dict[str, tuple[Any, ...]] = {
    "archive_pod": ("scans",),
    "register_compute": ("i-1", "c-1", "10.0.0.5"),
    "request_compute_certificate": ("m-1", CSR),
    "get_compute_certificate": ("m-1",),
    "upload_public_jwk": (JWK, "https://ehr.example", "client-1"),
    "create_compute_cluster": ("Eye clinic", ["scans", "more"]),
    "compute_cluster_exists": ("c-1",),
    "link_datasets_to_compute_cluster": ("c-1", ["scans"]),
    "get_pod_dataset_list": (),
    "get_pod_dataset_configuration": ("bob/scans",),
    "get_pod_datasets_configurations": (),
}
REQUESTS: dict[str, tuple[str, Any]] = {
    "archive_pod": ("POST /api/pods/alice/scans", {"archive": True}),
    "register_compute": (
        "PUT /api/compute/instances/i-1",
        {"privateIpAddress": "10.0.0.5", "clusterId": "c-1"},
    ),
    "request_compute_certificate": ("POST /api/compute/m-1/certificate", {"csrPem": CSR}),
    "get_compute_certificate": ("GET /api/compute/m-1/certificate", None),
    "upload_public_jwk": (
        "PUT /api/ehr/jwks/alice",
        {"jwk": JWK, "issuer": "https://ehr.example", "clientId": "client-1"},
    ),
    "create_compute_cluster": (
        "POST /api/compute-clusters",
        {"name": "Eye clinic", "datasetNames": ["scans", "more"]},
    ),
    "compute_cluster_exists": ("GET /api/compute-clusters/c-1/datasets", None),
    "link_datasets_to_compute_cluster": (
        "POST /api/compute-clusters/c-1/datasets",
        {"datasetNames": ["scans"]},
    ),
    "get_pod_dataset_list": ("GET /api/compute-clusters/datasets", None),
    "get_pod_dataset_configuration": ("GET /api/pods/bob/scans/configuration", None),
}
SUCCESSES: dict[str, tuple[Any, Any]] = {
    "archive_pod": ({}, None),
    "register_compute": (REGISTERED,) * 2,
    "request_compute_certificate": (REQUESTED,) * 2,
    "get_compute_certificate": (ISSUED,) * 2,
    "upload_public_jwk": (UPLOADED,) * 2,
    "create_compute_cluster": ({"id": 7}, "7"),
    "compute_cluster_exists": ({}, True),
    "link_datasets_to_compute_cluster": ({}, None),
    "get_pod_dataset_list": ({"linkedDatasets": DATASETS}, DATASETS),
    "get_pod_dataset_configuration": ({"configuration": CONFIGURATION}, CONFIGURATION),
}
NORMAL = {("compute_cluster_exists", 404), ("request_compute_certificate", 409)}
"""Statuses of refusals that are results of a method."""


def on_client(services: FakeServices, name: str, *, cluster_id: Any) -> Any:
    """Call a method of a Hub client of a cluster."""
    return services.call("BitfountHub", name, client=(cluster_id,))


# --- All of them ---------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.archive_pod", "pod_name", "returns")
@pytest.mark.documented(
    "BitfountHub.register_compute", "instance_id", "cluster_id", "private_ip_address", "returns"
)
@pytest.mark.documented(
    "BitfountHub.request_compute_certificate", "compute_id", "csr_pem", "returns"
)
@pytest.mark.documented("BitfountHub.get_compute_certificate", "compute_id", "returns")
@pytest.mark.documented("BitfountHub.upload_public_jwk", "jwk", "issuer", "client_id", "returns")
@pytest.mark.documented("BitfountHub.create_compute_cluster", "name", "dataset_names", "returns")
@pytest.mark.documented("BitfountHub.compute_cluster_exists", "cluster_id", "returns")
@pytest.mark.documented(
    "BitfountHub.link_datasets_to_compute_cluster", "cluster_id", "dataset_names", "returns"
)
@pytest.mark.documented("BitfountHub.get_pod_dataset_list", "returns")
@pytest.mark.documented(
    "BitfountHub.get_pod_dataset_configuration", "dataset_identifier", "returns"
)
@pytest.mark.parametrize("name", REQUESTS)
def test_success_sends_and_returns_what_13_does(services: FakeServices, name: str) -> None:
    answer, result = SUCCESSES[name]
    services.json(answer)
    found = services.hub(name, *CALLS[name])
    assert found == result
    assert type(found) is type(result)
    line, body = REQUESTS[name]
    method, path = line.split()
    assert services.request_lines == [f"{method} {HUB}{path}"]
    content = services.requests[0].content
    assert (json.loads(content) if content else None) == body


@pytest.mark.documented("BitfountHub.archive_pod", "HTTPError")
@pytest.mark.documented("BitfountHub.register_compute", "HTTPError")
@pytest.mark.documented("BitfountHub.request_compute_certificate", "HTTPError")
@pytest.mark.documented("BitfountHub.get_compute_certificate", "HTTPError")
@pytest.mark.documented("BitfountHub.upload_public_jwk", "HTTPError")
@pytest.mark.documented("BitfountHub.create_compute_cluster", "HTTPError")
@pytest.mark.documented("BitfountHub.compute_cluster_exists", "HTTPError")
@pytest.mark.documented("BitfountHub.link_datasets_to_compute_cluster", "HTTPError")
@pytest.mark.documented("BitfountHub.get_pod_dataset_list", "HTTPError")
@pytest.mark.documented("BitfountHub.get_pod_dataset_configuration", "HTTPError")
@pytest.mark.documented("BitfountHub.get_pod_datasets_configurations", "HTTPError")
@pytest.mark.parametrize(
    ("name", "status"),
    [
        (name, status)
        for name in CALLS
        for status in (400, 401, 403, 404, 409, 429, 500, 503, 307)
        if (name, status) not in NORMAL
    ],
)
def test_refusal_raises_http_error(services: FakeServices, name: str, status: int) -> None:
    services.json({"success": False, "errorMessage": "because of this"}, status)
    with pytest.raises(HTTPError, match="because of this") as caught:
        services.hub(name, *CALLS[name])
    assert caught.value.status_code == status


@pytest.mark.parametrize("name", ["create_compute_cluster", "link_datasets_to_compute_cluster"])
def test_other_success_status_of_a_cluster_raises(services: FakeServices, name: str) -> None:
    services.json({"id": "c-1"}, 202)
    with pytest.raises(HTTPError, match="unexpected status 202"):
        services.hub(name, *CALLS[name])


@pytest.mark.documented("BitfountHub.upload_public_jwk", "InvalidJSONError")
@pytest.mark.parametrize(
    "name",
    [
        "request_compute_certificate",
        "get_compute_certificate",
        "upload_public_jwk",
        "create_compute_cluster",
        "get_pod_dataset_list",
        "get_pod_dataset_configuration",
        "get_pod_datasets_configurations",
    ],
)
@pytest.mark.parametrize("content", [b"", b"<html>", b"null", b"[]", b"{"])
def test_answer_that_is_not_an_object_raises(
    services: FakeServices, name: str, content: bytes
) -> None:
    services.answer(httpx.Response(200, content=content))
    with pytest.raises(InvalidJSONError):
        services.hub(name, *CALLS[name])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("upload_public_jwk", {"keys": 1}),
        ("upload_public_jwk", {"jwksUriWellKnown": None}),
        ("get_pod_dataset_list", {}),
        ("get_pod_dataset_list", {"linkedDatasets": [{"configurationLastUpdated": "x"}]}),
        ("get_compute_certificate", {"domain": "m-1.example"}),
        ("get_pod_datasets_configurations", {"linkedDatasets": [{"identifier": "../scans"}]}),
        ("get_pod_dataset_configuration", {"configuration": "text"}),
    ],
)
def test_answer_without_the_essential_field_raises(
    services: FakeServices, name: str, answer: Any
) -> None:
    services.json(answer)
    with pytest.raises(InvalidJSONError):
        services.hub(name, *CALLS[name])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("archive_pod", ("../scans",)),
        ("archive_pod", ("alice/scans",)),
        ("register_compute", ("../i", None, "10.0.0.5")),
        ("register_compute", ("i-1", "c/1", "10.0.0.5")),
        ("register_compute", ("i-1", None, "")),
        ("register_compute", ("i-1", None, None)),
        ("request_compute_certificate", ("m/1", CSR)),
        ("request_compute_certificate", ("m-1", "text")),
        ("request_compute_certificate", ("m-1", None)),
        ("get_compute_certificate", ("..",)),
        ("upload_public_jwk", ([JWK], "issuer", "client")),
        ("upload_public_jwk", ({"n": "AQAB"}, "issuer", "client")),
        ("upload_public_jwk", (JWK, "", "client")),
        ("upload_public_jwk", (JWK, "issuer", None)),
        ("create_compute_cluster", (" ",)),
        ("create_compute_cluster", ("c", "scans")),
        ("create_compute_cluster", ("c", ["Scans"])),
        ("compute_cluster_exists", ("",)),
        ("link_datasets_to_compute_cluster", ("c-1", "scans")),
        ("link_datasets_to_compute_cluster", ("c-1", ["alice/scans"])),
        ("link_datasets_to_compute_cluster", ("c?1", ["scans"])),
        ("get_pod_dataset_configuration", ("scans",)),
        ("get_pod_dataset_configuration", ("bob/../scans",)),
    ],
)
def test_invalid_argument_raises_before_any_request(
    services: FakeServices, name: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError):
        services.hub(name, *arguments)
    assert services.requests == []


@pytest.mark.parametrize(
    ("method", "arguments", "sent"),
    [
        ("do_pod_heartbeat", (("scans", "notes"), PUBLIC_KEY), "names"),
        ("create_compute_cluster", ("eye-clinic", ("scans", "notes")), "datasetNames"),
        ("link_datasets_to_compute_cluster", ("c-1", ("scans", "notes")), "datasetNames"),
    ],
)
def test_names_may_be_in_any_sequence(
    services: FakeServices, method: str, arguments: tuple[Any, ...], sent: str
) -> None:
    services.json({"clusterId": "c-1"})
    services.hub(method, *arguments)
    assert json.loads(services.requests[0].content)[sent] == ["scans", "notes"]


# --- Instances and certificates ------------------------------------------------------------------


def test_register_compute_leaves_out_a_missing_cluster(services: FakeServices) -> None:
    services.json(REGISTERED)
    services.hub("register_compute", "i-1", None, "10.0.0.5")
    assert json.loads(services.requests[0].content) == {"privateIpAddress": "10.0.0.5"}


@pytest.mark.documented("BitfountHub.register_compute", "None")
@pytest.mark.parametrize("content", [b"", b"OK", b"{}", b"[]"])
def test_register_compute_with_an_unusable_answer_warns(
    services: FakeServices, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(httpx.Response(200, content=content))
    assert services.hub("register_compute", *CALLS["register_compute"]) is None
    assert "register_compute" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.documented("BitfountHub.request_compute_certificate", "None")
def test_certificate_in_progress_is_none(services: FakeServices) -> None:
    services.json({"errorMessage": "in progress"}, 409)
    assert services.hub("request_compute_certificate", "m-1", CSR) is None


def test_signing_request_with_a_private_key_is_not_sent(services: FakeServices) -> None:
    with pytest.raises(ValueError, match="contains a private key") as caught:
        services.hub("request_compute_certificate", "m-1", PRIVATE + CSR)
    assert "secret" not in str(caught.value)
    assert services.requests == []


@pytest.mark.parametrize(
    "secret",
    [
        PRIVATE.lower(),
        PRIVATE.replace("-----", "----"),
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nsecret",
        "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 1\nsecret",
        "secretsecret",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_signing_request_is_all_that_is_sent(
    services: FakeServices, secret: str, first: bool
) -> None:
    with pytest.raises(ValueError, match="csr_pem") as caught:
        services.hub("request_compute_certificate", "m-1", secret + CSR if first else CSR + secret)
    assert "secret" not in str(caught.value)
    assert services.requests == []


@pytest.mark.parametrize(
    "text", [f"\r\n{CSR}\r\n", f"\ufeff{CSR}", CSR.replace("CERT", "NEW CERT")]
)
def test_signing_request_may_be_of_any_editor(services: FakeServices, text: str) -> None:
    services.json({"domain": "m-1.example", "status": "issued"})
    services.hub("request_compute_certificate", "m-1", text)
    assert json.loads(services.requests[0].content) == {"csrPem": text}


@pytest.mark.parametrize("text", [PRIVATE, "secret"])
def test_invalid_signing_request_is_not_quoted(services: FakeServices, text: str) -> None:
    with pytest.raises(ValueError, match="BEGIN CERTIFICATE REQUEST") as caught:
        services.hub("request_compute_certificate", "m-1", text)
    assert "secret" not in str(caught.value)


# --- EHR keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"d": "secret"}, "(d)"),
        ({"p": "secret", "q": "secret", "oth": ["secret"]}, "(oth, p, q)"),
        ({"kty": "oct", "k": "secret"}, "(k)"),
        ({"kty": "AKP", "pub": "AA", "priv": "secret"}, "(priv)"),
        ({"D": "secret"}, "(D)"),
    ],
)
def test_private_key_is_never_published(
    services: FakeServices, members: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match="private key") as caught:
        services.hub("upload_public_jwk", {**JWK, **members}, "issuer", "client")
    assert named in str(caught.value)
    assert "secret" not in str(caught.value)
    assert services.requests == []


# --- Clusters ------------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.create_compute_cluster", "returns, without an id")
@pytest.mark.parametrize("answer", [{}, {"id": None}])
def test_cluster_without_an_id_is_known_by_its_name(services: FakeServices, answer: Any) -> None:
    services.json(answer, 201)
    assert services.hub("create_compute_cluster", "Eye clinic") == "Eye clinic"
    assert json.loads(services.requests[0].content) == {"name": "Eye clinic"}


@pytest.mark.documented("BitfountHub.compute_cluster_exists", "False")
def test_missing_cluster_does_not_exist(services: FakeServices) -> None:
    services.json({"errorMessage": "no"}, 404)
    assert services.hub("compute_cluster_exists", "c-1") is False


def test_existing_cluster_needs_no_json(services: FakeServices) -> None:
    services.answer(httpx.Response(200, text="OK"))
    assert services.hub("compute_cluster_exists", "c-1") is True


# --- Datasets ------------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub", "cluster_id")
@pytest.mark.documented("BitfountHub.get_pod_dataset_list", "returns, of a cluster")
def test_client_of_a_cluster_gets_its_datasets(services: FakeServices) -> None:
    services.json({"linkedDatasets": DATASETS})
    assert on_client(services, "get_pod_dataset_list", cluster_id="c-1") == DATASETS
    assert services.request_lines == [f"GET {HUB}/api/compute-clusters/c-1/datasets"]


@pytest.mark.parametrize("name", ["get_pod_dataset_list", "get_pod_datasets_configurations"])
def test_client_of_an_invalid_cluster_raises(services: FakeServices, name: str) -> None:
    with pytest.raises(ValueError, match="cluster id"):
        on_client(services, name, cluster_id="../pods")
    assert services.requests == []


@pytest.mark.parametrize("kind", ["BitfountHub", "AsyncBitfountHub"])
def test_cluster_id_is_an_attribute_that_options_keep(kind: str) -> None:
    with bitfount_api.BitfountSession(bitfount_api.APIKeysHandler("i", "k", "alice")) as session:
        made = getattr(bitfount_api, kind)(session, HUB, "c-1")
        assert made.with_options(timeout=1).cluster_id == made.cluster_id == "c-1"
        assert getattr(bitfount_api, kind)(session).cluster_id is None
        if "Async" in kind:
            asyncio.run(made.aclose())


@pytest.mark.documented("BitfountHub.get_pod_dataset_configuration", "None")
@pytest.mark.parametrize("answer", [{}, {"configuration": None}])
def test_missing_configuration_is_none(services: FakeServices, answer: Any) -> None:
    services.json(answer)
    assert services.hub("get_pod_dataset_configuration", "bob/scans") is None


@pytest.mark.documented(
    "BitfountHub.get_pod_datasets_configurations", "returns", "without a configuration"
)
@pytest.mark.parametrize("answer", [{}, {"configuration": None}, {"configuration": {}}])
def test_configurations_leave_out_datasets_without_one(
    services: FakeServices, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    services.json({"linkedDatasets": DATASETS})
    services.json({"configuration": CONFIGURATION})
    services.json(answer)
    found = services.hub("get_pod_datasets_configurations")
    assert found == [{**DATASETS[0], "configuration": CONFIGURATION}]
    assert [line.removeprefix(f"GET {HUB}") for line in services.request_lines] == [
        "/api/compute-clusters/datasets",
        "/api/pods/bob/scans/configuration",
        "/api/pods/bob/more/configuration",
    ]
    assert "bob/more has no configuration" in caplog.text


# --- The heartbeat of an instance ----------------------------------------------------------------


@pytest.mark.documented(
    "BitfountHub.do_pod_heartbeat",
    "instance_id",
    "is_busy",
    "is_ehr_configured",
    "is_ehr_connected",
    "returns, of an instance",
)
@pytest.mark.parametrize("answer", [REGISTERED, {}])
def test_instance_heartbeat_returns_the_json(services: FakeServices, answer: Any) -> None:
    services.json(answer)
    assert services.hub("do_pod_heartbeat", **INSTANCE) == answer
    assert services.request_lines == [f"PATCH {HUB}/api/pods"]
    assert json.loads(services.requests[0].content) == INSTANCE_JSON


@pytest.mark.documented(
    "BitfountHub.do_pod_heartbeat", "cluster_id", "private_ip_address", "datasource_health"
)
def test_instance_heartbeat_sends_what_is_given(services: FakeServices) -> None:
    services.json({})
    health: Any = (
        {"name": "scans", "status": "unhealthy", "error_code": None, "files": np.int64(3)},
    )
    named: Any = {
        "cluster_id": "c-1",
        "private_ip_address": "10.0.0.5",
        "datasource_health": health,
    }
    services.hub("do_pod_heartbeat", **INSTANCE, **named)
    assert json.loads(services.requests[0].content) == {
        **INSTANCE_JSON,
        "clusterId": "c-1",
        "privateIpAddress": "10.0.0.5",
        "datasourceHealth": [
            {"name": "scans", "status": "unhealthy", "error_code": None, "files": 3}
        ],
    }


@pytest.mark.documented("BitfountHub.do_pod_heartbeat", "None, of an instance")
@pytest.mark.parametrize(
    ("status", "content"), [(200, b""), (200, b"OK"), (200, b"[]"), (202, b"{}"), (204, b"")]
)
def test_instance_heartbeat_unusable_answer_warns(
    services: FakeServices, status: int, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(httpx.Response(status, content=content))
    assert services.hub("do_pod_heartbeat", **INSTANCE) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_instance_heartbeat_refused_raises(services: FakeServices) -> None:
    services.json({"errorMessage": "unknown instance"}, 404)
    with pytest.raises(HTTPError, match="unknown instance"):
        services.hub("do_pod_heartbeat", **INSTANCE)


@pytest.mark.parametrize(
    ("arguments", "named", "said"),
    [
        ((["scans"], PUBLIC_KEY), {"is_busy": False}, "pod_names and pod_public_key and is_busy"),
        ((["scans"],), INSTANCE, "pod_names and instance_id"),
        (("scans", PUBLIC_KEY), {}, "pod_names must be a list of names, not a string"),
        (("i-1", "c-1"), INSTANCE, "pod_names and pod_public_key and instance_id"),
        ((), {**INSTANCE, "is_busy": "no"}, "is_busy must be True or False"),
        ((), {**INSTANCE, "is_ehr_connected": 1}, "is_ehr_connected must be True or False"),
        ((), {**INSTANCE, "instance_id": "a/b"}, "instance id"),
        ((), {**INSTANCE, "cluster_id": ""}, "cluster id is empty"),
        ((), {**INSTANCE, "private_ip_address": ""}, "private_ip_address"),
        ((), {**INSTANCE, "datasource_health": []}, "datasource_health is empty.*every dataset"),
        ((), {**INSTANCE, "datasource_health": [{"status": "healthy"}]}, "`name`"),
        ((), {**INSTANCE, "datasource_health": [{"name": "s", "status": 1}]}, "datasource_health"),
        ((), {**INSTANCE, "datasource_health": "scans"}, "datasource_health is not valid"),
    ],
)
def test_invalid_heartbeat_raises_before_any_request(
    services: FakeServices, arguments: Any, named: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        services.hub("do_pod_heartbeat", *arguments, **named)
    assert services.requests == []


@pytest.mark.parametrize(
    ("arguments", "named", "missing"),
    [
        ((), {}, "pod_names and pod_public_key"),
        ((["scans"],), {}, "pod_public_key"),
        ((), {"instance_id": "i-1", "is_busy": True}, "is_ehr_configured and is_ehr_connected"),
        ((), {"cluster_id": "c-1"}, "instance_id and is_busy"),
    ],
)
def test_heartbeat_missing_arguments_are_named(
    services: FakeServices, arguments: Any, named: dict[str, Any], missing: str
) -> None:
    with pytest.raises(TypeError, match=f"missing {missing}"):
        services.hub("do_pod_heartbeat", *arguments, **named)
    assert services.requests == []
