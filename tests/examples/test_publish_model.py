"""Test that the CI step can be run again, and that it reports failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.examples import Start

from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

CODE = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "Net.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "net.pt").write_bytes(bytes(range(256)) * 4000)
    return tmp_path


def run(start: Start, clients: SandboxClients, *more: Any) -> tuple[int, str, str]:
    step = start(
        "publish_model.py", "Net.py", "net.pt", "--hub-url", clients.sandbox.hub_url, *more
    )
    printed, said = step.communicate(timeout=60)
    return step.returncode, printed, said


def test_repeated_runs_publish_once(
    start: Start, bitfount_sandbox: SandboxClients, files: Path
) -> None:
    results = []
    for _ in range(2):
        status, printed, said = run(start, bitfount_sandbox, "--output", "out.txt")
        assert (status, said) == (0, "")
        results.append(json.loads(printed))
    assert [step["model"] for step in results] == ["alice/Net:1"] * 2
    assert [step["new"] for step in results] == [True, False]
    assert (files / "out.txt").read_text("utf-8") == "model=alice/Net:1\n" * 2
    weights = bitfount_sandbox.hub("bob").get_weights("alice", "Net", 1)
    assert weights == (files / "net.pt").read_bytes()


def test_private_model_is_hidden_from_others(
    start: Start, bitfount_sandbox: SandboxClients, files: Path
) -> None:
    assert run(start, bitfount_sandbox, "--private")[0] == 0
    assert bitfount_sandbox.hub("bob").get_model_code("alice", "Net") is None


def test_transient_faults_are_retried(
    start: Start, bitfount_sandbox: SandboxClients, files: Path
) -> None:
    for service, method in (("hub", "PUT"), ("storage", "POST"), ("storage", "GET")):
        fault = Fault(status=503, headers={"retry-after": "0"})
        bitfount_sandbox.sandbox.fail("*", fault, service=service, method=method)
    status, printed, said = run(start, bitfount_sandbox)
    assert (status, said) == (0, "")
    assert json.loads(printed)["model"] == "alice/Net:1"


def test_invalid_model_file_is_not_published(
    start: Start, bitfount_sandbox: SandboxClients, files: Path
) -> None:
    (files / "Net.py").write_text("class Other: ...\n", encoding="utf-8")
    status, printed, said = run(start, bitfount_sandbox)
    assert (status, printed) == (1, "")
    assert said.startswith("not published: Net.py")
    assert bitfount_sandbox.sandbox.requests == []


def test_changed_weights_are_detected(
    start: Start, bitfount_sandbox: SandboxClients, files: Path
) -> None:
    spoilt = Fault(corrupt_at=1000)
    bitfount_sandbox.sandbox.fail(
        "*/weights/*", spoilt, service="storage", method="GET", times=None
    )
    status, printed, said = run(start, bitfount_sandbox)
    assert (status, printed) == (1, "")
    assert "do not match net.pt" in said


def test_missing_keys_start_no_login(start: Start, files: Path) -> None:
    step = start("publish_model.py", "Net.py", "net.pt", BITFOUNT_API_KEY="")
    _, said = step.communicate(timeout=60)
    assert step.returncode == 1
    assert "BITFOUNT_API_KEY is not set" in said
