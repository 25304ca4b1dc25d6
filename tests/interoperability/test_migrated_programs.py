"""Programs for the official SDK run here after ``migrate --write``.

Before that, with the name ``bitfount.hub.api`` replaced by ``bitfount_api`` and nothing else, they
are expected to fail: they also import from other modules, or catch the errors of requests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.official import environment
from support.pages import PAGES

from bitfount_api.cli.migration import files
from bitfount_api.cli.migration.analysis import Result
from bitfount_api.sandbox import DEVELOPMENT_PORTS, PortTakenError, Sandbox

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = sorted(Path(__file__).with_name("programs").glob("*.py"))
GUIDE = (PAGES / "guides" / "migrating.md").read_text(encoding="utf-8")
NEEDS_HANDS = {"environment.py"}
"""Programs that use helpers of the SDK without a replacement; ``migrate`` reports them."""

NEEDS_PORTS = {"raw_requests.py"}
"""Programs that call the Hub of the environment, which has the sandbox's own ports."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        sandbox = Sandbox(ports=DEVELOPMENT_PORTS)
    except PortTakenError:
        sandbox = Sandbox()
    with sandbox:
        yield sandbox


def copied(program: Path, folder: Path, sandbox: Sandbox) -> Path:
    """Copy a program, with the addresses of the sandbox."""
    text = program.read_text(encoding="utf-8")
    urls = (sandbox.hub_url, sandbox.access_manager_url, sandbox.smart_on_fhir_url)
    for port, url in zip(("3000", "3001", "3002"), urls, strict=True):
        text = text.replace(f"http://localhost:{port}", url)
    path = folder / program.name
    path.write_text(text, encoding="utf-8")
    return path


def run(program: Path, sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    sandbox.clear()
    sandbox.pair("alice", "https://clinic.example/fhir")
    variables = {"MODELLER_ACCESS_TOKEN": sandbox.token("alice"), **sandbox.environment("alice")}
    path = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "generated")])
    return subprocess.run(
        [sys.executable, program.name],
        check=False, capture_output=True, text=True, cwd=program.parent, timeout=100,
        env=environment(program.parent, PYTHONPATH=path, **variables),
    )  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
@pytest.mark.slow
def test_migrated_program_runs(program: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    if program.name in NEEDS_PORTS and not sandbox.hub_url.endswith(f":{DEVELOPMENT_PORTS.hub}"):
        pytest.skip("another process has the ports of the sandbox")
    copy = copied(program, tmp_path, sandbox)
    report = files.examine(copy)
    files.write(report)
    # A text that names the SDK's logger, for example, does not keep a program from running.
    missing = {place.name for place in report.places if place.result is Result.NOT_OFFERED}
    assert bool(missing) == (program.name in NEEDS_HANDS), missing
    if not missing:
        done = run(copy, sandbox)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_guide_says_how_many_programs_run(sandbox: Sandbox, tmp_path: Path) -> None:
    before = 0
    for program in PROGRAMS:
        copy = copied(program, tmp_path, sandbox)
        text = re.sub(r"\bbitfount\.hub\.api\b", "bitfount_api", copy.read_text(encoding="utf-8"))
        copy.write_text(text, encoding="utf-8")
        before += run(copy, sandbox).returncode == 0
    after = len(PROGRAMS) - len(NEEDS_HANDS)
    found = re.search(r"Of (\d+) programs .*? (\d+) run .*? (\d+) run", GUIDE, re.DOTALL)
    assert found
    assert [int(number) for number in found.groups()] == [len(PROGRAMS), before, after]
