"""Data in a real terminal: colours, widths, and output that is redirected."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli.console import Console

if sys.platform == "win32":
    pytest.skip("there are no ptys", allow_module_level=True)

from cli.terminal import terminal


@pytest.fixture
def projects(console: Console) -> list[str]:
    names = ["Retina screening 2025", "A second project with a rather long name", "Third"]
    for name in names:
        console.ok("projects", "create", name)
    return names


def test_tables_have_colours_in_a_terminal(console: Console, projects: list[str]) -> None:
    with terminal(console, "projects", "list") as running:
        assert running.end() == 0
    assert running.coloured
    assert max(map(len, running.screen)) <= 80


def test_ids_are_not_broken_and_times_are_short(console: Console, projects: list[str]) -> None:
    (first, *_) = console.json("projects", "list")["projects"]
    for columns in (80, 60):
        with terminal(console, "projects", "list", columns=columns) as running:
            assert running.end() == 0
        assert any(first["id"] in line for line in running.screen)
        assert first["updated_at"][:7] in running.text  # the day is the local one
        assert "Z" not in running.text
    with terminal(console, "projects", "list", variables={"TZ": "Asia/Tokyo"}) as running:
        assert running.end() == 0
    updated = dt.datetime.fromisoformat(first["updated_at"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{updated:%H:%M}" in running.text
    assert first["updated_at"] in console.ok("projects", "list").out  # in a pipe


@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
)
@pytest.mark.parametrize(
    "words", [["projects", "list"], ["pods", "show", "alice/none"], ["doctor", "--offline"]]
)
def test_colours_can_be_disabled(
    console: Console,
    projects: list[str],
    options: list[str],
    variables: dict[str, str],
    words: list[str],
) -> None:
    with terminal(console, *words, *options, variables=variables) as running:
        running.end()
    assert len(running.text) > 50
    assert not any(code in running.raw for code in ("\x1b[3", "\x1b[9", ";3", "38;5"))


@pytest.mark.parametrize("columns", [80, 60, 40, 24])
@pytest.mark.parametrize("words", [["projects", "list"], ["whoami"], ["doctor", "--offline"]])
def test_output_fits_into_narrow_terminals(
    console: Console, projects: list[str], columns: int, words: list[str]
) -> None:
    with terminal(console, *words, columns=columns) as running:
        running.end()
    assert max(map(len, running.screen)) <= columns
    if words == ["projects", "list"]:
        together = "".join("".join(running.screen).split())
        for name in projects:
            assert name.split()[0] in together


def test_file_has_no_colours_when_the_terminal_has(console: Console, projects: list[str]) -> None:
    with (
        open("out", "wb") as out,
        terminal(console, "projects", "list", "--limit", "1", stdout=out) as running,
    ):
        assert running.end() == 0
    header, row = Path("out").read_text(encoding="utf-8").splitlines()
    assert header.startswith("ID")
    assert "\x1b" not in row
    assert "1 of 3 projects" in running.text
    with (
        open("out", "wb") as out,
        terminal(console, "pods", "show", "alice/none", stdout=out) as running,
    ):
        assert running.end() == 4
    assert Path("out").read_bytes() == b""
    assert running.coloured


def test_json_output_in_a_terminal_is_valid(console: Console, projects: list[str]) -> None:
    with terminal(console, "projects", "list", "--json", columns=30) as running:
        assert running.end() == 0
    assert json.loads(running.raw)["totalProjects"] == len(projects)
