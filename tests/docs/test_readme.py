"""Run the README's code and check its commands and links."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from support.other_projects import run_pytest
from support.pages import blocks
from support.shell import check_commands

if TYPE_CHECKING:
    import pytest

    from bitfount_api.pytest_plugin import SandboxClients

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_code_runs_as_shown(
    as_alice: SandboxClients, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [
        block.body for block in blocks(README) if block.language == "python" and block.title is None
    ]
    assert len(run) == 1
    exec(compile(run[0], "README.md", "exec"), {})
    assert capsys.readouterr().out == "offline\n"
    assert Path("copy.pt").read_bytes() == Path("weights.pt").read_bytes()
    code = as_alice.hub("alice").get_model_code("alice", "Net")
    assert code == Path("Net.py").read_text(encoding="utf-8")


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
    assert {"demo", "test", "sandbox", "docs"} <= named
    assert named <= set(re.findall(r"make (\S+)", listed))


def test_the_first_screen_is_complete() -> None:
    """What it is, that it is not published yet, two commands, ten lines of code, a picture."""
    first_screen, _, rest = README.partition("\n## ")
    assert len(first_screen.splitlines()) <= 40
    for words in ("Python client", "It is for", "make demo", "make test", "not published yet"):
        assert words in first_screen
    code = [block for block in blocks(first_screen) if block.language == "python"]
    assert len([line for line in code[0].body.splitlines() if line]) <= 10
    assert first_screen.count("![") == 1
    assert "![" not in rest


def test_the_table_has_the_measured_costs() -> None:
    assert (ROOT / "benchmarks" / "costs.md").read_text(encoding="utf-8") in README


def test_links_resolve() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    for target in targets:
        if not target.startswith("https://"):
            assert (ROOT / target).exists(), target
