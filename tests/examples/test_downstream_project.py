"""Run the tests of another project, which use the plugin, in a separate folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.examples import EXAMPLES
from support.other_projects import run_pytest

pytestmark = pytest.mark.slow


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return run_pytest(folder, "-W", "error", "-p", "no:asyncio")


def test_tests_of_the_example_project_pass(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "downstream_project", tmp_path / "project"))
    result = run(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None
    assert int(passed[1]) == 4


def test_tests_of_the_example_project_find_a_bug(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "downstream_project", tmp_path / "project"))
    program = folder / "nightly.py"
    code = program.read_text(encoding="utf-8")
    assert "is not None:\n            continue" in code
    program.write_text(code.replace("is not None:\n", "is None:\n"), encoding="utf-8")
    assert run(folder).returncode == 1
