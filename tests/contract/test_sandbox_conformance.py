"""The sandbox conforms to the specs: schemathesis sends valid and invalid requests of all kinds.

With ``CONFORMANCE_EXAMPLES=500`` it sends more of them, and different ones each time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.rsa_keys import private_key
from support.sandbox_api import AUDIENCE, CLIENT_ID, DEVICE_GRANT, SCOPE, Api, done
from support.sandbox_seeds import (
    MEBIBYTE,
    create_project,
    csr,
    openssh,
    publish,
    register_pod,
)

from bitfount_api import sign
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Sandbox

OPENAPI = Path(__file__).parents[2] / "openapi"
EXAMPLES = os.environ.get("CONFORMANCE_EXAMPLES")

# No time limit with more examples.
pytestmark = [pytest.mark.timeout(0 if EXAMPLES else 120), pytest.mark.slow]

# Accepted where the specs document them: a valid request may make no sense, or may be larger than
# what is stored.
ACCEPTED = ["2xx", "401", "403", "404", "409", "413", "422", "429"]
REJECTED = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]

Values = Mapping[str, list[Any]]


@attrs.define
class Asked:
    """A run of schemathesis: the spec, the service, the credentials and the existing objects.

    Args:
        spec: Name of the spec.
        url: URL of the service.
        headers: Credentials of a user.
        values: Values of parameters, used more often than not.
    """

    spec: str
    url: str
    headers: Mapping[str, str]
    values: Values

    def settings(self) -> str:
        """Return the settings as a schemathesis file."""
        lines = [
            f"base-url = {json.dumps(self.url)}",
            "continue-on-failure = true",
            "[headers]",
            *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in self.headers.items()),
            "[generation]",
            f"max-examples = {EXAMPLES or 5}",
            f"deterministic = {json.dumps(EXAMPLES is None)}",
            "with-security-parameters = false",
            "[checks]",
            f"positive_data_acceptance.expected-statuses = {ACCEPTED}",
            f"negative_data_rejection.expected-statuses = {REJECTED}",
        ]
        if self.spec == "hub":
            # A 404 may mean the dataset in the body, not the project or cluster just created.
            for operation in ("add_dataset_to_project", "link_datasets_to_compute_cluster"):
                lines += ["[[operations]]", f'include-operation-id = "{operation}"']
                lines += ["checks.ensure_resource_availability.enabled = false"]
            # The other operations need the other pods.
            lines += ["[[operations]]", 'include-operation-id = "archive_pod"']
            lines += ['parameters = {"path.podName" = "old"}']
            # A text may be no certificate signing request.
            lines += ["[[operations]]", 'include-operation-id = "request_compute_certificate"']
            statuses = [*ACCEPTED, "400"]
            lines += [f"checks.positive_data_acceptance.expected-statuses = {statuses}"]
        for number, (name, values) in enumerate(self.values.items()):
            lines += [f"[dictionaries.d{number}]", f"values = {json.dumps(values)}"]
            lines += [f'[parameters."{name}"]', f'dictionary = "d{number}"', "probability = 0.8"]
        return "\n".join(lines)

    def conforms(self, folder: Path) -> str:
        """Run schemathesis and return its output; fail if it found a violation."""
        file = folder / "schemathesis.toml"
        file.write_text(self.settings(), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(file),
            "--no-color",
        ]
        run = subprocess.run(
            [*command, "run", str(OPENAPI / f"{self.spec}.yaml")],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=110 if EXAMPLES is None else None,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


@pytest.fixture
def sandbox(bitfount_sandbox: SandboxClients) -> Sandbox:
    return bitfount_sandbox.sandbox


@pytest.fixture
def bob(sandbox: Sandbox) -> Iterator[Api]:
    api = Api(sandbox, "bob")
    yield api
    api.close()


@pytest.fixture
def alice(sandbox: Sandbox) -> Iterator[Api]:
    api = Api(sandbox, "alice")
    yield api
    api.close()


def uploaded(api: Api) -> tuple[dict[str, Any], str]:
    """Return an upload in parts that can be completed, and the ETag that both of its parts have."""
    body = {"modelName": "Net", "modelVersion": 2, "weightSize": 10 * MEBIBYTE}
    ticket = done(api.hub("PUT", "/api/models?multipartUpload=true", body))
    for url in ticket["uploadUrls"]:
        api.put(url, bytes(5 * MEBIBYTE))
    return ticket, hashlib.md5(bytes(5 * MEBIBYTE)).hexdigest()


def shared(sandbox: Sandbox, bob: Api) -> str:
    """Return Bob's project with his pod and his model, which Alice may use ten times."""
    register_pod(bob)
    publish(bob, code=b"one")
    publish(bob, code=b"two", privateModel=True)
    sandbox.state.store.put("weights/bob/Net/1", b"weights")
    project = create_project(bob)
    sandbox.add_member(project, "alice", "MODELLER")
    sandbox.add_model(project, "bob/Net:1", limit=10)
    done(bob.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    return project


def test_hub_of_the_sandbox_conforms_to_the_spec(
    sandbox: Sandbox, bob: Api, alice: Api, tmp_path: Path
) -> None:
    project = shared(sandbox, bob)
    register_pod(alice, "private")
    sandbox.set_visibility("alice/private", "private")
    key_id = done(bob.hub("POST", "/api/bob/keys?version=2", {"key": openssh()}), 201)["id"]
    ticket, etag = uploaded(bob)
    register_pod(bob, "old")
    sandbox.configure("bob/scans", {"datasource": "CSVSource"})
    address = {"privateIpAddress": "10.0.0.5"}
    compute = done(bob.hub("PUT", "/api/compute/instances/i-1", address))
    clusters = [sandbox.state.clusters.create(name, "c") for name in ("bob", "alice")]
    users, projects = ["bob", "alice"], [project, create_project(alice)]
    values: dict[str, list[Any]] = {
        "path.userName": users,
        "path.podName": ["scans", "private", "old"],
        "path.instanceId": ["i-1", "i-2"],
        "path.computeId": [compute["computeId"]],
        "path.clusterId": clusters,
        "path.projectId": projects,
        "path.owner": users,
        "path.model": ["Net:1", "Net:latest", "Net:2"],
        "path.keyId": [str(key_id)],
        "query.modellerName": users,
        "query.modelName": ["Net"],
        "query.modelVersion": [1, 2, 3],
        "query.projectId": projects,
        "body.name": ["scans", "other"],
        "body.podPublicKey": [openssh()],
        "body.accessManagerPublicKey": [openssh()],
        "body.names[*]": ["scans"],
        "body.datasetNames[*]": ["scans"],
        "body.datasourceHealth[*].name": ["scans"],
        "body.clusterId": clusters,
        "body.privateIpAddress": ["10.0.0.5", "fd00::5"],
        "body.csrPem": [csr(compute["domain"])],
        "body.key": [ticket["key"], openssh()],
        "body.uploadId": [ticket["uploadId"]],
        "body.parts[*].ETag": [etag],
        "body.parts[*].PartNumber": [1, 2],
        "body.modelName": ["Net"],
        "body.modelVersion": [1, 2],
        "body.privacy": ["PRIVATE", "MODELLER", "ALL_PARTICIPANTS"],
        "body.timestamp": ["2024-01-01T00:00:00Z"],
    }
    said = Asked("hub", sandbox.hub_url, bob.credentials(), values).conforms(tmp_path)
    assert "Tested: 27" in said


def test_access_manager_of_the_sandbox_conforms(
    sandbox: Sandbox, bob: Api, alice: Api, tmp_path: Path
) -> None:
    project = shared(sandbox, bob)
    sandbox.grant("bob/scans", "alice")
    task = b"a task"
    number = sandbox.state.public_keys.register("alice", openssh()).id
    values: dict[str, list[Any]] = {
        "body.podIdentifier": ["bob/scans", "alice/scans"],
        "body.modellerName": ["alice", "bob"],
        "body.modellerToken": [sandbox.token("alice")],
        "body.projectId": [project],
        "body.unsignedTask": [base64.b64encode(task).decode()],
        "body.taskSignature": [base64.b64encode(sign(private_key(), task)).decode()],
        "body.publicKeyId": [str(number)],
    }
    said = Asked(
        "access_manager", sandbox.access_manager_url, bob.credentials(whole=True), values
    ).conforms(tmp_path)
    assert "Tested: 2" in said


def test_smart_on_fhir_of_the_sandbox_conforms(sandbox: Sandbox, bob: Api, tmp_path: Path) -> None:
    pairings = [
        sandbox.state.pairings.begin("bob"),
        sandbox.pair("bob", "https://ehr.example", remote_user="dr-bob"),
        sandbox.pair("bob", "https://ehr.example", nextgen={"practiceId": "1"}),
        sandbox.pair("alice", "https://ehr.example"),
    ]
    values = {"path.id": pairings}
    said = Asked("smart_on_fhir", sandbox.smart_on_fhir_url, bob.credentials(), values).conforms(
        tmp_path
    )
    assert "Tested: 2" in said


def test_oauth_authority_of_the_sandbox_conforms(
    sandbox: Sandbox, bob: Api, tmp_path: Path
) -> None:
    form = {"client_id": CLIENT_ID, "scope": SCOPE, "audience": AUDIENCE}
    begun = [done(bob.oauth("/oauth/device/code", **form)) for _ in range(4)]
    for each in begun[:2]:
        sandbox.approve(each["user_code"], "bob")
    sandbox.deny(begun[2]["user_code"])
    redeemed = {"grant_type": DEVICE_GRANT, "client_id": CLIENT_ID}
    tokens = done(bob.oauth("/oauth/token", **redeemed, device_code=begun[0]["device_code"]))
    values = {
        "body.client_id": [CLIENT_ID],
        "body.device_code": [each["device_code"] for each in begun],
        "body.refresh_token": [tokens["refresh_token"]],
    }
    said = Asked("oauth", sandbox.hub_url, {}, values).conforms(tmp_path)
    assert "Tested: 2" in said
