"""Run ``every_method.py`` with a library against a sandbox of its own, and compare the results."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from interoperability.every_method import MODEL
from support.official import environment
from support.rsa_keys import key_pair, private_key
from support.sandbox_seeds import jwk, pem

from bitfount_api import PodPublicMetadata, hash_contents, sign
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import DEVELOPMENT_PORTS, Fault, Sandbox

SCRIPT = Path(__file__).with_name("every_method.py")
DATA = Path(__file__).parents[1] / "data"
PROTOCOL = {
    "class_name": "bitfount.ModelInference",
    "algorithm": {"class_name": "bitfount.ModelInference"},
}
TASK = b"task"
RESOURCE_SERVER = "https://clinic.example/fhir"

FAULTS = {
    "works": None,
    "refused": Fault(
        status=403,
        headers={"content-type": "application/json"},
        body=b'{"success": false, "errorMessage": "not allowed"}',
    ),
    "missing": Fault(
        status=404,
        headers={"content-type": "application/json"},
        body=b'{"success": false, "errorMessage": "not found"}',
    ),
    "not JSON": Fault(status=200, headers={"content-type": "text/plain"}, body=b"hello"),
}
"""What the services answer in each situation of ``every_method.py``."""


Call = tuple[str, str, str]
"""The method, what is special about the call, and the situation."""


@attrs.frozen
class Result:
    """What one call did.

    Args:
        method: The method, such as ``BitfountHub.get_pod``.
        about: What is special about the call; empty: nothing.
        situation: One of ``every_method.SITUATIONS``.
        value: The result, without what differs between two runs.
        error: The documented name of the error, if the call failed.
        trace: The end of the error's traceback.
    """

    method: str
    about: str
    situation: str
    value: Any = attrs.field(default=None)
    error: str | None = None
    trace: str = attrs.field(default="", eq=False, repr=False)

    @property
    def call(self) -> Call:
        """What was called, and when."""
        return self.method, self.about, self.situation

    def __str__(self) -> str:
        return json.dumps(self.value) if self.error is None else self.error


@attrs.frozen
class Run:
    """The results of one library: its version, and a result for each call."""

    version: str
    results: dict[Call, Result]


def seed(clients: SandboxClients, folder: Path) -> dict[str, Any]:
    """Fill a sandbox, and return the plan for ``every_method.py``."""
    sandbox, alice = clients.sandbox, clients.hub("alice")
    schema = json.loads((DATA / "pod-schema-v4.json").read_text("utf-8"))
    key = key_pair(0).public_key
    alice.register_pod(PodPublicMetadata("scans", "Scans", "Scans", schema, 3), key, key)
    for name in ("Net", "Bare"):
        (folder / f"{name}.py").write_text(MODEL.format(name=name), encoding="utf-8")
        alice.send_model(folder / f"{name}.py")
    weights = folder / "seeded.pt"
    weights.write_bytes(bytes(range(256)) * 100)
    alice.send_weights("Net", 1, weights)
    projects = {}
    for name, limit in (("study", 5), ("spent", 0)):
        projects[name] = alice.create_project(name)
        sandbox.add_member(projects[name], "bob")
        alice.add_dataset_to_project_for_user(projects[name], "scans")
        sandbox.add_model(projects[name], "alice/Net:1", limit)
    sandbox.grant("alice/scans", "bob")
    sandbox.configure("alice/scans", {"file_extensions": [".dcm"]})
    sandbox.pair("alice", RESOURCE_SERVER, nextgen={"practiceId": "1"})
    clients.hub("bob").register_user_public_key(private_key(1).public_key())
    found = clients.session("alice").get(
        f"{sandbox.hub_url}/api/models?modellerName=alice&modelName=Net&modelVersion=1"
    )
    urls = found.json()
    users = {name: sandbox.user(name) for name in ("alice", "bob")}
    return {
        "hub": sandbox.hub_url,
        "access_manager": sandbox.access_manager_url,
        "smart_on_fhir": sandbox.smart_on_fhir_url,
        "users": {
            name: {"id": user.api_key_id, "key": user.api_key} for name, user in users.items()
        },
        "schema": schema,
        "keys": {"pod": pem(0), "manager": pem(1), "user": pem(0, 4096)},
        "project": projects["study"],
        "spent": projects["spent"],
        "model_url": urls["modelDownloadUrl"],
        "weights_url": urls["weightsDownloadUrl"],
        "model_hash": hash_contents((folder / "Net.py").read_bytes()),
        "protocol": PROTOCOL,
        "token": sandbox.token("bob"),
        "task": base64.b64encode(TASK).decode(),
        "signature": base64.b64encode(sign(private_key(1), TASK)).decode(),
        "resource_server": RESOURCE_SERVER,
        "jwk": jwk(0, "one", use="sig"),
    }


def run(library: str, folder: Path, python: str = sys.executable) -> Run:
    """Call every method of a library, with a new sandbox, and return what came of it.

    Args:
        library: ``bitfount`` or ``bitfount_api``.
        folder: An empty folder for files.
        python: The Python that has the library.

    Raises:
        PortTakenError: The official SDK finds a sandbox on its own ports only, and one is in use.
        RuntimeError: The library's process failed.
    """
    plan = folder / "plan.json"
    # The official SDK sends credentials to nothing else.
    ports = DEVELOPMENT_PORTS if library == "bitfount" else None
    with Sandbox(ports=ports) as sandbox:
        clients = SandboxClients(sandbox)
        plan.write_text(json.dumps(seed(clients, folder)), encoding="utf-8")
        log = folder / "log.txt"
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [python, str(SCRIPT), library, str(plan)], cwd=folder, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment(folder, BITFOUNT_ENVIRONMENT="dev"),
            )  # fmt: skip
            with process:
                found = dict(_messages(process, sandbox))
        clients.close()
    if process.returncode != 0:
        raise RuntimeError(f"{SCRIPT.name} failed: {log.read_text('utf-8')[-2000:]}")
    version = str(found.pop("version"))
    return Run(version, found)


def _messages(process: subprocess.Popen[str], sandbox: Sandbox) -> Iterator[tuple[Any, Any]]:
    """Answer the questions of the script, and yield its results by their calls."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        kind, _, rest = line.partition(" ")
        if kind == "VERSION":
            yield "version", json.loads(rest)
        elif kind == "SITUATION":
            fault = FAULTS[json.loads(rest)]
            sandbox.faults.clear()
            if fault is not None:
                for service in ("hub", "access_manager", "smart_on_fhir"):
                    sandbox.fail("*", fault, times=None, service=service)
            process.stdin.write("go\n")
            process.stdin.flush()
        elif kind == "RESULT":
            result = Result(**json.loads(rest))
            yield result.call, result
