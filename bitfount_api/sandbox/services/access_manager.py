"""The access manager: its public key, and decisions on access to pods."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.routing import Route

from bitfount_api.sandbox.services.http import (
    NotEmpty,
    PodIdentifier,
    Refusal,
    UserName,
    answer,
    body,
    caller,
    state_of,
)
from bitfount_api.sandbox.services.projects import simple
from bitfount_api.sandbox.state import public_keys
from bitfount_api.sandbox.state.projects import MAY_RUN

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.models import Model
    from bitfount_api.sandbox.state.pods import Pod
    from bitfount_api.sandbox.state.projects import Usage
    from bitfount_api.sandbox.state.state import State

ACCEPT = "ACCEPT"
NO_ACCESS = "NO_ACCESS"
UNAUTHORISED = "UNAUTHORISED"
NO_PROOF = "NO_PROOF_OF_IDENTITY"
INVALID_PROOF = "INVALID_PROOF_OF_IDENTITY"


class Protocol(msgspec.Struct):
    """The protocol that the modeller requests to run."""

    class_name: str
    algorithm: dict[str, Any] | list[dict[str, Any]]
    aggregator: dict[str, Any] | None = None
    primary_results_path: str | None = None


class AccessRequest(msgspec.Struct, rename="camel", tag_field="identityProvider"):
    """``POST /api/access``: fields of both forms."""

    pod_identifier: PodIdentifier
    modeller_protocol_request: Protocol
    modeller_name: UserName
    project_id: NotEmpty | None


class ByToken(AccessRequest, rename="camel", tag_field="identityProvider", tag="OIDC"):
    """``POST /api/access`` with the modeller's access token."""

    modeller_token: str


class BySignature(AccessRequest, rename="camel", tag_field="identityProvider", tag="SIGNATURE"):
    """``POST /api/access`` with the modeller's signature of the task."""

    unsigned_task: str
    task_signature: str
    # The Hub answers with integers, which clients send back.
    public_key_id: str | int | None


def public_key(state: State) -> rsa.RSAPublicKey:
    """Return the access manager's public key; the key pair is generated on first use."""
    name = "access manager key"
    text = state.database.scalar("SELECT value FROM secrets WHERE name = ?", name)
    if text is None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        text = key.private_bytes(serialization.Encoding.PEM, form, plain).decode()
        state.database.execute("INSERT INTO secrets VALUES (?, ?)", name, text)
    private = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private.public_key()


async def key(request: Request) -> Response:
    """Return the access manager's public key, without credentials."""
    return answer({"accessManagerPublicKey": public_keys.to_pem(public_key(state_of(request)))})


async def access(request: Request) -> Response:
    """Return whether a modeller may run a protocol on one of the caller's pods."""
    state, user = state_of(request), caller(request)
    access_request: ByToken | BySignature = await body(request, ByToken | BySignature)
    owner, _, name = access_request.pod_identifier.partition("/")
    pod = state.pods.get(owner, name)
    if pod is None:
        raise Refusal(404, "There is no such pod")
    if pod.owner != user:
        raise Refusal(403, "Only the owner of a pod may check access to it")
    code = _identity(state, access_request)
    usage: Usage | None = None
    limits: list[dict[str, Any]] | None = None
    if code == ACCEPT:
        code = _permission(state, access_request, pod)
    if code == ACCEPT and access_request.project_id is not None:
        model = _model(state, access_request)
        if model is not None:
            usage = state.projects.usage(
                access_request.project_id, model, access_request.modeller_name
            )
        if model is not None and usage is not None:
            used = state.projects.use(
                access_request.project_id, model, access_request.modeller_name
            )
            code = NO_ACCESS if used is None else ACCEPT
            limits = [_limit(state, used or usage, model, withheld=used is None)]
    return answer({"code": code, "limits": limits})


def _identity(state: State, access_request: ByToken | BySignature) -> str:
    if isinstance(access_request, ByToken):
        if not access_request.modeller_token:
            return NO_PROOF
        user = state.tokens.user_of(access_request.modeller_token)
        return ACCEPT if user == access_request.modeller_name else INVALID_PROOF
    try:
        task = base64.b64decode(access_request.unsigned_task, validate=True)
        signature = base64.b64decode(access_request.task_signature, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(422, "unsignedTask and taskSignature must be standard base64") from None
    if not signature:
        return NO_PROOF
    keys = state.public_keys.active(access_request.modeller_name)
    if access_request.public_key_id is not None:
        keys = [known for known in keys if str(known.id) == str(access_request.public_key_id)]
    if any(public_keys.signed(known.text, task, signature) for known in keys):
        return ACCEPT
    return INVALID_PROOF


def _permission(state: State, access_request: AccessRequest, pod: Pod) -> str:
    modeller = access_request.modeller_name
    if access_request.project_id is None:
        return ACCEPT if state.pods.granted(pod.owner, pod.name, modeller) else NO_ACCESS
    role = state.projects.role(access_request.project_id, modeller)
    if role is None or not state.projects.has_pod(access_request.project_id, pod.owner, pod.name):
        return NO_ACCESS
    return ACCEPT if role in MAY_RUN else UNAUTHORISED


def _model(state: State, access_request: AccessRequest) -> Model | None:
    """Return the Hub model that the protocol runs, or None if it names none."""
    algorithm = access_request.modeller_protocol_request.algorithm
    for step in algorithm if isinstance(algorithm, list) else [algorithm]:
        reference = step.get("model")
        if not isinstance(reference, dict):
            continue
        owner, name = reference.get("username"), reference.get("model_ref")
        version = reference.get("model_version")
        if isinstance(owner, str) and isinstance(name, str):
            return state.models.find(owner, name, version if isinstance(version, int) else None)
    return None


def _limit(state: State, usage: Usage, model: Model, *, withheld: bool) -> dict[str, Any]:
    limit = simple(usage)
    if not withheld:
        limit["modelDownloadUrl"] = state.link(model.code_key)
        limit["weightsDownloadUrl"] = state.link(model.weights_key)
    return limit


ROUTES = [
    Route("/api/access-manager-key", key, methods=["GET"]),
    Route("/api/access", access, methods=["POST"]),
]
