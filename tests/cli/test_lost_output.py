"""A command that has changed something says so, even if its result cannot be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.console import REPOSITORY, Console, Outcome
from support.rsa_keys import key_pair
from support.sandbox_seeds import csr

from bitfount_api import keys as rsa
from bitfount_api.cli import output
from bitfount_api.cli.exit_codes import BrokenPipe

SCHEMA = str(REPOSITORY / "tests" / "data" / "pod-schema-v4.json")
MODEL = (
    "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n"
    "    def __init__(self) -> None: ...\n    def initialise_model(self) -> None: ...\n"
    "    def deserialize(self, content: object) -> None: ...\n"
)
CHANGES: dict[str, tuple[str, ...]] = {
    "logout": (),
    "pods register": ("scans", "--schema", SCHEMA, "--public-key", "pod.pub"),
    "pods heartbeat": ("scans", "--public-key", "pod.pub"),
    "pods schema": ("alice/scans", "--output", "schema.yaml"),
    "pods archive": ("scans", "--yes"),
    "models push": ("Net.py",),
    "models pull": ("alice/Net:1", "--output", "again.py"),
    "weights push": ("Net:1", "w.pt"),
    "weights pull": ("alice/Net:1", "--output", "again.pt"),
    "projects add-dataset": ("PROJECT", "scans"),
    "compute register": ("i-1", "--address", "10.0.0.5"),
    "compute csr": ("c.example.com", "--key", "k.pem", "--output", "again.csr"),
    "compute certificate": ("COMPUTE", "--csr", "k.csr"),
    "clusters create": ("eye-clinic", "scans"),
    "clusters link": ("CLUSTER", "scans"),
    "keys generate": ("a.pem", "--bits", "2048"),
    "keys register": ("pod.pub",),
    "fhir token": ("--output", "token"),
    "migrate": ("old.py", "--write"),
}
needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no full device"
)


@pytest.fixture
def prepared(console: Console) -> Console:
    """A console with files, a pod, a model with weights, a project and a pairing."""
    console.sandbox.pair("alice", "https://ehr.example.org/fhir", nextgen={})
    public = rsa.serialize_public_key(key_pair().public_key, "SSH")
    Path("pod.pub").write_text(public, encoding="ascii")
    private = rsa.serialize_private_key(key_pair().private_key)
    Path("k.pem").write_text(private, encoding="ascii")
    Path("Net.py").write_text(MODEL, encoding="utf-8")
    Path("w.pt").write_bytes(b"weights")
    Path("old.py").write_text("from bitfount.hub.api import BitfountHub\n", encoding="utf-8")
    for command in ("pods register", "models push", "weights push"):
        console.ok(*command.split(), *CHANGES[command])
    return console


def with_full_output(console: Console, *words: str) -> Outcome:
    with open("/dev/full", "wb") as full:
        return console.spawn(*words, stdout=full)


@needs_full_device
@pytest.mark.parametrize("command", CHANGES)
def test_lost_result_is_shown_on_standard_error(prepared: Console, command: str) -> None:
    words = list(CHANGES[command])
    if "PROJECT" in words:
        words[0] = prepared.json("projects", "create", "P")["projectId"]
    if "CLUSTER" in words:
        words[0] = prepared.json("clusters", "create", "C")["clusterId"]
    if "COMPUTE" in words:
        made = prepared.json("compute", "register", *CHANGES["compute register"])
        Path("k.csr").write_text(csr(made["domain"]), encoding="ascii")
        words[0] = made["computeId"]
    if command == "logout":
        prepared.be(None)  # it warns of API keys
    outcome = with_full_output(prepared, *command.split(), *words, "--quiet", "--json")
    assert outcome.code == 8, outcome
    document = json.loads(outcome.err)
    assert document["error"]["code"] == "output_lost"
    assert document["error"]["message"] == (
        f"'bitfount-api {command}' has done its work, but its result cannot be written to "
        "standard output (No space left on device); do not run it again. The result follows."
    )
    assert isinstance(document["result"], dict)


@needs_full_device
def test_lost_project_id_is_shown_and_not_lost(console: Console) -> None:
    outcome = with_full_output(console, "projects", "create", "Screening")
    (project,) = console.json("projects", "list")["projects"]
    assert outcome.code == 8
    error, result = outcome.err.splitlines()
    assert "has done its work" in error
    assert result.split() == ["Project:", project["id"]]


@needs_full_device
@pytest.mark.parametrize(
    "words", [("projects", "list"), ("fhir", "token"), ("whoami",), ("migrate", "old.py")]
)
def test_command_that_only_reads_may_run_again(prepared: Console, words: tuple[str, ...]) -> None:
    prepared.ok("projects", "create", "Screening")
    outcome = with_full_output(prepared, *words)
    assert outcome.code == 6
    assert outcome.err == "Error: standard output: No space left on device.\n"


def test_closed_pipe_after_a_change_is_reported(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: Any) -> None:
        raise BrokenPipe

    with monkeypatch.context() as patch:
        patch.setattr(output, "write", closed)
        outcome = console.run("projects", "create", "Screening", "--json")
    assert outcome.code == 8
    document = json.loads(outcome.err)
    message = document["error"]["message"]
    assert "(its reader has closed the pipe); do not run it again" in message
    (project,) = console.json("projects", "list")["projects"]
    assert document["result"] == {"projectId": project["id"]}
