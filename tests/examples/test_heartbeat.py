"""Test that the heartbeat service continues after failures and stops on signals."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.examples import Start
from support.rsa_keys import key_pair

from bitfount_api import BitfountSchema, PodPublicMetadata, save_private_key
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

PRIVATE_KEY, PUBLIC_KEY = key_pair()
HEARTBEATS = {"service": "hub", "method": "PATCH"}


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def heartbeats(clients: SandboxClients) -> int:
    return sum(seen.method == "PATCH" for seen in clients.sandbox.requests)


@pytest.fixture
def pod(bitfount_sandbox: SandboxClients, tmp_path: Path) -> SandboxClients:
    schema = BitfountSchema(name="scans").to_json()
    manager_key = bitfount_sandbox.access_manager("alice").get_access_manager_key()
    metadata = PodPublicMetadata("scans", "Scans", "For a test", schema)
    bitfount_sandbox.hub("alice").register_pod(metadata, PUBLIC_KEY, manager_key)
    save_private_key(PRIVATE_KEY, tmp_path / "scans.pem")
    return bitfount_sandbox


def run(start: Start, clients: SandboxClients) -> subprocess.Popen[str]:
    return start(
        "heartbeat.py", "scans", "--key", "scans.pem", "--interval", "0.2",
        "--hub-url", clients.sandbox.hub_url,
    )  # fmt: skip


@pytest.mark.slow
def test_heartbeat_continues_after_faults_until_sigterm(start: Start, pod: SandboxClients) -> None:
    service = run(start, pod)
    wait_for(lambda: heartbeats(pod) >= 2, "no heartbeat came")
    details = pod.hub("alice").get_pod("alice/scans")
    assert details is not None
    assert details["isOnline"]
    for fault in (Fault(status=403), Fault(reset_after=0), Fault(delay=1), Fault(status=503)):
        pod.sandbox.fail("/api/pods", fault, times=3, **HEARTBEATS)
    before = heartbeats(pod)
    wait_for(lambda: heartbeats(pod) >= before + 20, "it has not gone on")
    service.send_signal(signal.SIGTERM)
    _, said = service.communicate(timeout=30)
    assert service.returncode == 0
    lines = [line.split(" heartbeat ", 1)[1] for line in said.splitlines() if " heartbeat " in line]
    assert lines[0] == "online: scans"
    assert lines[1].startswith("not online: do_pod_heartbeat")
    assert lines[2] == "online: scans"  # failures in a row are logged once
    assert lines[-1] == "stopped"
    assert pod.sandbox.user("alice").api_key not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_heartbeat_ends_during_a_hanging_request(
    number: signal.Signals, start: Start, pod: SandboxClients
) -> None:
    pod.sandbox.fail("/api/pods", Fault(delay=20), times=None, **HEARTBEATS)
    service = start("heartbeat.py", "scans", "--key", "scans.pem", "--hub-url", pod.sandbox.hub_url)
    wait_for(lambda: heartbeats(pod) == 1, "no heartbeat came")
    service.send_signal(number)
    _, said = service.communicate(timeout=15)
    assert service.returncode == 0
    assert said.rstrip().endswith("stopped")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["Scans", "--key", "scans.pem"], "the pod name is 'Scans'"),
        (["scans", "--key", "nothing.pem"], "nothing.pem"),
    ],
)
def test_heartbeat_ends_on_permanent_errors(
    arguments: list[str], complaint: str, start: Start, pod: SandboxClients
) -> None:
    service = start("heartbeat.py", *arguments, "--hub-url", pod.sandbox.hub_url)
    _, said = service.communicate(timeout=30)
    assert service.returncode == 1
    assert complaint in said
    assert "Traceback" not in said
