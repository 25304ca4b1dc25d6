"""The access manager's key and decisions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.console import REPOSITORY, Console
from support.rsa_keys import key_pair

from bitfount_api import keys as rsa

PROTOCOL = {"class_name": "bitfount.ResultsOnly", "algorithm": {"class_name": "bitfount.Mean"}}
SCHEMA = REPOSITORY / "tests" / "data" / "pod-schema-v4.json"


@pytest.fixture
def request_of_bob(console: Console) -> list[object]:
    """What asks whether bob may run a protocol on a pod of alice's."""
    key = rsa.serialize_public_key(key_pair().public_key, "SSH")
    Path("pod.pub").write_text(key, encoding="ascii")
    words = ("--schema", SCHEMA, "--public-key", "pod.pub")
    console.ok("pods", "register", "scans", *words)
    Path("protocol.json").write_text(json.dumps(PROTOCOL), encoding="utf-8")
    return ["access", "check", "alice/scans", "--modeller", "bob", "--protocol", "protocol.json"]


def test_access_manager_key_needs_no_credentials(console: Console) -> None:
    console.be(None)
    outcome = console.ok("access", "key")
    key = rsa.parse_public_key(outcome.out)
    assert rsa.fingerprint(key) in outcome.err
    assert console.json("access", "key")["publicKey"] == outcome.out


def test_check_with_a_token_shows_the_decision(
    console: Console, request_of_bob: list[object]
) -> None:
    Path("token").write_text(console.sandbox.token("bob") + "\n", encoding="ascii")
    words = [*request_of_bob, "--token-file", "token"]
    refused = console.run(*words)
    assert refused.code == 1
    assert "Decision:" in refused.out
    assert refused.err.count("\n") == 1
    console.sandbox.grant("alice/scans", "bob")
    assert "ACCEPT" in console.ok(*words).out
    assert console.json(*words) == {"response_type": "ACCEPT", "limits": None}


def test_token_is_read_from_the_environment_or_a_pipe(
    console: Console, request_of_bob: list[object]
) -> None:
    token = console.sandbox.token("bob")
    console.sandbox.grant("alice/scans", "bob")
    console.environment["BITFOUNT_MODELLER_TOKEN"] = token
    console.ok(*request_of_bob)
    del console.environment["BITFOUNT_MODELLER_TOKEN"]
    outcome = console.run(*request_of_bob)
    assert outcome.code == 6
    assert "BITFOUNT_MODELLER_TOKEN" in outcome.err
    console.ok(*request_of_bob, "--token-file", "-", typed=token)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"x" * 70_000])
def test_invalid_token_is_rejected(
    console: Console, request_of_bob: list[object], content: bytes
) -> None:
    Path("token").write_bytes(content)
    for words in (["--token-file", "token"], ["--token-file", "-"]):
        outcome = console.run(*request_of_bob, *words, typed=content)
        assert (outcome.code, outcome.out) == (6, "")
        assert outcome.err.count("\n") == 1


def test_a_token_is_not_shown(console: Console, request_of_bob: list[object]) -> None:
    console.environment["BITFOUNT_MODELLER_TOKEN"] = "planted.token.part"
    outcome = console.run("--debug", *request_of_bob)
    assert outcome.code == 1
    assert "INVALID_PROOF_OF_IDENTITY" in outcome.out
    assert "planted" not in outcome.out + outcome.err


def test_check_with_a_signature_shows_the_decision(
    console: Console, request_of_bob: list[object]
) -> None:
    console.be("bob")
    Path("bob.pub").write_text(
        rsa.serialize_public_key(key_pair(1).public_key, "SSH"), encoding="ascii"
    )
    key_id = console.json("keys", "register", "bob.pub")["id"]
    console.be("alice")
    console.sandbox.grant("alice/scans", "bob")
    task = b"\x00task"
    Path("task").write_bytes(task)
    Path("good").write_bytes(rsa.sign(key_pair(1).private_key, task))
    Path("bad").write_bytes(rsa.sign(key_pair(0).private_key, task))
    words = [*request_of_bob, "--task", "task", "--key-id", key_id, "--signature"]
    assert console.json(*words, "good")["response_type"] == "ACCEPT"
    refused = console.run(*words, "bad")
    assert (refused.code, "INVALID_PROOF_OF_IDENTITY" in refused.err) == (1, True)


def test_limits_are_shown_without_addresses(console: Console, request_of_bob: list[object]) -> None:
    Path("Retina.py").write_text(
        "from bitfount_api import BitfountModel\nclass Retina(BitfountModel): pass\n",
        encoding="utf-8",
    )
    console.ok("models", "push", "Retina.py")
    project = console.json("projects", "create", "P")["projectId"]
    console.ok("projects", "add-dataset", project, "scans")
    console.sandbox.add_member(project, "bob")
    console.sandbox.add_model(project, "alice/Retina:1", limit=3)
    model = {"username": "alice", "model_ref": "Retina", "model_version": 1}
    algorithm = {"class_name": "bitfount.ModelInference", "model": model}
    Path("protocol.json").write_text(
        json.dumps({**PROTOCOL, "algorithm": algorithm}), encoding="utf-8"
    )
    console.environment["BITFOUNT_MODELLER_TOKEN"] = console.sandbox.token("bob")
    words = [*request_of_bob, "--project", project]
    decision = console.json(*words)
    assert decision["response_type"] == "ACCEPT"
    assert [limit["limit"] for limit in decision["limits"]] == [3]
    assert "MODEL" in console.ok(*words).out
    assert "Url" not in json.dumps(decision)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"class_name": 3}', "[" * 100_000])
def test_invalid_protocol_is_rejected(
    console: Console, request_of_bob: list[object], text: str
) -> None:
    Path("protocol.json").write_text(text, encoding="utf-8")
    outcome = console.run(*request_of_bob)
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--task", "t"],
        ["--signature", "s"],
        ["--task", "t", "--signature", "s", "--token-file", "x"],
    ],
)
def test_exactly_one_of_token_and_signature_is_required(
    console: Console, request_of_bob: list[object], words: list[str]
) -> None:
    assert console.run(*request_of_bob, *words).code == 2
