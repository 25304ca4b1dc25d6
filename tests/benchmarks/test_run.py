"""A quick run measures every row. The values are not checked here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks import __main__ as command

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the results, and the printed text."""
    folder = tmp_path_factory.mktemp("results")
    options = ["--quick", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        env=os.environ | {"BENCHMARKS_OFFICIAL_PYTHON": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0
    return folder, done.stdout


@pytest.fixture
def results(run: tuple[Path, str]) -> dict[str, Any]:
    return json.loads((run[0] / "results.json").read_text())  # type: ignore[no-any-return]


pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


def test_every_row_is_measured(results: dict[str, Any]) -> None:
    assert results["quick"] is True
    assert [row["name"] for row in results["rows"]] == [row.name for row in command.rows()]
    for row in results["rows"]:
        assert isinstance(row["value"], (int, float)), row
        assert row["met"] in (True, False), row


def test_machine_independent_rows_meet_their_targets(results: dict[str, Any]) -> None:
    steady = {"packages", "megabytes", "round-trips"}
    assert {row["name"] for row in results["rows"] if row["met"]} >= steady


def test_growth_has_every_step(results: dict[str, Any]) -> None:
    growth = {
        one["name"]: [point["amount"] for point in one["points"]] for one in results["growth"]
    }
    assert growth == {
        "downloads": [1, 2],
        "uploads": [1, 6],
        "calls": [1, 10],
        "projects": [10, 200],
    }


def test_the_table_and_the_picture_have_every_row(run: tuple[Path, str]) -> None:
    folder, printed = run
    picture = ET.parse(folder / "results.svg")
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    for row in command.rows():
        assert f"| {row.what} |" in printed
        assert row.what.replace("`", "") in texts


def test_unknown_row_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "no-such-row"])
    assert "the rows are import, first-pod" in capsys.readouterr().err
