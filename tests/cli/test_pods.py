"""Pods: shown, described, registered, kept online, archived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.console import REPOSITORY, Console
from support.rsa_keys import key_pair

from bitfount_api import BitfountSchema
from bitfount_api import keys as rsa
from bitfount_api.sandbox.faults import Fault

SCHEMA = REPOSITORY / "tests" / "data" / "pod-schema-v4.json"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "pod.pub"
    path.write_text(rsa.serialize_public_key(key_pair().public_key), encoding="ascii")
    return path


@pytest.fixture
def pod(console: Console, key_file: Path) -> str:
    """A registered pod of alice's, by its full name."""
    words = ("--schema", SCHEMA, "--public-key", key_file, "--description", "Eyes.")
    return str(console.json("pods", "register", "scans", *words)["pod"])


def test_a_pod_is_registered_and_shown(console: Console, pod: str) -> None:
    assert pod == "alice/scans"
    shown = console.json("pods", "show", pod)
    assert (shown["podIdentifier"], shown["description"]) == (pod, "Eyes.")
    text = console.ok("pods", "show", pod).out
    assert rsa.fingerprint(key_pair().public_key) in text
    assert "BEGIN" not in text


def test_pods_of_projects_and_compute_are_listed(
    console: Console, pod: str, key_file: Path
) -> None:
    words = ("--schema", SCHEMA, "--public-key", key_file)
    console.ok("pods", "register", "eyes", *words)
    project = console.json("projects", "create", "Screening")["projectId"]
    console.ok("projects", "add-dataset", project, "scans")
    console.ok("clusters", "create", "clinic", "scans", "eyes")
    listed = {each["podIdentifier"]: each for each in console.json("pods", "list")}
    assert listed[pod]["projects"] == [{"id": project, "name": "Screening"}]
    assert (listed[pod]["podDisplayName"], listed[pod]["compute"]) == ("scans", True)
    assert (listed["alice/eyes"]["projects"], listed["alice/eyes"]["compute"]) == ([], True)
    header, *rows = console.ok("pods", "list").out.splitlines()
    assert header.split() == ["POD", "NAME", "PROJECTS", "COMPUTE", "LAST", "ONLINE"]
    assert rows[-1].split()[:4] == [pod, "scans", "Screening", "yes"]
    console.sandbox.add_member(project, "bob")
    console.be("bob")
    (seen,) = console.json("pods", "list")
    assert (seen["podIdentifier"], seen["compute"]) == (pod, False)
    console.be("carol")
    outcome = console.ok("pods", "list")
    assert (outcome.out, outcome.err.count("no pods that you may see")) == ("", 1)


@pytest.mark.parametrize("listed", [{}, {"linked_datasets": [{"ownerId": "auth0|1"}]}])
def test_projects_without_a_list_of_pods_are_named(
    console: Console, listed: dict[str, object]
) -> None:
    page = {"totalProjects": 1, "projects": [{"id": "p-1", "name": "Screening", **listed}]}
    console.sandbox.fail("/api/projects", Fault(status=200, body=json.dumps(page).encode()))
    outcome = console.ok("pods", "list")
    assert "Warning: The Hub does not name all pods of these projects: Screening." in outcome.err


def test_the_address_of_a_schema_is_not_shown(console: Console, pod: str) -> None:
    for options in ([], ["--json"], ["--debug"]):
        outcome = console.ok("pods", "show", pod, *options)
        assert "X-Amz" not in outcome.out + outcome.err
        assert "schemaDownloadUrl" not in outcome.out


def test_a_heartbeat_brings_a_pod_online(console: Console, pod: str, key_file: Path) -> None:
    beat = console.json("pods", "heartbeat", "scans", "--public-key", key_file)
    assert beat == {"online": ["scans"]}
    assert "PATCH" in [seen.method for seen in console.sandbox.requests]
    assert console.json("pods", "show", pod)["isOnline"] is True


def test_schema_is_shown_as_a_table_and_saved_as_a_file(console: Console, pod: str) -> None:
    original = BitfountSchema.load_from_file(SCHEMA)
    outcome = console.ok("pods", "schema", pod)
    lines = outcome.out.splitlines()
    assert lines[0].split()[0] == "NAME"
    assert len(lines) == 1 + len(original.columns)
    assert console.json("pods", "schema", pod) == original.to_json()
    console.ok("pods", "schema", pod, "--output", "s.yaml")
    assert BitfountSchema.load_from_file("s.yaml") == original
    assert console.run("pods", "schema", pod, "--output", "s.yaml").code == 6
    console.ok("pods", "schema", pod, "--output", "s.yaml", "--force")


FILE_RESULTS = {"totalFilesFound": 3, "skipReasons": {"too large": 1}}


def test_results_of_processing_files_are_registered(console: Console, key_file: Path) -> None:
    Path("files.json").write_text(json.dumps(FILE_RESULTS), encoding="utf-8")
    words = ("--schema", SCHEMA, "--public-key", key_file, "--file-processing", "files.json")
    console.ok("pods", "register", "scans", *words)
    (pod,) = console.sandbox.state.pods.all()
    assert pod.files == FILE_RESULTS


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "{", '{"totalFiles": 3}', '{"totalFilesFound": "3"}']
)
def test_invalid_file_results_are_reported(console: Console, key_file: Path, content: str) -> None:
    Path("files.json").write_text(content, encoding="utf-8")
    words = ("--schema", SCHEMA, "--public-key", key_file, "--file-processing", "files.json")
    outcome = console.run("pods", "register", "scans", *words)
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1
    assert not [seen for seen in console.sandbox.requests if seen.path == "/api/pods"]


def test_archived_pod_is_no_longer_found(console: Console, pod: str) -> None:
    assert console.json("pods", "archive", "scans", "--yes") == {"archived": pod}
    assert console.run("pods", "show", pod).code == 4


def test_pod_to_archive_that_is_missing_is_reported(console: Console) -> None:
    outcome = console.run("pods", "archive", "none", "--yes")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.count("\n") == 1


def test_archiving_is_shown_as_text(console: Console, pod: str) -> None:
    assert console.ok("pods", "archive", "scans", "--yes").out.split() == ["Archived:", pod]


@pytest.mark.parametrize("typed", ["y\n", ""])
def test_unconfirmed_pod_is_not_archived(console: Console, pod: str, typed: str) -> None:
    before = len(console.sandbox.requests)
    outcome = console.run("pods", "archive", "scans", typed=typed)
    assert (outcome.code, outcome.out) == (2, "")
    assert "--yes" in outcome.err
    assert outcome.err.count("\n") == 1
    assert len(console.sandbox.requests) == before


def test_access_manager_key_can_be_passed(console: Console, key_file: Path) -> None:
    words = ("--schema", SCHEMA, "--public-key", key_file, "--access-manager-key", key_file)
    console.ok("pods", "register", "eyes", *words, "--records", 7, "--display-name", "All eyes")
    shown = console.json("pods", "show", "alice/eyes")
    assert shown["accessManagerPublicKey"] == shown["podPublicKey"]
    assert shown["podDisplayName"] == "All eyes"


@pytest.mark.parametrize("command", ["show", "schema"])
def test_missing_pod_is_reported(console: Console, command: str) -> None:
    outcome = console.run("pods", command, "alice/none")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("command", ["show", "schema"])
def test_unreachable_hub_is_reported(console: Console, command: str, free_port: int) -> None:
    console.environment["BITFOUNT_WEB_MAX_RETRIES"] = "0"
    hub = f"http://127.0.0.1:{free_port}"
    outcome = console.run("--hub-url", hub, "pods", command, "alice/scans")
    assert (outcome.code, outcome.out) == (5, "")
    assert "doctor" in outcome.err
    assert outcome.err.count("\n") == 1


def test_pod_is_found_through_a_project(console: Console, pod: str) -> None:
    project = console.json("projects", "create", "Eyes")["projectId"]
    console.ok("projects", "add-dataset", project, "scans")
    console.sandbox.add_member(project, "bob")
    console.sandbox.set_visibility(pod, "private")
    console.be("bob")
    assert console.run("pods", "show", pod).code in (1, 4)
    assert console.json("pods", "show", pod, "--project", project)["podIdentifier"] == pod


@pytest.mark.parametrize("pod", ["alice", "alice/x/y", "Alice/scans", "alice/../x"])
def test_invalid_name_is_a_usage_error(console: Console, pod: str) -> None:
    outcome = console.run("pods", "show", pod)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert not console.sandbox.requests


@pytest.mark.parametrize("content", ["", "[]", "features: 3", "features: [\x00"])
def test_invalid_schema_is_reported(console: Console, key_file: Path, content: str) -> None:
    Path("s.yaml").write_text(content, encoding="utf-8")
    outcome = console.run(
        "pods", "register", "scans", "--schema", "s.yaml", "--public-key", key_file
    )
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1
    assert not console.sandbox.requests
