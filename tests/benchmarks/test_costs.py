"""Test the comparisons with the official SDK and with other libraries."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import sys
from pathlib import Path

import pytest

from benchmarks import costs, footprint, libraries, official, venvs
from benchmarks.context import FULL
from benchmarks.costs import Costs
from benchmarks.processes import seconds_until_ready, served

HERE = Path(costs.__file__).parent
INSTALLED = [
    name for name in libraries.PROGRAMS if importlib.util.find_spec(name.replace("-", "_"))
]
SDK = Costs("SDK 1.0", "<3.13,>=3.12", "3.12.1", 302, 9_210_000_000, 12.3, 8e8, 1.2e9, 24, 67.2)
MINE = Costs("mine 0.1", ">=3.11", "3.11.7", 18, 24_600_000, 0.284, 1e7, 2e6, 1, 0.012)


def test_costs_are_shown_with_one_column_per_library() -> None:
    assert list(costs.table([SDK, MINE], 400_000_000)) == [
        "| | SDK 1.0 | mine 0.1 |",
        "|---|---|---|",
        "| installed packages | 302 | 18 |",
        "| on disk, without `.pyc` files | 9.2 GB | 25 MB |",
        "| from start to first `get_pod` | 12 s | 0.3 s |",
        "| memory to download 400 MB of weights | 800 MB | 10 MB |",
        "| memory to upload 400 MB of weights | 1.2 GB | 2 MB |",
        "| a model that does not exist | 24 requests, 67 s | 1 request, 0.01 s |",
        "| Python | `<3.13,>=3.12` | `>=3.11` |",
    ]


def test_recorded_table_shows_the_recorded_costs() -> None:
    recorded = json.loads((HERE / "costs.json").read_text(encoding="utf-8"))["costs"]
    lines = costs.table([Costs(**cost) for cost in recorded], FULL.large)
    assert (HERE / "costs.md").read_text(encoding="utf-8") == "\n".join(lines) + "\n"
    assert [cost["name"].split()[0] for cost in recorded] == [
        "official",
        "official",
        "bitfount-api",
    ]


def test_rows_compare_with_the_recorded_sdk() -> None:
    newest = costs.newest_sdk()
    against = {row.name: row.against for row in footprint.ROWS}
    assert against["packages"] == f"{newest.name}: {newest.packages}"
    assert against["megabytes"] == f"{newest.name}: {newest.size / 1e6:,.0f} MB"


@pytest.mark.slow
def test_contents_of_an_environment_exclude_pip() -> None:
    found = venvs.contents(sys.executable, "pytest")
    names = {one.name.lower() for one in importlib.metadata.distributions()}
    assert found.packages == len(names - {"pip"})
    assert found.version == pytest.__version__
    assert found.python == platform.python_version()
    assert found.size > 1_000_000


def test_writing_costs_without_the_sdk_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(official, "find_all", list)
    with pytest.raises(SystemExit, match="2"):
        costs.main(["--write"])
    assert official.VARIABLE in capsys.readouterr().err


@pytest.mark.slow
def test_costs_of_this_library_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(official, "find_all", list)
    assert costs.main(["--quick", "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("| | bitfount-api ")
    assert "| a model that does not exist | 1 request, " in printed


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTALLED)
def test_programs_of_libraries_get_an_answer(name: str) -> None:
    with served("benchmarks.server") as url:
        program = libraries.program(name, url)
        assert seconds_until_ready([sys.executable, "-I", "-c", program]) > 0


@pytest.mark.slow
def test_line_of_a_library_has_version_size_and_time() -> None:
    with served("benchmarks.server") as url:
        program = libraries.program("bitfount-api", url)
        python = Path(sys.executable)
        library = libraries.Installed(
            "bitfount-api", "bitfount_api", python, [str(python), "-I", "-c", program]
        )
        cells = libraries.line(library, 1, types=False).strip("| ").split(" | ")
    version = importlib.metadata.version("bitfount-api")
    assert cells[:2] == [f"bitfount-api {version}", platform.python_version()]
    assert [cell.split()[-1] for cell in cells[3:5]] == ["MB", "s"]
