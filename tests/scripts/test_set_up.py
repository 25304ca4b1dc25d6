"""Set-up says which step failed, why, and what to do."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import set_up
from support.http_server import serving
from support.locks import bundled_pip

pytestmark = pytest.mark.slow

SCRIPT = Path(set_up.__file__)
LOCK = "idna==3.20 --hash=sha256:" + "0" * 64 + "\n"


def run(
    folder: Path, *options: object, python: Path = Path(sys.executable), **variables: str
) -> subprocess.CompletedProcess[str]:
    (folder / "lock.txt").write_text(LOCK)
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PIP_") and not name.upper().endswith("_PROXY")
    }
    # A wheel of pip makes the environment three seconds sooner than the ensurepip that is default.
    options = options or ("create", "venv", "lock.txt", "--pip", bundled_pip())
    return subprocess.run(
        [str(word) for word in (python, SCRIPT, *options)],
        env={**own, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def check_last_lines(run: subprocess.CompletedProcess[str], *patterns: str) -> None:
    assert run.returncode == 1
    assert run.stdout == ""
    lines = run.stderr.splitlines()[-4:]
    for line, pattern in zip(lines, patterns, strict=False):
        assert re.match(pattern, line), run.stderr


def test_missing_network_is_named_as_the_cause(tmp_path: Path) -> None:
    check_last_lines(
        run(tmp_path, PIP_INDEX_URL=f"http://127.0.0.1:{unused_port()}/simple"),
        r"Set-up failed while installing lock\.txt\.",
        r"Why: The package index cannot be reached \(",
        r"What to do: Connect to a network\. Behind a proxy: export HTTPS_PROXY=",
        r"The whole output: venv/set-up\.log",
    )
    assert "Connection refused" in (tmp_path / "venv" / set_up.LOG).read_text()


def test_unreachable_proxy_is_named_as_the_cause(tmp_path: Path) -> None:
    proxy = f"http://somebody:secret@127.0.0.1:{unused_port()}"
    tried = run(tmp_path, PIP_INDEX_URL="https://index.example/simple", HTTPS_PROXY=proxy)
    check_last_lines(
        tried,
        r"Set-up failed while installing lock\.txt\.",
        r"Why: The proxy, or the package index behind it, cannot be reached \(",
        r"What to do: Check HTTPS_PROXY",
    )
    assert "secret" not in tried.stderr + (tmp_path / "venv" / set_up.LOG).read_text()


def test_index_without_the_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "simple" / "idna").mkdir(parents=True)
    link = '<a href="idna-1.0-py3-none-any.whl">idna-1.0-py3-none-any.whl</a>'
    page = f"<!DOCTYPE html><html><body>{link}</body></html>"
    (tmp_path / "simple" / "idna" / "index.html").write_text(page)
    check_last_lines(
        run(tmp_path, PIP_INDEX_URL=(tmp_path / "simple").as_uri()),
        r"Set-up failed while installing lock\.txt\.",
        r"Why: The package index has no such version .*\(No matching distribution .* idna==3\.20\)",
        r"What to do: If the index is a mirror, it may be out of date\.",
    )


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_python_without_venv_is_reported(
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # As Debian's is without python3-venv. That cannot be taken out of the Python that runs this.
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else real(name)
    )
    (tmp_path / "lock.txt").write_text(LOCK)
    assert set_up.main(["create", str(tmp_path / "venv"), str(tmp_path / "lock.txt")]) == 1
    lines = capsys.readouterr().err.splitlines()[-3:]
    assert lines[1] == f"Why: {sys.executable} comes without {missing}."
    assert "apt install python3-venv" in lines[2]


def test_folder_with_other_files_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "thesis").write_text("years of work")
    check_last_lines(
        run(tmp_path),
        "",
        r"Set-up failed while creating venv\.",
        r"Why: venv contains other files\.",
        r"What to do: Choose another folder",
    )
    assert (tmp_path / "venv" / "thesis").read_text() == "years of work"


@pytest.mark.parametrize("status", [401, 403, 503])
def test_index_that_rejects_requests_is_named(tmp_path: Path, status: int) -> None:
    with serving(lambda _: (status, {}, b"")) as index:
        tried = run(tmp_path, PIP_INDEX_URL=f"{index}/simple")
    check_last_lines(
        tried,
        r"Set-up failed while installing lock\.txt\.",
        r"Why: The package index gave no usable answer",
        r"What to do: Check the index",
    )


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "venv").write_text("a file")
    check_last_lines(run(tmp_path), r"", r"Set-up failed while creating venv\.", r"Why: .*'venv'")
    assert (tmp_path / "venv").read_text() == "a file"


def older_python(version: str) -> Path:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [Path(folder) / f"python{version}" for folder in folders]
    for python in [*candidates, *pyenv.glob(f"{version}.*/bin/python")]:
        # A shim of pyenv may be there without the Python.
        if python.exists() and not subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL):
            return python
    pytest.skip(f"there is no Python {version}")


@pytest.mark.parametrize("version", ["3.10", "3.9", "3.8"])
def test_older_python_is_rejected_in_one_line(tmp_path: Path, version: str) -> None:
    python = older_python(version)
    refused = run(tmp_path, python=python)
    assert refused.returncode == 1
    assert re.fullmatch(
        rf"Python 3\.11 or newer is needed, and \S+ is {version}\.\d+\. "
        r"Choose another: make PYTHON=python3\.13 \.\.\.\n",
        refused.stderr,
    )


def test_pip_configuration_of_the_user_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("idna<3\n")
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "pip.conf").write_text(
        f"[global]\nconstraint = {tmp_path / 'constraints.txt'}\nuser = true\n"
        f"extra-index-url = file://{tmp_path}/not-there\n[install]\ntarget = {elsewhere}\n"
    )
    wheel = bundled_pip()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    version = wheel.name.split("-")[1]
    (tmp_path / "some.txt").write_text(f"pip=={version} --hash=sha256:{digest}\n")
    done = run(
        tmp_path,
        *("create", "venv", "some.txt"),
        PIP_CONFIG_FILE=str(tmp_path / "pip.conf"),
        PIP_FIND_LINKS=str(wheel.parent),
        PIP_NO_INDEX="1",
        PIP_PREFIX=str(elsewhere),
        PYTHONPATH="/other",
    )
    assert done.returncode == 0, done.stderr
    assert not elsewhere.exists()
    assert done.stderr.splitlines() == [
        f"Creating venv with Python {platform.python_version()}",
        "Installing 1 package from some.txt",
    ]


def test_index_settings_of_the_user_are_kept() -> None:
    listed = (
        ":env:.index-url='https://of-a-variable.example'\n"
        "global.index-url='https://of-a-file.example'\n"
        "global.extra-index-url='https://one.example\\nhttps://two.example'\n"
        "install.target='/elsewhere'\nglobal.user='true'\n"
    )
    assert set_up.kept_settings(listed) == {
        "PIP_INDEX_URL": "https://of-a-variable.example",
        "PIP_EXTRA_INDEX_URL": "https://one.example https://two.example",
    }


def test_environment_is_rebuilt_only_for_another_lock(tmp_path: Path) -> None:
    options = ("create", "venv", "empty.txt", "--pip", bundled_pip())
    for text, again in (("", True), ("", False), ("# changed", True)):
        (tmp_path / "empty.txt").write_text(text)
        done = run(tmp_path, *options)
        assert done.returncode == 0
        assert ("Creating" in done.stderr) == again, (text, done.stderr)


def test_moved_environment_is_rebuilt(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    pip = ("--pip", bundled_pip())
    assert "Creating" in run(tmp_path, "create", "venv", "empty.txt", *pip).stderr
    (tmp_path / "venv").rename(tmp_path / "moved")
    assert "Creating" in run(tmp_path, "create", "moved", "empty.txt", *pip).stderr
    assert "Creating" not in run(tmp_path, "create", "moved", "empty.txt", *pip).stderr
    # As if another Python had made it.
    installed = tmp_path / "moved" / set_up.INSTALLED
    first, rest = installed.read_text().split("\n", 1)
    installed.write_text(f"{first} another\n{rest}")
    assert "Creating" not in run(tmp_path, "create", "moved", "empty.txt", "--any-python").stderr
    assert "Creating" in run(tmp_path, "create", "moved", "empty.txt", *pip).stderr


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    output = (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    )
    why, remedy = set_up.explain(output)
    assert why.startswith("The disk is full (")
    assert remedy.startswith("Free some space")


def test_last_line_of_a_pip_exception_is_shown() -> None:
    why, _ = set_up.explain(
        "ERROR: Exception:\nTraceback (most recent call last):\nKeyError: 'x'\n"
    )
    assert why == "KeyError: 'x'"
