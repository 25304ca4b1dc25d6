"""Access decisions: every code, and every rejection."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from support.rsa_keys import private_key
from support.sandbox_api import Api, Clock, done, refused
from support.sandbox_seeds import create_project, openssh, publish, register_pod

from bitfount_api.sandbox import Sandbox

TASK = b"\x00a task\xff"
RUN = {
    "class_name": "bitfount.ResultsOnly",
    "algorithm": {
        "class_name": "bitfount.ModelInference",
        "model": {"class_name": "M", "username": "alice", "model_ref": "Net", "model_version": 1},
    },
}
PLAIN = {"class_name": "bitfount.ResultsOnly", "algorithm": [{"class_name": "bitfount.SqlQuery"}]}


def signature(task: bytes = TASK, which: int = 0, salt: int = 20) -> bytes:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    return private_key(which).sign(task, scheme, hashes.SHA256())


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def by_token(token: str, **changes: Any) -> dict[str, Any]:
    return {
        "podIdentifier": "carol/scans",
        "modellerProtocolRequest": PLAIN,
        "modellerName": "bob",
        "modellerToken": token,
        "identityProvider": "OIDC",
        "projectId": None,
        **changes,
    }


def by_signature(signed: bytes | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "podIdentifier": "carol/scans",
        "modellerProtocolRequest": PLAIN,
        "modellerName": "bob",
        "unsignedTask": text(TASK),
        "taskSignature": text(signature() if signed is None else signed),
        "identityProvider": "SIGNATURE",
        "projectId": None,
        "publicKeyId": None,
        **changes,
    }


def ask(api: Api, body: dict[str, Any]) -> httpx.Response:
    return api.am("POST", "/api/access", body)


def code(api: Api, body: dict[str, Any]) -> str:
    """Return the code of a decision without limits."""
    decision = done(ask(api, body))
    assert decision.keys() == {"code", "limits"}
    assert decision["limits"] is None
    decided: str = decision["code"]
    return decided


@pytest.fixture
def pod(sandbox: Sandbox, carol: Api, bob: Api) -> Api:
    """Carol's pod; bob may use it and has registered a public key."""
    register_pod(carol)
    sandbox.grant("carol/scans", "bob")
    done(bob.hub("POST", "/api/bob/keys?version=2", {"key": openssh()}), 201)
    return carol


# --- Proof of identity: a token ------------------------------------------------------------------


def test_own_token_is_a_valid_proof(pod: Api, sandbox: Sandbox) -> None:
    assert code(pod, by_token(sandbox.token("bob"))) == "ACCEPT"


def test_missing_token_is_rejected(pod: Api) -> None:
    assert code(pod, by_token("")) == "NO_PROOF_OF_IDENTITY"


@pytest.mark.parametrize("token", ["nonsense", "of another", "changed", "expired"])
def test_invalid_token_is_rejected(token: str, pod: Api, sandbox: Sandbox, clock: Clock) -> None:
    own = sandbox.token("bob")
    clock.now += 86400 if token == "expired" else 0
    head, _, mark = own.rpartition(".")
    tokens = {"of another": sandbox.token("alice"), "changed": f"{head}.{mark[::-1]}"}
    tokens |= {"expired": own}
    assert code(pod, by_token(tokens.get(token, token))) == "INVALID_PROOF_OF_IDENTITY"


# --- Proof of identity: a signature --------------------------------------------------------------


def test_signature_of_a_registered_key_is_accepted(pod: Api, sandbox: Sandbox) -> None:
    (key,) = sandbox.state.public_keys.active("bob")
    assert code(pod, by_signature()) == "ACCEPT"
    assert code(pod, by_signature(publicKeyId=str(key.id))) == "ACCEPT"


def test_key_id_may_be_an_integer(pod: Api, sandbox: Sandbox) -> None:
    (key,) = sandbox.state.public_keys.active("bob")
    assert code(pod, by_signature(publicKeyId=key.id)) == "ACCEPT"
    other = by_signature(publicKeyId=key.id + 1)
    assert code(pod, other) == "INVALID_PROOF_OF_IDENTITY"
    refused(ask(pod, by_signature(publicKeyId=1.5)), 422)


def test_aggregator_may_be_null(pod: Api, sandbox: Sandbox) -> None:
    run = {**PLAIN, "aggregator": None}
    assert code(pod, by_token(sandbox.token("bob"), modellerProtocolRequest=run)) == "ACCEPT"


def test_missing_signature_is_rejected(pod: Api) -> None:
    assert code(pod, by_signature(b"")) == "NO_PROOF_OF_IDENTITY"


@pytest.mark.parametrize(
    "changes",
    [
        {"signed": signature(which=1)},
        {"signed": signature(TASK + b" ")},
        {"signed": signature(salt=32)},
        {"signed": signature()[:-1]},
        {"signed": bytes(256)},
        {"unsignedTask": text(TASK + b" ")},
        {"unsignedTask": ""},
        {"publicKeyId": "999999"},
        {"modellerName": "alice"},
        {"modellerName": "nobody"},
    ],
)
def test_any_other_signature_is_rejected(changes: dict[str, Any], pod: Api) -> None:
    assert code(pod, by_signature(**changes)) == "INVALID_PROOF_OF_IDENTITY"


def test_signature_of_an_inactive_key_is_rejected(pod: Api, sandbox: Sandbox) -> None:
    (key,) = sandbox.state.public_keys.active("bob")
    sandbox.state.public_keys.deactivate("bob", key.id)
    assert code(pod, by_signature()) == "INVALID_PROOF_OF_IDENTITY"
    assert code(pod, by_signature(publicKeyId=str(key.id))) == "INVALID_PROOF_OF_IDENTITY"


def test_any_active_key_is_accepted_unless_one_is_named(
    pod: Api, sandbox: Sandbox, bob: Api, alice: Api
) -> None:
    first = str(sandbox.state.public_keys.active("bob")[0].id)
    key = {"key": openssh(1)}
    second = str(done(bob.hub("POST", "/api/bob/keys?version=2", key), 201)["id"])
    foreign = str(done(alice.hub("POST", "/api/alice/keys?version=2", key), 201)["id"])
    signed = signature(which=1)
    assert code(pod, by_signature(signed)) == "ACCEPT"
    assert code(pod, by_signature(signed, publicKeyId=second)) == "ACCEPT"
    for key_id in (first, foreign):
        assert code(pod, by_signature(signed, publicKeyId=key_id)) == "INVALID_PROOF_OF_IDENTITY"


@pytest.mark.parametrize("wrong", ["not base64!", "AAA", "A", "AA-_", "é"])
@pytest.mark.parametrize("field", ["unsignedTask", "taskSignature"])
def test_invalid_base64_is_rejected(field: str, wrong: str, pod: Api) -> None:
    said = refused(ask(pod, {**by_signature(), field: wrong}), 422)
    assert said == "unsignedTask and taskSignature must be standard base64"


# --- Permissions ----------------------------------------------------------------------------------


def test_without_a_project_owner_and_grantees_have_access(pod: Api, sandbox: Sandbox) -> None:
    for name, decided in {"bob": "ACCEPT", "carol": "ACCEPT", "alice": "NO_ACCESS"}.items():
        assert code(pod, by_token(sandbox.token(name), modellerName=name)) == decided
    sandbox.grant("carol/scans", "bob")  # again
    with pytest.raises(ValueError, match="pod 'carol/other' does not exist"):
        sandbox.grant("carol/other", "bob")


@pytest.mark.parametrize(
    ("role", "decided"),
    [
        ("OWNER", "ACCEPT"),
        ("MODELLER", "ACCEPT"),
        ("DATA_CUSTODIAN", "UNAUTHORISED"),
        ("OBSERVER", "UNAUTHORISED"),
        (None, "NO_ACCESS"),
    ],
)
def test_project_role_determines_the_access(
    role: str | None, decided: str, pod: Api, sandbox: Sandbox, alice: Api
) -> None:
    project = create_project(alice)
    sandbox.add_member(project, "carol", "DATA_CUSTODIAN")
    if role is not None:
        sandbox.add_member(project, "bob", role)
    wanted = by_token(sandbox.token("bob"), projectId=project)
    # The dataset is not in the project yet, and the grant does not apply to the project.
    assert code(pod, wanted) == "NO_ACCESS"
    done(pod.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    assert code(pod, wanted) == decided
    assert code(pod, {**wanted, "projectId": "none"}) == "NO_ACCESS"


def test_proof_is_checked_before_permission(pod: Api, sandbox: Sandbox) -> None:
    assert code(pod, by_token("", modellerName="alice")) == "NO_PROOF_OF_IDENTITY"
    wrong = by_token(sandbox.token("bob"), modellerName="alice")
    assert code(pod, wrong) == "INVALID_PROOF_OF_IDENTITY"


# --- Limits --------------------------------------------------------------------------------------


@pytest.fixture
def project(pod: Api, sandbox: Sandbox, alice: Api) -> str:
    """Alice's project: bob may use her model once on carol's pod."""
    publish(alice, privateModel=True)
    project = create_project(alice)
    sandbox.add_member(project, "bob", "MODELLER")
    sandbox.add_member(project, "carol", "DATA_CUSTODIAN")
    sandbox.add_model(project, "alice/Net:1", limit=1)
    done(pod.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    return project


def decide(pod: Api, sandbox: Sandbox, project: str, run: Any = RUN, who: str = "bob") -> Any:
    more = {"projectId": project, "modellerProtocolRequest": run, "modellerName": who}
    return done(ask(pod, by_token(sandbox.token(who), **more)))


def test_uses_are_counted_and_urls_withheld_at_the_limit(
    project: str, pod: Api, sandbox: Sandbox
) -> None:
    sandbox.state.store.put("weights/alice/Net/1", b"weights")
    first = decide(pod, sandbox, project)
    (limit,) = first["limits"]
    assert first["code"] == "ACCEPT"
    assert pod.get(limit.pop("modelDownloadUrl")).content == b"code"
    assert pod.get(limit.pop("weightsDownloadUrl")).content == b"weights"
    spent = {
        "resourceType": "MODEL_INFERENCE",
        "resourceName": "alice/Net:1",
        "limit": 1,
        "totalUsage": 1,
    }
    assert limit == spent
    # The use is denied, not counted, and has no URLs.
    for _ in range(2):
        assert decide(pod, sandbox, project) == {"code": "NO_ACCESS", "limits": [spent]}
    # Other members have their own limits.
    assert decide(pod, sandbox, project, who="alice")["code"] == "ACCEPT"


def test_model_without_weights_has_no_weights_url(project: str, pod: Api, sandbox: Sandbox) -> None:
    (limit,) = decide(pod, sandbox, project)["limits"]
    assert limit["weightsDownloadUrl"] is None
    assert limit["modelDownloadUrl"]


def test_rejected_requests_are_not_counted(project: str, pod: Api, sandbox: Sandbox) -> None:
    more = {"projectId": project, "modellerProtocolRequest": RUN}
    assert code(pod, by_token("wrong", **more)) == "INVALID_PROOF_OF_IDENTITY"
    sandbox.add_member(project, "bob", "OBSERVER")
    assert code(pod, by_token(sandbox.token("bob"), **more)) == "UNAUTHORISED"
    sandbox.add_member(project, "bob", "MODELLER")
    assert decide(pod, sandbox, project)["code"] == "ACCEPT"


@pytest.mark.parametrize(
    "model",
    [
        None,
        "Net",
        {},
        {"username": "alice"},
        {"username": "alice", "model_ref": 7},
        {"username": "alice", "model_ref": "Other"},
        {"username": "alice", "model_ref": "Net", "model_version": 2},
        {"username": "alice", "model_ref": "Net", "model_version": 2**70},
        {"username": "bob", "model_ref": "Net"},
    ],
)
def test_tasks_without_a_project_model_have_no_limit(
    model: Any, project: str, pod: Api, sandbox: Sandbox
) -> None:
    run = {"class_name": "P", "algorithm": {"class_name": "A", "model": model}}
    assert decide(pod, sandbox, project, run) == {"code": "ACCEPT", "limits": None}


def test_model_is_found_in_any_step_of_the_protocol(
    project: str, pod: Api, sandbox: Sandbox
) -> None:
    model = {"username": "alice", "model_ref": "Net"}
    run = {"class_name": "P", "algorithm": [{"class_name": "A"}, {"model": model}]}
    assert decide(pod, sandbox, project, run)["limits"][0]["totalUsage"] == 1
    assert decide(pod, sandbox, project, run)["code"] == "NO_ACCESS"


# --- Who asks, and what --------------------------------------------------------------------------


def test_access_must_be_requested_by_the_pod_owner(
    pod: Api, alice: Api, bob: Api, sandbox: Sandbox
) -> None:
    for api in (alice, bob):
        said = refused(ask(api, by_token(sandbox.token("bob"))), 403)
        assert said == "Only the owner of a pod may check access to it"
    for name in ("carol/other", "nobody/scans"):
        refused(ask(pod, by_token("x", podIdentifier=name)), 404)


@pytest.mark.parametrize(
    "changes",
    [
        {"podIdentifier": "scans"},
        {"podIdentifier": "carol/scans\n"},
        {"podIdentifier": "carol/scans/x"},
        {"podIdentifier": None},
        {"modellerProtocolRequest": None},
        {"modellerProtocolRequest": {"class_name": "P"}},
        {"modellerProtocolRequest": {**PLAIN, "algorithm": "A"}},
        {"modellerProtocolRequest": {**PLAIN, "aggregator": "A"}},
        {"modellerName": "Bob"},
        {"modellerToken": None},
        {"identityProvider": "SAML"},
        {"identityProvider": None},
        {"projectId": 7},
    ],
)
def test_invalid_requests_are_rejected(changes: dict[str, Any], pod: Api) -> None:
    refused(ask(pod, by_token("x", **changes)), 422)


@pytest.mark.parametrize("name", by_token("x"))
def test_every_field_is_required(name: str, pod: Api) -> None:
    body = {key: value for key, value in by_token("x").items() if key != name}
    refused(ask(pod, body), 422)


@pytest.mark.parametrize("name", ["unsignedTask", "taskSignature", "projectId", "publicKeyId"])
def test_every_field_is_required_with_a_signature(name: str, pod: Api) -> None:
    body = {key: value for key, value in by_signature().items() if key != name}
    refused(ask(pod, body), 422)
