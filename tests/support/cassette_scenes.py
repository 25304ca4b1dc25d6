"""Scenes to record: one call of each documented operation, and the state that it needs."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs
import httpx
from support.rsa_keys import private_key
from support.sandbox_seeds import csr, jwk

import bitfount_api
import bitfount_api.async_hub
import bitfount_api.hub
from bitfount_api import (
    APIKeysHandler,
    BitfountSession,
    PodPublicMetadata,
    hash_contents,
    load_public_key,
    serialize_public_key,
    sign,
)
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.sandbox import Sandbox

DATA = Path(__file__).parents[1] / "data"
SCHEMA = json.loads((DATA / "pod-schema-v4.json").read_text())
_KEYS = json.loads((DATA / "wire-examples.json").read_text())["register_pod"]["requests"][0]
POD_KEY: str = _KEYS["body"]["json"]["podPublicKey"]
AM_KEY: str = _KEYS["body"]["json"]["accessManagerPublicKey"]
CODE = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
WEIGHTS = bytes(range(256))
WEIGHTS_SENT = bytes(6 * 1024 * 1024)
PROTOCOL: Any = {
    "class_name": "bitfount.ResultsOnly",
    "algorithm": {
        "class_name": "bitfount.ModelInference",
        "model": {"username": "alice", "model_ref": "Net", "model_version": 1},
    },
}
UPDATE = {
    "taskId": "t1",
    "senderId": "carol/scans",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "ALL_PARTICIPANTS",
    "type": "TASK_STATUS_UPDATE",
    "progress": {"batches": {"value": 5, "total": 10}},
}

CONFIGURATION = {"datasource": "DICOMSource", "datasource_args": {"path": "scans"}}

Given = Mapping[str, Any]


@attrs.define
class Performer:
    """Calls operations as one user, sync or async.

    Args:
        urls: URLs of the services, by the sandbox's names for them.
        handler: Credentials of the user.
        asynchronous: Whether to use the async clients.
        cluster_id: Cluster of the Hub client.
    """

    urls: Mapping[str, str]
    handler: APIKeysHandler
    asynchronous: bool = False
    cluster_id: str | None = None

    def hub(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self._call("BitfountHub", "hub_url", name, *arguments, **named)

    def am(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self._call("BitfountAM", "access_manager_url", name, *arguments, **named)

    def fhir(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self._call("SMARTOnFHIR", "smart_on_fhir_url", name, *arguments, **named)

    def _call(self, kind: str, url: str, name: str, /, *arguments: Any, **named: Any) -> Any:
        with (
            patch.multiple(bitfount_api.hub, _anonymous=self._anonymous),
            patch.multiple(bitfount_api.async_hub, _anonymous=self._anonymous),
        ):
            if self.asynchronous:
                return asyncio.run(self._acall(kind, url, name, *arguments, **named))
            with self._session(self.handler) as session:
                client = getattr(bitfount_api, kind)(session, self.urls[url], **self._named(kind))
                return getattr(client, name)(*arguments, **named)

    async def _acall(self, kind: str, url: str, name: str, /, *arguments: Any, **named: Any) -> Any:
        async with self._session(self.handler) as session:
            of = self._named(kind)
            client = getattr(bitfount_api, f"Async{kind}")(session, self.urls[url], **of)
            return await getattr(client, name)(*arguments, **named)

    def _named(self, kind: str) -> dict[str, Any]:
        return {"cluster_id": self.cluster_id} if kind == "BitfountHub" else {}

    def _session(self, handler: AuthenticationHandler) -> BitfountSession:
        # vcrpy records and replays what httpx sends.
        transport = httpx.AsyncHTTPTransport() if self.asynchronous else httpx.HTTPTransport()
        return BitfountSession(handler, transport=transport, allow_insecure=True)

    def _anonymous(self) -> BitfountSession:
        return self._session(AnonymousHandler())


def nothing(_: Sandbox) -> dict[str, Any]:
    return {}


@attrs.frozen
class Scene:
    """One call of an operation.

    Args:
        play: Function that calls the operation and returns its result as JSON.
        seed: Function that seeds the sandbox and returns the values that the call needs.
        username: User who calls the operation.
    """

    play: Callable[[Performer, Given], Any]
    seed: Callable[[Sandbox], dict[str, Any]] = nothing
    username: str = "alice"


# --- What must be there --------------------------------------------------------------------------


@contextmanager
def file(name: str, content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def keys() -> tuple[Any, Any]:
    return load_public_key(POD_KEY), load_public_key(AM_KEY)


def pem(key: Any) -> str:
    return serialize_public_key(key)


def performer(sandbox: Sandbox, username: str) -> Performer:
    user = sandbox.user(username)
    names = ("hub_url", "access_manager_url", "smart_on_fhir_url")
    handler = APIKeysHandler(user.api_key_id, user.api_key, user.username)
    return Performer({name: getattr(sandbox, name) for name in names}, handler)


def pod(sandbox: Sandbox) -> dict[str, Any]:
    """Register carol's pod."""
    metadata = PodPublicMetadata("scans", "Retina scans", "With notes", SCHEMA, 3)
    performer(sandbox, "carol").hub("register_pod", metadata, *keys())
    return {}


def code(sandbox: Sandbox) -> dict[str, Any]:
    """Publish alice's model without weights."""
    with file("Net.py", CODE.encode()) as path:
        performer(sandbox, "alice").hub("send_model", path)
    return {}


def model(sandbox: Sandbox) -> dict[str, Any]:
    """Publish alice's model with weights."""
    code(sandbox)
    sandbox.state.store.put("weights/alice/Net/1", WEIGHTS)
    link = sandbox.state.presigner.get
    return {"code": link("models/alice/Net/1"), "weights": link("weights/alice/Net/1")}


def project(sandbox: Sandbox) -> dict[str, Any]:
    """Create alice's project with her model and carol's pod, in which bob may use both."""
    pod(sandbox)
    model(sandbox)
    project_id = performer(sandbox, "alice").hub("create_project", "Glaucoma")
    sandbox.add_member(project_id, "bob", "MODELLER")
    sandbox.add_member(project_id, "carol", "DATA_CUSTODIAN")
    sandbox.add_model(project_id, "alice/Net:1", limit=10)
    carol = performer(sandbox, "carol")
    carol.hub("add_dataset_to_project_for_user", project_id, "scans")
    return {"project": project_id, "token": sandbox.token("bob")}


def cluster(sandbox: Sandbox) -> dict[str, Any]:
    """Create carol's cluster with her pod, which has a configuration, and another pod."""
    pod(sandbox)
    sandbox.configure("carol/scans", CONFIGURATION)
    carol = performer(sandbox, "carol")
    carol.hub("register_pod", PodPublicMetadata("more", "More", "Without", SCHEMA), *keys())
    return {"cluster": carol.hub("create_compute_cluster", "Eye clinic", ["scans", "more"])}


def compute(sandbox: Sandbox) -> dict[str, Any]:
    """Register carol's compute instance, and make a signing request for it."""
    given = cluster(sandbox)
    carol = performer(sandbox, "carol")
    registered = carol.hub("register_compute", "i-1", given["cluster"], "10.0.0.5")
    return {**given, "compute": registered["computeId"], "csr": csr(registered["domain"])}


def certified(sandbox: Sandbox) -> dict[str, Any]:
    """Have a certificate issued for carol's compute instance."""
    given = compute(sandbox)
    carol = performer(sandbox, "carol")
    carol.hub("request_compute_certificate", given["compute"], given["csr"])
    return given


def signing(sandbox: Sandbox) -> dict[str, Any]:
    """Create the project, and register bob's key."""
    key = private_key().public_key()
    number = performer(sandbox, "bob").hub("register_user_public_key", key)
    return {**project(sandbox), "key": str(number)}


def registered(sandbox: Sandbox) -> dict[str, Any]:
    key, _ = keys()
    return {"key": str(performer(sandbox, "alice").hub("register_user_public_key", key))}


def paired(sandbox: Sandbox) -> dict[str, Any]:
    sandbox.state.pairings.begin("alice")
    sandbox.pair("alice", "https://ehr.example/r4", nextgen={"practiceId": "1"})
    return {}


# --- The calls -----------------------------------------------------------------------------------


def register_pod(who: Performer, _: Given) -> Any:
    metadata = PodPublicMetadata("scans", "Retina scans", "With notes", SCHEMA, 3)
    return who.hub("register_pod", metadata, *keys())


def send_model(who: Performer, _: Given) -> Any:
    with file("Net.py", CODE.encode()) as path:
        return who.hub("send_model", path)


def send_weights(who: Performer, _: Given) -> Any:
    with file("weights.pt", WEIGHTS_SENT) as path:
        # One part after the other, so that they are recorded in this order.
        return who.hub("send_weights", "Net", 1, path, parts_at_once=1)


def get_model(who: Performer, _: Given) -> Any:
    return who.hub("get_model", "alice", "Net", 1).__name__


def get_model_from_url(who: Performer, given: Given) -> Any:
    return who.hub("get_model_from_url", given["code"], hash_contents(CODE.encode())).__name__


def check_key(who: Performer, given: Given) -> Any:
    name = "check_public_key_registered_and_active"
    found = who.hub(name, given["key"], username="alice")
    return {**found, "public_key": pem(found["public_key"])}


def heartbeats(who: Performer, given: Given) -> Any:
    state = {"is_busy": True, "is_ehr_configured": True, "is_ehr_connected": False}
    instance = {
        "instance_id": "i-1",
        "cluster_id": given["cluster"],
        "private_ip_address": "10.0.0.5",
        "datasource_health": [{"name": "scans", "status": "unhealthy", "message": "no disk"}],
    }
    return [
        who.hub("do_pod_heartbeat", ["scans"], keys()[0]),
        who.hub("do_pod_heartbeat", **state, **instance),
    ]


def with_and_without_cluster(name: str) -> Callable[[Performer, Given], Any]:
    def play(who: Performer, given: Given) -> Any:
        of_cluster = attrs.evolve(who, cluster_id=given["cluster"])
        return [who.hub(name), of_cluster.hub(name)]

    return play


def decision(result: Any) -> Any:
    return {**result, "response_type": result["response_type"].value}


def by_token(who: Performer, given: Given) -> Any:
    arguments = ("carol/scans", PROTOCOL, "bob", given["token"])
    named = {"project_id": given["project"]}
    return decision(who.am("check_oidc_access_request", *arguments, **named))


def by_signature(who: Performer, given: Given) -> Any:
    task = b"\x00a task\xff"
    arguments = (task, sign(private_key(), task), "carol/scans", PROTOCOL, "bob")
    named = {"project_id": given["project"], "public_key_id": given["key"]}
    return decision(who.am("check_signature_based_access_request", *arguments, **named))


def get_access_token(who: Performer, _: Given) -> Any:
    return attrs.asdict(who.fhir("get_access_token"))


SCENES: dict[str, Scene] = {
    "add_dataset_to_project_for_user": Scene(
        lambda who, given: who.hub("add_dataset_to_project_for_user", given["project"], "scans"),
        project,
        "carol",
    ),
    "archive_pod": Scene(lambda who, _: who.hub("archive_pod", "scans"), pod, "carol"),
    "check_oidc_access_request": Scene(by_token, project, "carol"),
    "check_public_key_registered_and_active": Scene(check_key, registered, "bob"),
    "check_signature_based_access_request": Scene(by_signature, signing, "carol"),
    "compute_cluster_exists": Scene(
        lambda who, given: [
            who.hub("compute_cluster_exists", name) for name in (given["cluster"], "other")
        ],
        cluster,
        "carol",
    ),
    "create_compute_cluster": Scene(
        lambda who, _: who.hub("create_compute_cluster", "Eye clinic", ["scans"]), pod, "carol"
    ),
    "create_project": Scene(lambda who, _: who.hub("create_project", "Glaucoma")),
    "do_pod_heartbeat": Scene(heartbeats, cluster, "carol"),
    "get_access_manager_key": Scene(lambda who, _: pem(who.am("get_access_manager_key"))),
    "get_access_token": Scene(get_access_token, paired),
    "get_compute_certificate": Scene(
        lambda who, given: who.hub("get_compute_certificate", given["compute"]), certified, "carol"
    ),
    "get_model": Scene(get_model, model, "bob"),
    "get_model_from_url": Scene(get_model_from_url, model),
    "get_pod": Scene(lambda who, _: who.hub("get_pod", "carol/scans"), pod),
    "get_pod_dataset_configuration": Scene(
        lambda who, _: [
            who.hub("get_pod_dataset_configuration", f"carol/{name}") for name in ("scans", "more")
        ],
        cluster,
        "carol",
    ),
    "get_pod_dataset_list": Scene(
        with_and_without_cluster("get_pod_dataset_list"), cluster, "carol"
    ),
    "get_pod_datasets_configurations": Scene(
        with_and_without_cluster("get_pod_datasets_configurations"), cluster, "carol"
    ),
    "get_pod_key": Scene(lambda who, _: who.hub("get_pod_key", "carol/scans"), pod),
    "get_pod_schema": Scene(lambda who, _: who.hub("get_pod_schema", "carol/scans").to_json(), pod),
    "get_project_name": Scene(
        lambda who, given: [
            who.hub("get_project_name", name) for name in (given["project"], "other")
        ],
        project,
    ),
    "get_projects": Scene(lambda who, _: who.hub("get_projects", limit=1), project),
    "get_usage_limits": Scene(
        lambda who, given: [
            who.hub("get_usage_limits", given["project"]),
            who.hub("get_usage_limits", given["project"], "alice/Net:latest"),
        ],
        project,
    ),
    "get_weights": Scene(
        lambda who, _: who.hub("get_weights", "alice", "Net", 1).hex(), model, "bob"
    ),
    "get_weights_from_url": Scene(
        lambda who, given: who.hub("get_weights_from_url", given["weights"]).hex(), model
    ),
    "link_datasets_to_compute_cluster": Scene(
        lambda who, given: who.hub("link_datasets_to_compute_cluster", given["cluster"], ["more"]),
        cluster,
        "carol",
    ),
    "register_compute": Scene(
        lambda who, given: who.hub("register_compute", "i-1", given["cluster"], "10.0.0.5"),
        cluster,
        "carol",
    ),
    "register_pod": Scene(register_pod, username="carol"),
    "register_user_public_key": Scene(
        lambda who, _: who.hub("register_user_public_key", keys()[0])
    ),
    "request_compute_certificate": Scene(
        lambda who, given: [
            who.hub("request_compute_certificate", given["compute"], given["csr"]) for _ in range(2)
        ],
        compute,
        "carol",
    ),
    "send_model": Scene(send_model),
    "send_monitor_update": Scene(lambda who, _: who.hub("send_monitor_update", UPDATE)),
    "send_weights": Scene(send_weights, code),
    "upload_public_jwk": Scene(
        lambda who, _: who.hub("upload_public_jwk", jwk(), "https://ehr.example", "client-1")
    ),
}
