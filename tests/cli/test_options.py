"""The options of every command, before and after it."""

from __future__ import annotations

import json
import subprocess

from cli.console import COMMAND, Console


def test_service_options_are_accepted_anywhere(console: Console) -> None:
    services = console.services
    console.options = []
    for words in (
        ["projects", *services, "list"],
        ["projects", "list", "--limit", "1", *services, "--timeout", "9", "--ca", "system"],
        [*services[:2], "projects", "list", *services[2:]],
    ):
        outcome = console.run(*words, "--json")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.json["totalProjects"] == 0


def test_the_last_of_two_options_counts(console: Console) -> None:
    console.environment["BITFOUNT_WEB_MAX_RETRIES"] = "0"
    assert console.spawn("projects", "list", "--hub-url", "http://127.0.0.1:1").code == 5
    words = ("--username", "bob", "whoami", "--username", "alice", "--offline")
    assert console.spawn(*words).out.split()[:2] == ["User:", "alice"]


def test_invalid_option_is_reported_at_its_place(console: Console) -> None:
    outcome = console.spawn("pods", "show", "alice/none", "--timeout", "x")
    assert outcome.code == 2
    assert "See 'bitfount-api pods show --help'." in outcome.err


def test_module_runs_the_command_line(console: Console) -> None:
    environment = console.all_variables()
    command = [*COMMAND[:2], "bitfount_api", "whoami", "--json", *console.services]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60)
    assert json.loads(done.stdout)["username"] == "alice"
