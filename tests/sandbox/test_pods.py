"""Pods: registration, visibility, and online status by heartbeat."""

from __future__ import annotations

from typing import Any

import pytest
from support.sandbox_api import Api, Clock, done, refused
from support.sandbox_seeds import (
    create_project,
    elliptic,
    openssh,
    pem,
    pod_body,
    register_pod,
)

from bitfount_api.sandbox import Sandbox
from bitfount_api.sandbox.state.computes import Instance

MEBIBYTE = 1024 * 1024
POD = "/api/pods/alice/scans"


def test_a_pod_is_registered_and_shown(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    answer = register_pod(alice)
    assert (answer["success"], answer["alreadyExisted"]) == (True, False)
    assert answer["message"] == "registered"
    shown = done(bob.hub("GET", POD))
    assert bob.get(shown.pop("schemaDownloadUrl")).content == b"schema"
    assert shown == {
        "podIdentifier": "alice/scans",
        "podName": "scans",
        "podDisplayName": "Scans",
        "podPublicKey": openssh(0),
        "accessManagerPublicKey": openssh(1),
        "description": "Scans with notes",
        "schemaStorageKey": "schemas/alice/scans",
        "isOnline": True,
        "providerUserName": "alice",
        "visibility": "public",
    }
    assert [pod.number_of_records for pod in sandbox.state.pods.all()] == [3]


def test_pod_without_an_uploaded_schema_has_no_url(alice: Api) -> None:
    done(alice.hub("POST", "/api/pods", pod_body()), 201)
    assert "schemaDownloadUrl" not in done(alice.hub("GET", POD))


def test_repeated_registration_keeps_earlier_data(sandbox: Sandbox, alice: Api) -> None:
    register_pod(alice)
    sandbox.set_visibility("alice/scans", "private")
    changes: dict[str, Any] = {
        "podDisplayName": "New",
        "podPublicKey": openssh(2),
        "numberOfRecords": None,
    }
    again = done(alice.hub("POST", "/api/pods", pod_body(**changes)))
    assert (again["alreadyExisted"], again["message"]) == (True, "updated")
    shown = done(alice.hub("GET", POD))
    assert (shown["podDisplayName"], shown["podPublicKey"]) == ("New", openssh(2))
    # The old schema is available until the new one is uploaded.
    assert (shown["visibility"], alice.get(shown["schemaDownloadUrl"]).content) == (
        *("private", b"schema"),
    )
    alice.store(again, b"SCHEMA")
    assert alice.get(shown["schemaDownloadUrl"]).content == b"SCHEMA"


def test_pods_of_two_owners_may_have_the_same_name(alice: Api, bob: Api) -> None:
    register_pod(alice)
    register_pod(bob)
    assert done(alice.hub("GET", "/api/pods/bob/scans"))["providerUserName"] == "bob"


def test_private_pod_is_visible_to_owner_and_projects(
    sandbox: Sandbox, alice: Api, bob: Api, carol: Api
) -> None:
    register_pod(alice)
    sandbox.set_visibility("alice/scans", "private")
    project = create_project(bob)
    sandbox.add_member(project, "alice", "DATA_CUSTODIAN")
    through = f"/api/projects/{project}/pods/alice/scans"
    assert done(alice.hub("GET", POD))["visibility"] == "private"
    for api, path in ((bob, POD), (carol, POD), (bob, through), (carol, through)):
        refused(api.hub("GET", path), 404)
    done(alice.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    assert done(bob.hub("GET", through))["podIdentifier"] == "alice/scans"
    assert done(alice.hub("GET", through))["podIdentifier"] == "alice/scans"
    # Users who are not in the project learn neither about the pod nor about the project.
    assert refused(carol.hub("GET", through), 404) == "There is no such project"
    refused(bob.hub("GET", POD), 404)


@pytest.mark.parametrize("path", [POD, "/api/projects/none/pods/alice/scans", "/api/pods/a/b"])
def test_missing_pod_is_not_found(path: str, bob: Api) -> None:
    refused(bob.hub("GET", path), 404)


def test_visibility_is_public_or_private(sandbox: Sandbox, alice: Api) -> None:
    register_pod(alice)
    with pytest.raises(ValueError, match="visibility must be 'public' or 'private', not 'secret'"):
        sandbox.set_visibility("alice/scans", "secret")
    with pytest.raises(ValueError, match="pod 'alice/other' does not exist"):
        sandbox.set_visibility("alice/other", "public")


# --- Rejections -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "Scans"}, 422),
        ({"name": "a--b"}, 422),
        ({"name": "scans\n"}, 422),
        ({"name": "٣"}, 422),
        ({"name": "a" * 256}, 422),
        ({"name": None}, 422),
        ({"podPublicKey": "ssh-rsa AAAA"}, 422),
        ({"podPublicKey": elliptic()}, 422),
        ({"accessManagerPublicKey": "-----BEGIN PUBLIC KEY-----\nAAAA\n"}, 422),
        ({"schemaSize": -1}, 422),
        ({"schemaSize": 1.5}, 422),
        ({"schemaSize": True}, 422),
        ({"schemaSize": 10 * MEBIBYTE + 1}, 413),
        ({"schemaSize": 2**70}, 413),
        ({"numberOfRecords": "3"}, 422),
        ({"numberOfRecords": -1}, 422),
        ({"numberOfRecords": 2**63}, 422),
        ({"description": None}, 422),
        ({"fileProcessingMetadata": {"totalFilesFound": "1"}}, 422),
        ({"fileProcessingMetadata": []}, 422),
    ],
)
def test_invalid_pod_is_rejected_and_not_stored(
    changes: dict[str, Any], status: int, sandbox: Sandbox, alice: Api
) -> None:
    refused(alice.hub("POST", "/api/pods", pod_body(**changes)), status)
    assert sandbox.state.pods.all() == []


@pytest.mark.parametrize("name", pod_body())
def test_every_field_is_required(name: str, sandbox: Sandbox, alice: Api) -> None:
    body = {key: value for key, value in pod_body().items() if key != name}
    assert f"`{name}`" in refused(alice.hub("POST", "/api/pods", body), 422)
    assert sandbox.state.pods.all() == []


def test_valid_numbers_and_names_are_accepted(sandbox: Sandbox, alice: Api) -> None:
    metrics = {"seconds": 1.5, "deep": {"list": [None, True]}}
    files = {"totalFilesFound": 2**70, "skipReasons": {"": -1}, "additionalMetrics": metrics}
    body = pod_body("a" * 255, numberOfRecords=2**63 - 1, fileProcessingMetadata=files)
    done(alice.hub("POST", "/api/pods", {**body, "unknown": "field"}), 201)
    (pod,) = sandbox.state.pods.all()
    assert pod.files == {
        "totalFilesFound": 2**70,
        "skipReasons": {"": -1},
        "additionalMetrics": metrics,
    }
    assert pod.number_of_records == 2**63 - 1


def test_null_statistics_of_files_are_accepted(sandbox: Sandbox, alice: Api) -> None:
    done(alice.hub("POST", "/api/pods", pod_body(fileProcessingMetadata=None)), 201)
    assert [pod.files for pod in sandbox.state.pods.all()] == [None]


def test_schema_must_have_the_announced_size(alice: Api) -> None:
    ticket = done(alice.hub("POST", "/api/pods", pod_body()), 201)
    assert alice.store(ticket, b"schema and more").status_code == 400
    assert alice.store(ticket, b"sch").status_code == 400
    assert alice.store(ticket, b"schema").is_success


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"name": "\xff"}', 400),
        (b"[]", 422),
        (b'{"x":' + b"[" * 100_000, 400),
    ],
)
def test_invalid_body_is_rejected(content: bytes, status: int, alice: Api) -> None:
    refused(alice.hub("POST", "/api/pods", content=content), status)


def test_oversized_body_is_rejected(alice: Api) -> None:
    body = pod_body(description="x" * (4 * MEBIBYTE))
    assert refused(alice.hub("POST", "/api/pods", body), 413) == (
        "The body has more than 4194304 bytes"
    )


def test_parts_are_offered_only_on_request_for_large_sizes(alice: Api) -> None:
    large = pod_body(schemaSize=6 * MEBIBYTE)
    small = pod_body(schemaSize=5 * MEBIBYTE - 1)
    assert "uploadUrl" in done(alice.hub("POST", "/api/pods", large), 201)
    assert "uploadUrl" in done(alice.hub("POST", "/api/pods?multipartUpload=false", large))
    assert "uploadUrl" in done(alice.hub("POST", "/api/pods?multipartUpload=true", small))
    parts = done(alice.hub("POST", "/api/pods?multipartUpload=true", large))
    assert (len(parts["uploadUrls"]), parts["chunkSize"]) == (2, 5 * MEBIBYTE)
    assert parts["key"] == "schemas/alice/scans"


@pytest.mark.parametrize("value", ["yes", "", "TRUE", "1", "true&multipartUpload=true"])
def test_query_is_validated(value: str, sandbox: Sandbox, alice: Api) -> None:
    refused(alice.hub("POST", f"/api/pods?multipartUpload={value}", pod_body()), 400)
    assert sandbox.state.pods.all() == []


# --- Heartbeats ----------------------------------------------------------------------------------


def beat(api: Api, *names: str, key: str | None = None) -> Any:
    body = {"names": list(names), "podPublicKey": key or openssh(0)}
    return api.hub("PATCH", "/api/pods", body)


def test_pod_is_online_for_a_while_after_a_heartbeat(alice: Api, clock: Clock) -> None:
    register_pod(alice)
    register_pod(alice, "more")
    clock.now += 119
    assert done(alice.hub("GET", POD))["isOnline"] is True
    assert done(beat(alice, "scans")) == {"success": True}
    clock.now += 1
    assert done(alice.hub("GET", POD))["isOnline"] is True
    assert done(alice.hub("GET", "/api/pods/alice/more"))["isOnline"] is False
    clock.now += 119
    assert done(alice.hub("GET", POD))["isOnline"] is False
    done(beat(alice, "scans", "more"))
    assert done(alice.hub("GET", "/api/pods/alice/more"))["isOnline"] is True


def test_heartbeat_applies_to_all_its_pods_or_fails(alice: Api, clock: Clock) -> None:
    register_pod(alice)
    clock.now += 500
    assert "other" in refused(beat(alice, "scans", "other"), 404)
    assert done(alice.hub("GET", POD))["isOnline"] is False


def test_heartbeat_requires_the_key_of_the_pod(alice: Api, bob: Api, clock: Clock) -> None:
    register_pod(alice)
    clock.now += 500
    refused(beat(bob, "scans"), 404)
    refused(beat(alice, "scans", key=openssh(1)), 404)
    assert done(alice.hub("GET", POD))["isOnline"] is False


@pytest.mark.parametrize("sent", [openssh(0), pem(0), openssh(0) + " pod@ward-7\n"])
@pytest.mark.parametrize("registered", [openssh(0), pem(0)])
def test_heartbeat_key_may_have_any_format(registered: str, sent: str, alice: Api) -> None:
    register_pod(alice, podPublicKey=registered)
    done(beat(alice, "scans", key=sent))
    refused(beat(alice, "scans", key=pem(1)), 404)


def test_heartbeat_with_an_invalid_key_is_rejected(alice: Api) -> None:
    register_pod(alice)
    refused(beat(alice, "scans", key="ssh-rsa nonsense"), 422)
    refused(beat(alice, "No Name"), 422)
    done(beat(alice))


# --- Heartbeats of instances ---------------------------------------------------------------------


def instance_beat(api: Api, health: Any = None, **changes: Any) -> Any:
    body = {"instanceId": "i-1", "isBusy": True, "isEhrConfigured": True, "isEhrConnected": False}
    if health is not None:
        body["datasourceHealth"] = health
    return api.hub("PATCH", "/api/pods", {**body, **changes})


def online(api: Api, *names: str) -> list[bool]:
    return [done(api.hub("GET", f"/api/pods/alice/{name}"))["isOnline"] for name in names]


def test_instance_heartbeat_stores_its_state(sandbox: Sandbox, alice: Api, clock: Clock) -> None:
    cluster = sandbox.state.clusters.create("alice", "c")
    assert done(instance_beat(alice, clusterId=cluster)) == {}
    (instance,) = sandbox.state.computes.all()
    assert instance == Instance(
        *("alice", "i-1", None, None, cluster), True, True, False, clock.now
    )
    clock.now += 1
    done(instance_beat(alice, isBusy=False, isEhrConnected=True, clusterId=None))
    (instance,) = sandbox.state.computes.all()
    assert (instance.busy, instance.ehr_connected, instance.cluster) == (False, True, cluster)
    assert instance.seen_at == clock.now


def test_instance_heartbeat_answers_with_the_registration(alice: Api, bob: Api) -> None:
    registered = done(instance_beat(alice, privateIpAddress="10.0.0.5"))
    assert registered["domain"] == f"{registered['computeId']}.compute.localhost"
    assert done(instance_beat(alice)) == registered
    body = {"privateIpAddress": "10.0.0.6"}
    assert done(alice.hub("PUT", "/api/compute/instances/i-1", body)) == registered
    assert done(instance_beat(alice, instanceId="i-2")) == {}
    assert done(instance_beat(bob)) == {}


def test_instance_heartbeat_reports_health(sandbox: Sandbox, alice: Api, clock: Clock) -> None:
    for name in ("scans", "more", "third", "quiet"):
        register_pod(alice, name)
    clock.now += 119
    health = [
        {"name": "scans", "status": "healthy"},
        {"name": "more", "status": "unhealthy", "error_code": "GONE", "message": "No folder"},
        {"name": "third", "status": "unknown", "error_code": None},
    ]
    done(instance_beat(alice, health))
    # An unhealthy dataset cannot be used; the health of another one is not known yet.
    assert online(alice, "scans", "more", "third") == [True, False, True]
    clock.now += 1
    assert online(alice, "scans", "quiet") == [True, False]
    pod = sandbox.state.pods.get("alice", "more")
    assert pod is not None
    assert pod.health == {"status": "unhealthy", "error_code": "GONE", "message": "No folder"}


def test_instance_heartbeat_without_health_is_healthy(
    sandbox: Sandbox, alice: Api, clock: Clock
) -> None:
    register_pod(alice)
    register_pod(alice, "more")
    done(instance_beat(alice, [{"name": "scans", "status": "unhealthy"}]))
    clock.now += 500
    cluster = sandbox.state.clusters.create("alice", "c")
    sandbox.state.clusters.link(cluster, ["scans"])
    sandbox.configure("alice/later", {"datasource": "CSVSource"})
    done(instance_beat(alice, clusterId=cluster))
    assert online(alice, "scans", "more") == [True, False]
    done(instance_beat(alice))
    assert online(alice, "scans", "more") == [True, True]


def test_heartbeat_with_names_is_healthy(alice: Api) -> None:
    register_pod(alice)
    done(instance_beat(alice, [{"name": "scans", "status": "unhealthy"}]))
    assert online(alice, "scans") == [False]
    done(beat(alice, "scans"))
    assert online(alice, "scans") == [True]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"datasourceHealth": []}, 400),
        ({"datasourceHealth": [{"name": "scans", "status": "ill"}]}, 422),
        ({"datasourceHealth": [{"status": "healthy"}]}, 422),
        ({"datasourceHealth": [{"name": "other", "status": "healthy"}]}, 404),
        ({"clusterId": "none"}, 404),
        ({"privateIpAddress": "here"}, 422),
        ({"instanceId": ""}, 422),
        ({"instanceId": None}, 422),
        ({"isBusy": None}, 422),
        ({"isEhrConfigured": "yes"}, 422),
    ],
)
def test_invalid_instance_heartbeat_is_rejected(
    changes: dict[str, Any], status: int, sandbox: Sandbox, alice: Api, clock: Clock
) -> None:
    register_pod(alice)
    clock.now += 500
    refused(instance_beat(alice, **changes), status)
    assert online(alice, "scans") == [False]
    assert sandbox.state.computes.all() == []


# --- Archived pods -------------------------------------------------------------------------------


def archive(api: Api, path: str = POD, **body: Any) -> Any:
    return api.hub("POST", path, {"archive": True, **body})


def test_archived_pod_disappears(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    register_pod(alice)
    project = create_project(alice)
    sandbox.add_member(project, "bob")
    done(alice.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    cluster = sandbox.state.clusters.create("alice", "c")
    sandbox.state.clusters.link(cluster, ["scans"])
    sandbox.configure("alice/scans", {"datasource": "CSVSource"})
    assert done(archive(alice)) == {"success": True}
    assert sandbox.state.pods.all() == []
    for api in (alice, bob):
        refused(api.hub("GET", POD), 404)
        refused(api.hub("GET", f"/api/projects/{project}/pods/alice/scans"), 404)
        shown = done(api.hub("GET", f"/api/projects/{project}"))
        assert (shown["linked_datasets"], shown["linked_datasets_count"]) == ([], 0)
    for path in ("/api/compute-clusters/datasets", f"/api/compute-clusters/{cluster}/datasets"):
        assert done(alice.hub("GET", path)) == {"linkedDatasets": []}
    names = {"datasetNames": ["scans"]}
    for refusal in (
        alice.hub("GET", f"{POD}/configuration"),
        alice.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]),
        alice.hub("POST", f"/api/compute-clusters/{cluster}/datasets", names),
        beat(alice, "scans"),
        instance_beat(alice, [{"name": "scans", "status": "healthy"}]),
    ):
        refused(refusal, 404)


def test_archived_pod_is_not_accessible(sandbox: Sandbox, alice: Api) -> None:
    register_pod(alice)
    body = {
        "podIdentifier": "alice/scans",
        "modellerProtocolRequest": {"class_name": "P", "algorithm": {}},
        "modellerName": "alice",
        "modellerToken": sandbox.token("alice"),
        "identityProvider": "OIDC",
        "projectId": None,
    }
    assert done(alice.am("POST", "/api/access", body))["code"] == "ACCEPT"
    done(archive(alice))
    refused(alice.am("POST", "/api/access", body), 404)
    with pytest.raises(ValueError, match="pod 'alice/scans' does not exist"):
        sandbox.grant("alice/scans", "bob")


def test_pod_is_archived_by_its_owner_only(alice: Api, bob: Api) -> None:
    register_pod(alice)
    refused(archive(bob), 403)
    refused(archive(alice, "/api/pods/alice/other"), 404)
    for wrong in ({"archive": False}, {"archive": None}, {"archive": 1}):
        refused(archive(alice, **wrong), 422)
    assert online(alice, "scans") == [True]
    done(archive(alice))
    done(archive(alice))  # a retry of a request whose response was lost


def test_archived_pod_is_restored_by_its_registration(sandbox: Sandbox, alice: Api) -> None:
    register_pod(alice)
    sandbox.grant("alice/scans", "bob")
    done(archive(alice))
    again = done(alice.hub("POST", "/api/pods", pod_body()))
    assert again["alreadyExisted"] is True
    assert online(alice, "scans") == [True]
    assert sandbox.state.pods.granted("alice", "scans", "bob")
