"""pyright is installed as a whole, and an unknown public type fails ``make typecheck``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import locks

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "dev.txt"


def test_pyright_runs_without_network_or_node(tmp_path: Path) -> None:
    """Without its code or node, the package downloads them, and the lock does not cover them."""
    (locked,) = (entry for entry in locks.read(LOCK.read_text("utf-8")) if entry.name == "pyright")
    own = {name: value for name, value in os.environ.items() if "PYRIGHT" not in name}
    run = subprocess.run(
        [sys.executable, "-m", "pyright", "--version"],
        env={
            **own,
            "PATH": str(tmp_path),
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "npm_config_offline": "true",
            "PYRIGHT_PYTHON_CACHE_DIR": str(tmp_path),
            "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == f"pyright {locked.version}\n", run.stderr
    assert list(tmp_path.iterdir()) == []


TOOLS = """
import shutil, sys
if "--verifytypes" in sys.argv:
    print("bitfount_api.hub.BitfountHub: ...", "Type completeness score: {score}%", sep="\\n")
    print(shutil.which("python"), file=sys.stderr)
    sys.exit({score} < 100)
"""


@pytest.mark.parametrize("score", [99, 100])
def test_typecheck_fails_if_a_type_is_unknown(tmp_path: Path, score: int) -> None:
    tools = tmp_path / "tools.py"
    tools.write_text(TOOLS.format(score=score), encoding="utf-8")
    python, environment = f'"{sys.executable}" "{tools}"', Path(sys.prefix).as_posix()
    run = subprocess.run(
        ["make", "typecheck", f"VENV={environment}", f"RUN={python}", f"-o{environment}/.ready"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == (0 if score == 100 else 2), run.stderr
    assert f"Type completeness score: {score}%" in run.stdout
    # The report names the types, where there are any to mend.
    assert ("BitfountHub" in run.stdout) == (score < 100)
    # pyright looks for the package where this Python finds it.
    assert Path(run.stderr.splitlines()[0]).parent == Path(sys.executable).parent
