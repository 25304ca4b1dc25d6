"""The sandbox as a command: started, used, stopped, and cleaned up."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from cli.console import Console

from bitfount_api.cli import demo_data


@attrs.define
class Running:
    process: subprocess.Popen[bytes]
    printed: dict[str, Any]

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@contextmanager
def started(console: Console, *options: object, as_json: bool = True) -> Iterator[Running]:
    """A sandbox that a command runs, once it is ready."""
    words = ("sandbox", "--free-ports", *(["--json"] if as_json else []), *options)
    process = console.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        text = b""
        while not text.endswith(b"\n}\n") and b"\nUsers:" not in text:
            line = process.stdout.readline()
            assert line, process.communicate()[1].decode()
            text += line
        yield Running(process, json.loads(text) if as_json else fields(text.decode()))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def fields(text: str) -> dict[str, str]:
    """The first word of each value, by its name."""
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value.split()[0] for name, _, value in lines}


def advice(process: subprocess.Popen[bytes]) -> list[str]:
    """The commands that it suggests."""
    assert process.stderr is not None
    lines = []
    while (line := process.stderr.readline().decode()) != "Stop it with Ctrl-C.\n":
        assert line
        lines.append(line)
    return [line.strip() for line in lines if line.startswith("  ")]


URLS = {
    "hubUrl": "Hub",
    "accessManagerUrl": "Access manager",
    "smartOnFhirUrl": "SMART on FHIR",
}
"""The names of the services in JSON, and as they are printed."""


def options_for(printed: dict[str, Any]) -> list[str]:
    return ["--hub-url", printed["hubUrl"], "--access-manager-url", printed["accessManagerUrl"]]


def test_sandbox_hints_work_and_nothing_is_left(console: Console) -> None:
    console.be(None)
    console.options = []
    with started(console, "--demo", "--env-file", "s.env", as_json=False) as running:
        assert stat.S_IMODE(os.stat("s.env").st_mode) == 0o600
        assert Path(running.printed["Data"]).is_dir()
        for line in Path("s.env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            console.environment[name] = value
        typed = advice(running.process)
        assert typed[0] == ". ./s.env"
        for line in typed[1:]:
            console.ok(*line.split()[1:])
        assert len(typed) == 7
        assert all("--hub-url" not in line for line in typed)
        assert Path(f"{demo_data.MODEL}.py").exists()
        assert running.stop(signal.SIGINT) == 130
        assert not Path("s.env").exists()
        assert not Path(running.printed["Data"]).exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.printed["Hub"])


def typed_in_sh(console: Console, *lines: str) -> dict[str, Any]:
    """The JSON that lines typed in a new shell print, without any setting but theirs."""
    console.environment = {}
    program = console.folder / "bin" / "bitfount-api"
    program.parent.mkdir(exist_ok=True)
    command = f'exec {shlex.quote(sys.executable)} -m bitfount_api.cli "$@"'
    program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    program.chmod(0o700)
    run = subprocess.run(
        ["sh", "-ec", "\n".join(lines)],
        env={
            **console.all_variables(),
            "BITFOUNT_STORAGE_PATH": str(console.folder / "storage"),
            "PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]]),
        },
        cwd=console.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.mark.parametrize("format_", ["shell", "dotenv"])
def test_sourced_settings_lead_to_the_sandbox(console: Console, format_: str) -> None:
    console.options = []
    file = "with a space.env"
    options = ("--env-file", file, "--format", format_)
    with started(console, *options, as_json=False) as running:
        line = advice(running.process)[0]
        found = typed_in_sh(console, line, "bitfount-api whoami --json")
        assert (found.pop("expiresAt"), found.pop("profile")) == (None, None)
        assert found == {
            "username": "alice",
            "credentials": "API keys",
            "checked": True,
            "environment": "dev",
            **{name: running.printed[label] for name, label in URLS.items()},
        }
        key = typed_in_sh(console, line, "bitfount-api access key --json")
        assert "BEGIN PUBLIC KEY" in key["publicKey"]


def test_docker_reads_the_settings_unchanged(console: Console) -> None:
    with started(console, "--env-file", "s.env", "--format", "dotenv", "--show") as running:
        text = Path("s.env").read_text(encoding="ascii")
        keys = running.printed["credentials"]["alice"]
        # Docker keeps each character after the first "=".
        assert dict(line.split("=", 1) for line in text.splitlines()) == {
            **running.printed["environment"],
            **keys,
        }


def test_powershell_settings_are_shown_for_powershell(console: Console) -> None:
    options = ("--env-file", "s.ps1", "--format", "powershell")
    with started(console, *options, as_json=False) as running:
        assert advice(running.process)[0] == ". './s.ps1'"
        text = Path("s.ps1").read_text(encoding="ascii")
        assert f"$env:BITFOUNT_HUB_URL = '{running.printed['Hub']}'\n" in text


def test_powershell_file_has_the_ending_that_it_loads(console: Console) -> None:
    options = ("--free-ports", "--env-file", "s.env", "--format", "powershell")
    outcome = console.run("sandbox", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert "ends in .ps1" in outcome.err
    assert not Path("s.env").exists()


def test_existing_settings_file_is_kept(console: Console) -> None:
    Path("s.env").write_text("MINE=1\n", encoding="utf-8")
    outcome = console.run("sandbox", "--free-ports", "--env-file", "s.env")
    assert (outcome.code, outcome.out) == (6, "")
    assert "s.env already exists. Choose another name, or delete it." in outcome.err
    assert Path("s.env").read_text(encoding="utf-8") == "MINE=1\n"


def test_printed_settings_lead_a_login_to_the_sandbox(console: Console) -> None:
    console.options = []
    with started(console, as_json=False) as running:
        *settings, login = advice(running.process)
        assert login == "bitfount-api login"
        found = typed_in_sh(console, *settings, "bitfount-api doctor --json || true")
        texts = " ".join(finding["text"] for finding in found["findings"])
        assert f"the authorization server ({running.printed['Hub']})" in texts


def test_closed_terminal_leaves_no_settings_and_data(console: Console) -> None:
    with started(console, "--env-file", "s.env") as running:
        assert Path("s.env").exists()
        assert running.stop(signal.SIGHUP) == 129
        assert not Path("s.env").exists()
        assert not Path(running.printed["data"]).exists()


def test_format_without_a_file_is_refused(console: Console) -> None:
    outcome = console.run("sandbox", "--free-ports", "--format", "dotenv")
    assert outcome.code == 2
    assert "--env-file" in outcome.err


def test_cloud_of_the_same_name_is_told_apart(console: Console) -> None:
    for command in ((), ("sandbox",)):
        text = " ".join(console.ok(*command, "--help").out.split())
        assert "which Bitfount runs" in text or "a service that Bitfount runs" in text
    console.environment["BITFOUNT_ENVIRONMENT"] = "sandbox"
    assert "the local sandbox is dev" in console.run("doctor", "--offline").out


def test_api_keys_are_shown_only_on_request(console: Console) -> None:
    with started(console) as running:
        assert "credentials" not in running.printed
        assert running.printed["users"] == ["alice", "bob", "carol"]
        assert running.stop(signal.SIGTERM) == 143
        assert not Path(running.printed["data"]).exists()
    with started(console, "--show", "--user", "dora") as running:
        ((name, keys),) = running.printed["credentials"].items()
        assert (name, keys["BITFOUNT_USERNAME"]) == ("dora", "dora")
        console.environment = dict(keys)
        assert console.json(*options_for(running.printed), "whoami")["username"] == "dora"


@pytest.mark.slow
def test_kept_state_is_available_after_a_restart(console: Console) -> None:
    with started(console, "--demo", "--data", "kept") as running:
        assert running.stop(signal.SIGINT) == 130
    with started(console, "--demo", "--data", "kept", "--show") as running:
        console.environment = dict(running.printed["credentials"]["alice"])
        page = console.json(*options_for(running.printed), "projects", "list")
        assert [project["name"] for project in page["projects"]] == [demo_data.PROJECT]


def test_used_port_is_reported(console: Console) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Another run of this test may take the port at the same time, and neither frees it early.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            taken.bind(("127.0.0.1", 3001))
            taken.listen()
        except OSError:
            pass  # another process uses it, which is as good
        outcome = console.run("sandbox")
    assert (outcome.code, outcome.out) == (6, "")
    assert "--free-ports" in outcome.err
    assert outcome.err.count("\n") == 1


def test_host_that_is_not_found_is_named(console: Console) -> None:
    outcome = console.run("sandbox", "--free-ports", "--host", "none.invalid")
    assert (outcome.code, outcome.out) == (6, "")
    assert "Error: The sandbox cannot listen on none.invalid: " in outcome.err
    assert outcome.err.endswith("Give an address or a host name of this machine.\n")


def test_configurations_are_set_from_a_file(console: Console) -> None:
    file = Path("datasets.yaml")
    file.write_text("dora/scans: {datasource: CSVSource}\n", encoding="utf-8")
    with started(console, "--show", "--user", "dora", "--configurations", file) as running:
        keys = running.printed["credentials"]["dora"]
        headers = {
            "x-api-key-id": keys["BITFOUNT_API_KEY_ID"].partition(":")[0],
            "x-api-key": keys["BITFOUNT_API_KEY"].partition(":")[0],
        }
        url = f"{running.printed['hubUrl']}/api/pods/dora/scans/configuration"
        found = httpx.get(url, headers=headers, trust_env=False).json()
    assert found == {"configuration": {"datasource": "CSVSource"}}
    file.write_text("scans: {}", encoding="utf-8")
    outcome = console.run("sandbox", "--free-ports", "--configurations", file)
    assert (outcome.code, outcome.out) == (6, "")
    assert "dataset 'scans' is not a valid identifier" in outcome.err


def test_existing_settings_file_is_not_replaced(console: Console) -> None:
    Path("s.env").touch()
    outcome = console.run("sandbox", "--free-ports", "--env-file", "s.env")
    assert outcome.code == 6
    assert Path("s.env").exists()
