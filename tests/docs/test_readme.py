"""Run the README's code and check its commands and links."""

from __future__ import annotations

import json
import logging
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.other_projects import run_pytest
from support.pages import blocks
from support.shell import check_commands

if TYPE_CHECKING:
    import pytest

    from bitfount_api.pytest_plugin import SandboxClients

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_code_runs_as_shown(
    as_alice: SandboxClients, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    names: dict[str, Any] = {}
    as_alice.sandbox.pair("alice", "https://fhir.clinic.example/r4", nextgen={"practiceId": "2"})
    protocol = {"class_name": "bitfount.ResultsOnly", "algorithm": {}}
    task = {"protocol": protocol, "modeller": "bob", "token": as_alice.sandbox.token("bob")}
    Path("task.json").write_text(json.dumps(task), encoding="utf-8")
    run = [
        block.body for block in blocks(README) if block.language == "python" and block.title is None
    ]
    assert len(run) == 7
    with caplog.at_level(logging.WARNING):
        for block in run[:4]:
            exec(compile(block, "README.md", "exec"), names)
        assert names["result"]["response_type"].value == "NO_ACCESS"
        as_alice.sandbox.grant("alice/scans", "bob")
        for block in run[3:]:
            exec(compile(block, "README.md", "exec"), names)
    assert names["result"]["response_type"].value == "ACCEPT"
    assert names["model_class"].__name__ == "Net"
    assert "class Net(BitfountModel)" in names["code"]
    assert names["weights"] == Path("copy.pt").read_bytes() == Path("weights.pt").read_bytes()
    printed = capsys.readouterr().out
    assert "'podIdentifier': 'alice/scans'" in printed
    assert "{'practiceId': '2'}" in printed
    assert "[True, False]" in printed
    assert "alice/other" in caplog.text


def test_readme_tests_pass_as_shown(tmp_path: Path) -> None:
    files = [block for block in blocks(README) if block.title]
    assert [block.title for block in files] == ["test_pods.py"]
    (tmp_path / "test_pods.py").write_text(files[0].body, encoding="utf-8")
    ran = run_pytest(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_readme_commands_and_options_exist() -> None:
    shown = [block for block in blocks(README) if block.language == "sh"]
    assert len(shown) >= 3
    for block in shown:
        check_commands(block)


def test_readme_make_targets_exist() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    named = set(re.findall(r"make ([a-z-]+)", README))
    assert {"demo", "test", "sandbox", "generate", "check-generated", "spec-diff"} <= named
    assert named <= set(re.findall(r"make (\S+)", listed))


def test_the_first_screen_has_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:25])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_links_resolve() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    for target in targets:
        if not target.startswith("https://"):
            assert (ROOT / target).exists(), target
