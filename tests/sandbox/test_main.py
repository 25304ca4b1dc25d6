"""``python -m bitfount_api.sandbox`` in a separate process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from support.sandbox_process import COMMAND, Running, sandbox_process
from support.sandbox_seeds import project_body

from bitfount_api.sandbox import DEVELOPMENT_PORTS, PortTakenError, Sandbox
from bitfount_api.sandbox.__main__ import banner, main

Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    with contextlib.ExitStack() as running:
        yield lambda *arguments: running.enter_context(sandbox_process(*arguments))


Capture = pytest.CaptureFixture[str]


def complaint(capsys: Capture, *arguments: str) -> str:
    """Return the error output of a sandbox that cannot start."""
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_sandbox_cleanly(
    number: signal.Signals, start: Start, tmp_path: Path
) -> None:
    running = start("--free-ports", "--data", str(tmp_path / "data"))
    assert httpx.get(f"{running.url('Hub')}/docs", trust_env=False).status_code == 200
    assert running.end(number) == (0, "Stopping.\n", "")


def test_signal_stops_the_sandbox_with_open_connections(start: Start) -> None:
    running = start("--free-ports")
    with httpx.Client(trust_env=False) as client:
        key = running.key("alice")
        assert client.get(f"{running.url('Hub')}/api/projects", headers=key).status_code == 200
        assert running.end(signal.SIGTERM) == (0, "Stopping.\n", "")


def test_main_in_this_process_restores_the_signals(capsys: Capture) -> None:
    before = signal.getsignal(signal.SIGTERM)
    ended = threading.Event()

    def end() -> None:
        while signal.getsignal(signal.SIGTERM) is before:
            if ended.wait(0.01):
                return
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        assert main(["--free-ports"]) == 0
    finally:
        ended.set()
        thread.join()
    assert capsys.readouterr().out.endswith("Stopping.\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_banner_lists_services_and_users(start: Start, tmp_path: Path) -> None:
    running = start("--free-ports", "--data", str(tmp_path), "--user", "zoe", "--user", "yves")
    for service in ("Hub", "Access manager", "SMART on FHIR"):
        assert httpx.get(f"{running.url(service)}/docs", trust_env=False).status_code == 200
    assert httpx.get(running.url("Object store"), trust_env=False).status_code == 403
    assert f"{tmp_path}  (kept)" in running.banner
    assert re.findall("BITFOUNT_USERNAME=(.*)", running.banner) == ["yves", "zoe"]
    assert f"export SMART_ON_FHIR_URL={running.url('SMART on FHIR')}" in running.banner
    assert f"export BITFOUNT_HUB_URL={running.url('Hub')}" in running.banner
    assert (
        "BITFOUNT_ENVIRONMENT=sandbox is a service that Bitfount runs, not this" in running.banner
    )
    assert "The official SDK sends credentials only to http://localhost:3000 and" in running.banner
    assert "It cannot use this sandbox: start one on these ports, without --host." in running.banner
    assert max(map(len, running.banner.splitlines())) <= 100


def test_temporary_folder_is_deleted_at_the_end(start: Start) -> None:
    running = start("--free-ports")
    found = re.search(r"Data +(\S+)  \(deleted when it stops\)", running.banner)
    assert found
    assert Path(found[1]).is_dir()
    assert running.end(signal.SIGTERM)[0] == 0
    assert not Path(found[1]).exists()


def test_used_port_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        options = ("--hub-port", "0", "--access-manager-port", "0", "--fhir-port", "0")
        command = [*COMMAND, *options, "--storage-port", str(taken)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"The sandbox cannot start: port {taken} on 127.0.0.1, for storage, is in use: "
        "choose another, or 0 for a free port\n"
    )


@pytest.mark.slow
def test_folder_in_use_is_reported_in_one_line(capsys: Capture, tmp_path: Path) -> None:
    with Sandbox(tmp_path):
        said = complaint(capsys, "--free-ports", "--data", str(tmp_path))
    assert re.fullmatch(r"The sandbox cannot start: \S+ is in use by another sandbox.*\n", said)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--user", "No One"), "'No One' is not a valid user name"),
        (("--host", "192.0.2.1"), "assign requested address"),
        (("--host", "nowhere.invalid"), "nowhere.invalid|[Nn]ame|resolution"),
        (("--data", __file__), "File exists|Not a directory"),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(
    arguments: tuple[str, ...], why: str, capsys: Capture
) -> None:
    said = complaint(capsys, "--free-ports", *arguments)
    assert re.fullmatch(rf"The sandbox cannot start: .*(?:{why}).*\n", said)


def test_invalid_object_catalog_is_reported_in_one_line(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "objects.sqlite3").write_bytes(b"my diary\n" * 1000)
    said = complaint(capsys, "--free-ports", "--data", str(tmp_path))
    assert said == "The sandbox cannot start: file is not a database\n"


@pytest.mark.parametrize("port", ["x", "-1", "65536", "", "٣"])
def test_invalid_port_is_reported(port: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--hub-port", port])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].endswith("--hub-port: port must be a number from 0 to 65535")


def test_development_ports_need_only_the_environment(tmp_path: Path) -> None:
    ports = attrs.evolve(DEVELOPMENT_PORTS, smart_on_fhir=0, storage=0)
    try:
        sandbox = Sandbox(tmp_path, ports=ports)
    except PortTakenError:
        pytest.skip("one of the development ports is in use")
    with sandbox:
        shown = banner(sandbox, kept=True)
    assert "Environment variables for clients:\n\n  export BITFOUNT_ENVIRONMENT=dev\n" in shown
    assert "  Hub             http://localhost:3000    (with OAuth" in shown
    assert f'SMARTOnFHIR(session, "{sandbox.smart_on_fhir_url}")' in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_configurations_are_read_from_a_file(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "datasets.yaml"
    file.write_text("alice/scans: {datasource: DICOMSource, datasource_args: {path: scans}}\n")
    running = start("--free-ports", "--configurations", str(file))
    with httpx.Client(trust_env=False, headers=running.key("alice")) as client:
        found = client.get(f"{running.url('Hub')}/api/pods/alice/scans/configuration").json()
    assert found == {
        "configuration": {"datasource": "DICOMSource", "datasource_args": {"path": "scans"}}
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not YAML: "),
        ("\xff", "is not YAML: "),
        ("", "must map identifiers"),
        ("[alice/scans]", "must map identifiers"),
        ("alice/scans: CSVSource", "must map identifiers"),
        ("1: {}", "must map identifiers"),
        ("alice/scans: {}\nscans: {}", "dataset 'scans' is not a valid identifier"),
        ("alice/scans: {at: 2026-01-01}", "the configuration of alice/scans is not JSON"),
        ("alice/scans: {at: .nan}", "the configuration of alice/scans is not JSON"),
        (None, "No such file"),
    ],
)
def test_invalid_configurations_are_reported_in_one_line(
    content: str | None, why: str, capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "datasets.yaml"
    if content is not None:
        file.write_text(content, encoding="latin-1")
    said = complaint(capsys, "--free-ports", "--configurations", str(file))
    assert re.fullmatch(rf"The sandbox cannot start: .*{re.escape(why)}.*\n", said)


def test_restart_keeps_everything(start: Start, tmp_path: Path) -> None:
    running = start("--free-ports", "--data", str(tmp_path))
    key, hub = running.key("alice"), running.url("Hub")
    with httpx.Client(trust_env=False, headers=key) as client:
        made = client.post(f"{hub}/api/projects", json=project_body("kept"))
        body = {"modelName": "M", "modelSize": 3, "modelHash": "0" * 64, "privateModel": True}
        ticket = client.post(f"{hub}/api/models", json=body).json()
    sent = httpx.post(
        ticket["uploadUrl"],
        data=ticket["uploadFields"],
        files={"file": ("M.py", b"abc")},
        trust_env=False,
    )
    assert sent.is_success
    assert running.end(signal.SIGTERM)[0] == 0
    again = start("--free-ports", "--data", str(tmp_path))
    assert again.key("alice") == key
    with httpx.Client(trust_env=False, headers=key) as client:
        (project,) = client.get(f"{again.url('Hub')}/api/projects").json()["projects"]
        assert (project["id"], project["name"]) == (made.json()["projectId"], "kept")
        wanted = {"modellerName": "alice", "modelName": "M"}
        found = client.get(f"{again.url('Hub')}/api/models", params=wanted).json()
        assert found["modelVersion"] == 1
    assert httpx.get(found["modelDownloadUrl"], trust_env=False).content == b"abc"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("redirection", [">/dev/full", "1</dev/null"])
def test_output_that_cannot_be_written_ends_in_one_line(redirection: str) -> None:
    words = ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, "--free-ports"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("The sandbox stops, as it cannot print: ")
    assert done.stderr.count("\n") == 1
