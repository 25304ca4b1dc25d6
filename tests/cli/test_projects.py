"""Projects: listed, shown, created, extended by datasets, and their limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.console import Console

from bitfount_api.sandbox.faults import Fault

MODEL = "from bitfount_api import BitfountModel\nclass Retina(BitfountModel):\n    pass\n"


def test_project_is_created_and_listed(console: Console) -> None:
    assert console.ok("projects", "list").err == "There are no projects here.\n"
    made = console.json("projects", "create", "Retina 2025")["projectId"]
    page = console.json("projects", "list")
    assert (page["totalProjects"], page["projects"][0]["id"]) == (1, made)
    header, row = console.ok("projects", "list").out.splitlines()
    assert header.split()[:2] == ["ID", "NAME"]
    assert row.startswith(made)
    assert "Retina 2025" in row


def test_projects_are_listed_in_pages(console: Console) -> None:
    for number in range(14):
        console.ok("projects", "create", f"P{number}")
    outcome = console.ok("projects", "list")
    assert len(outcome.out.splitlines()) == 13
    assert "12 of 14" in outcome.err
    assert len(console.json("projects", "list", "--limit", 3)["projects"]) == 3
    assert len(console.json("projects", "list", "--offset", 12)["projects"]) == 2
    everything = console.json("projects", "list", "--all")
    assert everything["totalProjects"] == len(everything["projects"]) == 14
    assert console.ok("projects", "list", "--all").err == ""


def test_project_is_shown_to_its_members(console: Console) -> None:
    project = console.json("projects", "create", "Retina 2025")["projectId"]
    assert console.json("projects", "show", project) == {"id": project, "name": "Retina 2025"}
    lines = console.ok("projects", "show", project).out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        ["Project:", project],
        ["Name:", "Retina 2025"],
    ]
    console.be("bob")
    outcome = console.run("projects", "show", project)
    assert (outcome.code, outcome.out) == (4, "")
    console.sandbox.add_member(project, "bob")
    console.ok("projects", "show", project)


def test_project_that_cannot_be_read_is_not_missing(console: Console, free_port: int) -> None:
    console.environment["BITFOUNT_WEB_MAX_RETRIES"] = "0"
    hub = f"http://127.0.0.1:{free_port}"
    assert console.run("--hub-url", hub, "projects", "show", "p1").code == 5
    console.sandbox.fail("/api/projects/p1", Fault(status=403))
    assert console.run("projects", "show", "p1").code == 1
    console.sandbox.fail("/api/projects/p1", Fault(status=200, body=b"{}"))
    outcome = console.run("projects", "show", "p1")
    assert (outcome.code, outcome.out) == (7, "")
    assert "no name" in outcome.err


def test_usage_limits_are_shown(console: Console) -> None:
    project = console.json("projects", "create", "Retina")["projectId"]
    assert "no models" in console.ok("projects", "limits", project).err
    Path("Retina.py").write_text(MODEL, encoding="utf-8")
    console.ok("models", "push", "Retina.py")
    console.sandbox.add_model(project, "alice/Retina:1", limit=5)
    console.sandbox.add_member(project, "bob")
    usage = console.json("projects", "limits", project, "--model", "alice/Retina:1")
    assert {grantee["limit"] for grantee in usage["usage"]} <= {5, None}
    assert "bob" in console.ok("projects", "limits", project, "--model", "alice/Retina:1").out
    console.be("bob")
    (row,) = console.json("projects", "limits", project)
    assert (row["totalUsage"], row["limit"]) == (0, 5)
    assert console.ok("projects", "limits", project).out.splitlines()[1].split()[-2:] == ["0", "5"]


def test_missing_project_is_reported(console: Console) -> None:
    for words in (["show", "none"], ["limits", "none"], ["add-dataset", "none", "scans"]):
        outcome = console.run("projects", *words)
        assert (outcome.code, outcome.out) == (4, "")
        assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["show", "a/b"],
        ["limits", "../x"],
        ["limits", "x", "--model", "y"],
        ["add-dataset", "x", "a/b"],
    ],
)
def test_invalid_name_is_a_usage_error(console: Console, words: list[str]) -> None:
    outcome = console.run("projects", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1


def test_project_without_a_name_is_rejected(console: Console) -> None:
    outcome = console.run("projects", "create", " ")
    assert outcome.code == 6
    assert "name" in outcome.err
