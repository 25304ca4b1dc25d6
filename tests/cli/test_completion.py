"""Shells complete commands and options."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cli.console import Console


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_exists_for_each_shell(console: Console, shell: str) -> None:
    outcome = console.ok("completion", shell)
    assert "_BITFOUNT_API_COMPLETE" in outcome.out
    assert outcome.err == ""
    assert console.json("completion", shell) == {"shell": shell, "script": outcome.out}


def test_unknown_shell_is_rejected_in_one_line(console: Console) -> None:
    outcome = console.run("completion", "ksh")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert "--help" in outcome.err


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("completion ''", "bash zsh fish"),
        ("c", "compute clusters completion"),
        ("compute ''", "register csr certificate"),
        ("clusters ''", "create link datasets"),
        ("pods a", "archive"),
        ("projects s", "show"),
        ("pods archive --y", "--yes"),
        ("compute certificate c-1 --ca", "--ca-output"),
    ],
)
def test_bash_completes(console: Console, tmp_path: Path, words: str, completed: str) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(console.ok("completion", "bash").out, encoding="utf-8")
    program = tmp_path / "bitfount-api"
    from cli.console import COMMAND

    program.write_text(f'#!/bin/sh\nexec {COMMAND[0]} -m bitfount_api.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    typed = f"""
        . {script}
        COMP_WORDS=(bitfount-api {words}) COMP_CWORD={len(words.split())}
        _bitfount_api_completion {program}
        echo "${{COMPREPLY[@]}}"
    """
    answer = subprocess.run(
        ["bash", "-c", typed], capture_output=True, env=console.all_variables(), timeout=60
    )
    assert answer.stdout.decode().split() == completed.split(), answer
