"""This client, sync and async, sends the same requests as the official SDK was recorded to send."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgpack
import pytest
from support.recordings import ADDED_HINT, as_recorded

import bitfount_api
from bitfount_api import APIKeysHandler, BitfountSession, PodPublicMetadata, load_public_key

EXAMPLES = json.loads((Path(__file__).parents[1] / "data/wire-examples.json").read_text())
UPLOAD = {
    "success": True,
    "alreadyExisted": False,
    "version": 1,
    "uploadUrl": "http://localhost:3003/bucket",
    "uploadFields": {"key": "a/b", "policy": "cG9s", "x-amz-signature": "00ff"},
}
MODEL = b"from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
WEIGHTS = bytes(range(256)) * 8
SCHEMA = {"name": "scans", "features": [], "metadata": {"schema_version": "4"}}
PROTOCOL = EXAMPLES["signature"]["requests"][0]["body"]["json"]["modellerProtocolRequest"]
POD_KEY = EXAMPLES["register_pod"]["requests"][0]["body"]["json"]["podPublicKey"]
AM_KEY = EXAMPLES["register_pod"]["requests"][0]["body"]["json"]["accessManagerPublicKey"]
AUTH_HEADERS = ("x-api-key", "x-api-key-id", "authorization")

Answers = dict[tuple[str, str], Any]


def recorded(request: httpx.Request) -> dict[str, Any]:
    """Return a request of this client in the form of the recordings."""
    content = request.content
    body: dict[str, Any] | None = None
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        body = {"form": form_parts(kind, content)}
        assert int(request.headers["content-length"]) == len(content)
    elif content:
        body = {"json": json.loads(content)}
    return {
        "auth": {name: request.headers[name] for name in AUTH_HEADERS if name in request.headers},
        "body": body,
        "chunked": request.headers.get("transfer-encoding") == "chunked",
        "method": request.method,
        "path": request.url.path,
        "query": sorted([name, value] for name, value in parse_qsl(request.url.query.decode())),
        "svc": {3000: "hub", 3001: "am", 3002: "fhir", 3003: "s3"}[request.url.port or 0],
    }


def form_parts(kind: str, content: bytes) -> list[list[Any]]:
    message = email.message_from_bytes(
        f"content-type: {kind}\r\n\r\n".encode() + content, policy=email.policy.HTTP
    )
    parts: list[list[Any]] = []
    for part in message.iter_parts():
        disposition = part["content-disposition"].params
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = disposition.get("filename")
        shown = hashlib.sha256(data).hexdigest() if name else data.decode()
        parts.append([disposition["name"], name, shown])
    return parts


class Clients:
    """The clients of one user, sync or async, over a transport with fixed answers."""

    def __init__(self, answers: Answers, *, asynchronous: bool) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers = answers
        self.asynchronous = asynchronous

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._answer(request)

    async def ahandle(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(recorded(request))
        answer = self.answers[request.method, request.url.path]
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(204) if answer is None else httpx.Response(200, json=answer)

    def run(self, kind: str, url: str, name: str, /, **arguments: Any) -> Any:
        handler = self.ahandle if self.asynchronous else self.handle
        session = BitfountSession(
            APIKeysHandler("id-core:id-am", "key-core:key-am", "alice"),
            transport=httpx.MockTransport(handler),
        )
        if not self.asynchronous:
            with session:
                client = getattr(bitfount_api, kind)(session, url)
                return getattr(client, name)(**arguments)

        async def main() -> Any:
            async with session:
                client = getattr(bitfount_api, f"Async{kind}")(session, url)
                return await getattr(client, name)(**arguments)

        return asyncio.run(main())

    def hub(self, name: str, /, **arguments: Any) -> Any:
        return self.run("BitfountHub", "http://localhost:3000", name, **arguments)

    def am(self, name: str, /, **arguments: Any) -> Any:
        return self.run("BitfountAM", "http://localhost:3001", name, **arguments)

    def fhir(self, name: str, /, **arguments: Any) -> Any:
        return self.run("SMARTOnFHIR", "http://localhost:3002", name, **arguments)


Make = Callable[[Answers], Clients]


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def clients(request: pytest.FixtureRequest) -> Make:
    return lambda answers: Clients(answers, asynchronous=request.param)


def check(name: str, made: Clients, result: Any, **changes: Any) -> None:
    """Compare with a recording, except for the changes where this client's data differs."""
    expected = json.loads(json.dumps(EXAMPLES[name]["requests"]))
    for key, value in changes.items():
        if key == "file_hash":
            expected[1]["body"]["form"][-1][2] = value
        else:
            expected[0]["body"]["json"][key] = value
    for request in expected:
        request["query"] = sorted(request["query"])
    assert [as_recorded(request) for request in made.requests] == expected, ADDED_HINT
    assert result == EXAMPLES[name]["result"]["value"]


@pytest.mark.documented("BitfountHub", "session", "url")
def test_get_pod(clients: Make) -> None:
    details = EXAMPLES["get_pod"]["result"]["value"]
    made = clients({("GET", "/api/pods/bob/scans"): details})
    check("get_pod", made, made.hub("get_pod", pod_identifier="bob/scans"))


def test_get_pod_through_a_project(clients: Make) -> None:
    name = "get_pod through a project"
    made = clients({("GET", "/api/projects/p1/pods/bob/scans"): EXAMPLES[name]["result"]["value"]})
    result = made.hub("get_pod", pod_identifier="bob/scans", project_id="p1")
    check(name, made, result)


@pytest.mark.documented("BitfountHub.register_pod", "public_metadata", "access_manager_key")
@pytest.mark.documented(
    "PodPublicMetadata", "name", "display_name", "description", "schema", "number_of_records"
)
def test_register_pod(clients: Make) -> None:
    made = clients({("POST", "/api/pods"): UPLOAD, ("POST", "/bucket"): None})
    result = made.hub(
        "register_pod",
        public_metadata=PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3),
        pod_public_key=load_public_key(POD_KEY),
        access_manager_key=load_public_key(AM_KEY),
    )
    packed = msgpack.packb(SCHEMA)
    check(
        "register_pod",
        made,
        result,
        schemaSize=len(packed),
        file_hash=hashlib.sha256(packed).hexdigest(),
    )


@pytest.mark.documented("BitfountHub.do_pod_heartbeat", "pod_public_key")
def test_heartbeat(clients: Make) -> None:
    made = clients({("PATCH", "/api/pods"): {}})
    result = made.hub(
        "do_pod_heartbeat", pod_names=["scans", "more"], pod_public_key=load_public_key(POD_KEY)
    )
    check("heartbeat", made, result)


def test_send_model(clients: Make, tmp_path: Path) -> None:
    path = tmp_path / "Net.py"
    path.write_bytes(MODEL.replace(b"\n", b"\r\n"))
    made = clients({("POST", "/api/models"): UPLOAD, ("POST", "/bucket"): None})
    result = made.hub("send_model", model_code_path=path)
    sha256 = hashlib.sha256(MODEL).hexdigest()
    check("send_model", made, result, modelHash=sha256, modelSize=len(MODEL), file_hash=sha256)


def test_send_weights(clients: Make, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(WEIGHTS)
    made = clients({("PUT", "/api/models"): UPLOAD, ("POST", "/bucket"): None})
    result = made.hub("send_weights", model_name="Net", model_version=1, pretrained_file_path=path)
    check("send_weights", made, result)


def test_get_model(clients: Make) -> None:
    details = {
        "modelDownloadUrl": "http://localhost:3003/model?sig=1",
        "modelHash": hashlib.sha256(MODEL).hexdigest(),
        "modelVersion": 2,
    }
    made = clients({("GET", "/api/models"): details, ("GET", "/model"): MODEL})
    model = made.hub(
        "get_model", username="bob", model_name="Net", model_version=2, project_id="p1"
    )
    check("get_model version and project", made, {"class": model.__name__})


def test_register_user_public_key(clients: Make) -> None:
    made = clients({("POST", "/api/alice/keys"): {"id": 7}})
    result = made.hub("register_user_public_key", key=load_public_key(POD_KEY))
    check("register_user_public_key", made, result)


@pytest.mark.documented("BitfountHub.create_project", "name", "returns")
def test_create_project(clients: Make) -> None:
    made = clients({("POST", "/api/projects"): {"projectId": "p9"}})
    check("create_project", made, made.hub("create_project", name="n"))


@pytest.mark.documented("BitfountHub.get_projects", "defaults")
def test_get_projects(clients: Make) -> None:
    page = EXAMPLES["get_projects"]["result"]["value"]
    made = clients({("GET", "/api/projects"): page})
    check("get_projects", made, made.hub("get_projects"))


def _decision(result: Any) -> Any:
    return {**result, "response_type": result["response_type"].value}


@pytest.mark.documented("BitfountAM", "session", "access_manager_url")
def test_check_oidc_access_request(clients: Make) -> None:
    made = clients({("POST", "/api/access"): {"code": "ACCEPT", "limits": None}})
    result = made.am(
        "check_oidc_access_request",
        pod_identifier="bob/scans",
        serialized_protocol=PROTOCOL,
        modeller_name="alice",
        modeller_access_token="tok",
    )
    check("oidc ACCEPT", made, _decision(result))


@pytest.mark.documented(
    "BitfountAM.check_signature_based_access_request",
    "pod_identifier",
    "serialized_protocol",
    "modeller_name",
)
def test_check_signature_based_access_request(clients: Make) -> None:
    made = clients({("POST", "/api/access"): {"code": "ACCEPT", "limits": None}})
    result = made.am(
        "check_signature_based_access_request",
        unsigned_task=b"\x00task\xff",
        task_signature=b"\x01sig\xfe",
        pod_identifier="bob/scans",
        serialized_protocol=PROTOCOL,
        modeller_name="alice",
    )
    check("signature", made, _decision(result))


@pytest.mark.documented("SMARTOnFHIR", "session", "smart_on_fhir_url")
def test_get_access_token(clients: Make) -> None:
    pairing = "11111111-1111-1111-1111-111111111111"
    token, _, context = EXAMPLES["fhir token"]["result"]["value"]
    made = clients(
        {
            ("GET", "/api/pairings"): {
                "results": [{"id": pairing, "state": "paired", "resourceServer": "https://ehr"}]
            },
            ("GET", f"/api/pairings/{pairing}/session"): {
                "type": "confidentialClient",
                "accessToken": token,
                "context": {"nextgen": context},
            },
        }
    )
    result = made.fhir("get_access_token")
    check("fhir token", made, [result.token, result.valid_until, result.context])


def test_every_recording_is_compared() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{name}"' in text for name in EXAMPLES)
