"""The command line works when PyInstaller has frozen it into a program without Python."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession, _pyinstaller
from bitfount_api.sandbox import Sandbox

HAS_PYINSTALLER = importlib.util.find_spec("PyInstaller") is not None
# Installed for these tests; who freezes the command line has none of them.
DEVELOPMENT = ("IPython", "hypothesis", "numpy", "pandas", "pytest", "setuptools")
MODEL = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"


def test_hooks_are_found_by_their_entry_point() -> None:
    (folder,) = _pyinstaller.get_hook_dirs()
    assert (Path(folder) / "hook-bitfount_api.py").is_file()
    found = importlib.metadata.entry_points(group="pyinstaller40", name="hook-dirs")
    ours = [each for each in found if each.value == "bitfount_api._pyinstaller:get_hook_dirs"]
    if not ours:
        pytest.skip("the project was installed before it had this entry point")
    assert ours[0].load()() == [folder]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frozen")
    script = folder / "main.py"
    script.write_text("from bitfount_api.cli import main\n\nmain()\n", encoding="utf-8")
    words = ["--noconfirm", "--log-level", "WARN", "--name", "program", "main.py"]
    words += [f"--exclude-module={name}" for name in DEVELOPMENT]
    hooks = [f"--additional-hooks-dir={each}" for each in _pyinstaller.get_hook_dirs()]
    environment = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "PyInstaller", *hooks, *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "dist" / "program" / ("program.exe" if os.name == "nt" else "program")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def variables(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The environment without Python's own settings, which a program must not need."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        **sandbox.user("alice").environment(),
        "BITFOUNT_STORAGE_PATH": str(folder / "storage"),
        "NO_PROXY": "localhost,127.0.0.1",
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not HAS_PYINSTALLER, reason="PyInstaller is not installed")
def test_frozen_command_line_runs_all_commands(
    program: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    environment = variables(sandbox, tmp_path)
    services = [
        *("--hub-url", sandbox.hub_url, "--auth-domain", sandbox.hub_url),
        *("--access-manager-url", sandbox.access_manager_url),
        *("--smart-on-fhir-url", sandbox.smart_on_fhir_url),
    ]

    def run(*words: str) -> str:
        done = subprocess.run(
            [program, *services, *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    assert "Commands:" in run("--help")
    for command in ("pods", "models", "weights", "projects", "keys", "access", "fhir", "sandbox"):
        assert "Usage:" in run(command, "--help")
    assert json.loads(run("projects", "create", "Screening", "--json"))
    assert "Screening" in run("projects", "list")
    (tmp_path / "Net.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "w.bin").write_bytes(b"weights" * 10_000)
    run("models", "push", "Net.py")
    run("weights", "push", "Net:1", "w.bin")
    user = sandbox.user("alice")
    with BitfountSession(APIKeysHandler(user.api_key_id, user.api_key, "alice")) as session:
        hub = BitfountHub(session, sandbox.hub_url)
        hub.send_weights("Net", 1, tmp_path / "w.bin", compress=True)
    run("weights", "pull", "alice/Net:1", "--output", "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == b"weights" * 10_000
    run("keys", "generate", "a.pem", "--bits", "2048")
    (tmp_path / "old.py").write_text("import bitfount\n", encoding="utf-8")
    assert "+import bitfount_api\n" in run("migrate", "old.py")
    texts = [finding["text"] for finding in json.loads(run("doctor", "--json"))["findings"]]
    assert not [text for text in texts if "not installed" in text]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not HAS_PYINSTALLER, reason="PyInstaller is not installed")
def test_pydantic_is_frozen_only_with_its_users(program: Path) -> None:
    assert importlib.util.find_spec("pydantic_core") is not None
    assert [path.name for path in program.parent.rglob("pydantic*")] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not HAS_PYINSTALLER, reason="PyInstaller is not installed")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_frozen_sandbox_runs(program: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    words = [str(program), "sandbox", "--free-ports", "--demo"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=variables(sandbox, tmp_path), stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if "Stop it with Ctrl-C" in line:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
