"""Test that a cluster downloads everything, also when one of its processes is killed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path

import pytest
from support.examples import Start

from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

CODE = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    number = {}\n"
MODELS = 200


@pytest.fixture
def stored(bitfount_sandbox: SandboxClients, tmp_path: Path) -> dict[str, str]:
    """Publish versions of a model with different weights. Returns the hashes by model id."""
    hub = bitfount_sandbox.hub("alice")
    hashes = {}
    for number in range(1, MODELS + 1):
        (tmp_path / "Net.py").write_text(CODE.format(number), encoding="utf-8")
        weights = number.to_bytes(4, "big") * 5000
        (tmp_path / "weights").write_bytes(weights)
        version = hub.send_model(tmp_path / "Net.py")["version"]
        hub.send_weights("Net", version, tmp_path / "weights")
        hashes[f"alice/Net:{version}"] = hashlib.sha256(weights).hexdigest()
    tasks = [["alice", "Net", number] for number in range(1, MODELS + 1)]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    return hashes


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="it needs signals")
def test_killed_worker_loses_nothing(
    start: Start, bitfount_sandbox: SandboxClients, stored: dict[str, str]
) -> None:
    assert len(set(stored.values())) == MODELS
    slow = Fault(delay=0.05)  # so that the work goes on when the worker is killed
    bitfount_sandbox.sandbox.fail("*/weights/*", slow, service="storage", method="GET", times=None)
    program = start(
        "many_machines.py", "tasks.json", "--hub-url", bitfount_sandbox.sandbox.hub_url,
        PYTHONWARNINGS="",
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stderr is not None
    results = []
    for line in program.stdout:
        results.append(json.loads(line))
        if len(results) == 5:
            killed = results[-1]["process"]
            os.kill(killed, signal.SIGKILL)
    said = program.stderr.read()
    assert program.wait(timeout=100) == 0, said
    assert {result["model"]: result["sha256"] for result in results} == stored
    assert len(results) == MODELS
    assert len({result["process"] for result in results} - {killed}) >= 2
    assert "Restarting worker" in said  # it was killed while the cluster was at work


@pytest.mark.slow
def test_missing_weights_are_reported(
    start: Start, bitfount_sandbox: SandboxClients, tmp_path: Path
) -> None:
    (tmp_path / "tasks.json").write_text('[["alice", "Net", 1]]')
    program = start(
        "many_machines.py", "tasks.json", "--hub-url", bitfount_sandbox.sandbox.hub_url,
        PYTHONWARNINGS="",
    )  # fmt: skip
    printed, said = program.communicate(timeout=100)
    assert (program.returncode, json.loads(printed)["sha256"]) == (1, None), said
