"""Test the steps of ``make demo``, and that it fails if a check fails."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import demo.__main__
from bitfount_api.sandbox import Sandbox
from demo.tour import Tour

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ROOT = Path(__file__).parents[2]


FOR_MACHINES = ("--json", "--weights", "6")
FOR_PEOPLE = ("--weights", "1")


@functools.cache
def walk(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration, once for each set of arguments."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_json_tour_has_every_step() -> None:
    run = walk(*FOR_MACHINES)
    assert (run.returncode, run.stderr) == (0, "")
    printed = json.loads(run.stdout)
    assert printed["ok"] is True
    assert len(printed["steps"]) == 12
    assert sum(len(step["checks"]) for step in printed["steps"]) >= 25


@pytest.mark.slow
def test_text_tour_fits_into_80_columns() -> None:
    run = walk(*FOR_PEOPLE)
    assert (run.returncode, run.stderr) == (0, "")
    assert "All steps succeeded." in run.stdout
    assert "\x1b" not in run.stdout
    tables = [line for line in run.stdout.splitlines() if "━" in line or "│" in line]
    assert tables
    assert max(map(len, tables)) <= 80


@pytest.mark.slow
def test_tour_shows_no_secret() -> None:
    for arguments in (FOR_MACHINES, FOR_PEOPLE):
        text = walk(*arguments).stdout
        assert text
        assert "X-Amz-Signature" not in text
        assert "Bearer" not in text


def nothing(*_: Any, **__: Any) -> None:
    """Do nothing, in place of a real function."""


def forged(_key: RSAPrivateKey, _message: bytes) -> bytes:
    return bytes(512)


@pytest.mark.usefixtures("ready_keys")
@pytest.mark.parametrize(
    ("where", "name", "instead", "complaint"),
    [
        (Sandbox, "corrupt", nothing, "The download is refused"),
        (Sandbox, "set_visibility", nothing, "They do not see the private pod by itself"),
        (Sandbox, "add_model", nothing, "'dict' object|no such model|404"),
        (demo.tour, "sign", forged, "The modeller's signature is accepted"),
        (demo.tour, "write_weights", lambda path, _: path.write_bytes(b""), "weights"),
        (Tour, "heartbeat", nothing, None),
    ],
)
def test_tour_fails_when_a_step_has_an_unexpected_result(
    where: Any,
    name: str,
    instead: Any,
    complaint: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(where, name, instead)
    status = demo.__main__.main(["--json", "--weights", "1"])
    said = capsys.readouterr()
    if complaint is None:
        # No other step depends on this one.
        assert status == 0
        return
    assert status == 1
    assert json.loads(said.out)["ok"] is False
    assert "The demonstration failed" in said.err
