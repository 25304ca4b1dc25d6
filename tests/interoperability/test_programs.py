"""Run the programs of the official SDK's users with the official SDK, where it is installed."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
from pathlib import Path

import pytest
from interoperability import run_programs
from support.official import environment, sandbox_on_its_ports

from benchmarks.official import VARIABLE, find_all

PROGRAMS = sorted(run_programs.FOLDER.glob("*.py"))
HEADER = re.compile(r"# (5\.3|13\.0|5\.3 and 13\.0): [a-z].*\.")

pythons = functools.cache(find_all)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_program_says_what_it_does_and_for_which_version(program: Path) -> None:
    text = program.read_text("utf-8")
    first = text.splitlines()[0]
    assert HEADER.fullmatch(first)
    # The name tells the versions as well.
    suffix = {"5": "5.3", "13": "13.0"}.get(program.stem.rpartition("_")[2], "5.3 and 13.0")
    assert first.startswith(f"# {suffix}:")
    imported = {
        (getattr(node, "module", None) or node.names[0].name).partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert "bitfount" in imported
    assert "bitfount_api" not in imported


@pytest.mark.timeout(600)
@pytest.mark.parametrize("which", [0, 1])
def test_programs_run_with_the_official_sdk(which: int, tmp_path: Path) -> None:
    if which >= len(pythons()):
        pytest.skip(f"{VARIABLE} names {len(pythons())} Pythons that have the official SDK")
    with sandbox_on_its_ports() as sandbox:
        sandbox.pair("alice", "https://clinic.example/fhir")
        variables = {
            "MODELLER_ACCESS_TOKEN": sandbox.token("alice"),
            **sandbox.environment("alice"),
        }
        done = subprocess.run(
            [pythons()[which], run_programs.__file__, "result.json"],
            check=False, capture_output=True, text=True, cwd=tmp_path, timeout=590,
            env=environment(tmp_path, **variables),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert len(found) > 20
    assert {name: result["error"] for name, result in found.items() if "error" in result} == {}
