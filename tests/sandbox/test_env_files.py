"""Environment files as their readers read them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bitfount_api.sandbox import Sandbox
from bitfount_api.sandbox.env_files import FORMATS, dotenv, env_file, powershell

HARD = {
    "PLAIN": "https://hub.test:3000/a_b-c~d?e=f",
    "EMPTY": "",
    "SPACES": "  two words ",
    "QUOTES": """it's "so" `so`""",
    "DOLLARS": "$HOME ${HOME} $(id) \\$ %PATH% !!",
    "GLOBS": "http://[::1]:3000/* ? ; & | < > # x",
    "TWO_LINES": "one\ntwo",  # zsh has LINES of its own
    "TYPOGRAPHIC": "\u2018\u2019\u201a\u201b \u201c\u201d",
}
SIMPLE = {"URL": "http://[::1]:3000", "KEY": "a-b_c.d:e=+/@%,", "EMPTY": ""}
PRINT = "import json, os, sys; print(json.dumps(dict(os.environ)))"


def sourced(shell: str, path: Path, before: str = "", after: str = "") -> dict[str, str]:
    """The variables of a process that a shell starts after it has read the file."""
    script = f'{before}\n. "$1"\n{after}\nexec "$2" -c "$3"'
    run = subprocess.run(
        [shell, "-c", script, shell, str(path), sys.executable, PRINT],
        env={"LC_ALL": "C.UTF-8", "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(run.stdout))


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh"])
def test_shell_file_is_read_by_real_shells(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    path = tmp_path / "a.env"
    path.write_text(env_file(HARD, "shell"), encoding="utf-8")
    found = sourced(shell, path)
    assert {name: found[name] for name in HARD} == HARD


def as_docker(text: str) -> dict[str, str]:
    """What ``docker run --env-file`` reads: lines as they are, without any quoting."""
    return dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))


def as_systemd(text: str) -> dict[str, str]:
    """What ``EnvironmentFile=`` reads: values are stripped, quotes and backslashes removed."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        assert not line.startswith(("#", ";"))
        found[name] = re.sub(r"\\(.)|['\"]", r"\1", value.strip())
    return found


def test_dotenv_file_is_the_same_for_all_readers(tmp_path: Path) -> None:
    text = env_file(SIMPLE, "dotenv")
    assert "export" not in text
    assert as_docker(text) == as_systemd(text) == SIMPLE
    path = tmp_path / "a.env"
    path.write_text(text, encoding="utf-8")
    found = sourced("sh", path, "set -a", "set +a")
    assert {name: found[name] for name in SIMPLE} == SIMPLE


@pytest.mark.parametrize(
    "value", [" x", "x ", "a b", "'x'", '"x"', "a\\b", "a\nB=c", "$HOME", "a#b", "`id`", "a;b", "é"]
)
def test_dotenv_value_that_readers_disagree_on_raises(value: str) -> None:
    with pytest.raises(ValueError, match=r"^NAME has .* use the format shell$") as caught:
        dotenv("NAME", value)
    assert "id" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("https://hub.test:3000", "$env:NAME = 'https://hub.test:3000'"),
        ("it's", "$env:NAME = 'it''s'"),
        ('$HOME `n "x"', "$env:NAME = '$HOME `n \"x\"'"),
        (
            "\u2018\u2019\u201a\u201b",
            "$env:NAME = '\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b'",
        ),
    ],
)
def test_powershell_value_is_a_literal_text(value: str, line: str) -> None:
    assert powershell("NAME", value) == line


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="there is no PowerShell")
def test_powershell_file_is_read_by_powershell(tmp_path: Path) -> None:
    path = tmp_path / "a.ps1"
    path.write_text(env_file(HARD, "powershell"), encoding="utf-8-sig")
    script = f". '{path}'; [Environment]::GetEnvironmentVariables() | ConvertTo-Json"
    run = subprocess.run(["pwsh", "-Command", script], capture_output=True, text=True, check=True)
    assert all(name in run.stdout for name in HARD)


def test_settings_of_a_sandbox_can_be_written_in_all_formats() -> None:
    with Sandbox(host="::1") as sandbox:
        variables = sandbox.environment("alice")
        assert "[" in variables["BITFOUNT_HUB_URL"]
        for format_ in FORMATS:
            assert env_file(variables, format_).count("\n") == len(variables)
