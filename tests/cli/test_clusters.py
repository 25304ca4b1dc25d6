"""Clusters: created, and their datasets linked and listed."""

from __future__ import annotations

import json

import pytest
from cli.console import Console
from support.sandbox_api import Api
from support.sandbox_seeds import register_pod

CONFIGURATION = {"datasource": "DICOMSource", "datasource_args": {"path": "é"}}


@pytest.fixture
def cluster(console: Console) -> str:
    """A cluster of alice's with the dataset ``scans``; she also has ``eyes``."""
    api = Api(console.sandbox, "alice")
    for name in ("scans", "eyes"):
        register_pod(api, name)
    api.close()
    made = console.json("clusters", "create", "eye-clinic", "scans")
    assert made["datasets"] == ["scans"]
    return str(made["clusterId"])


def identifiers(console: Console, *words: str) -> list[str]:
    return [dataset["identifier"] for dataset in console.json("clusters", "datasets", *words)]


def test_datasets_are_linked_and_listed(console: Console, cluster: str) -> None:
    assert identifiers(console, cluster) == ["alice/scans"]
    linked = console.json("clusters", "link", cluster, "scans", "eyes")
    assert linked == {"clusterId": cluster, "datasets": ["scans", "eyes"]}
    assert identifiers(console, cluster) == ["alice/eyes", "alice/scans"]
    header, *rows = console.ok("clusters", "datasets", cluster).out.splitlines()
    assert header.split() == ["DATASET", "UPDATED"]
    assert [row.split()[0] for row in rows] == ["alice/eyes", "alice/scans"]
    assert identifiers(console) == ["alice/eyes", "alice/scans"]


def test_results_are_shown_as_text(console: Console, cluster: str) -> None:
    assert console.ok("clusters", "link", cluster, "scans", "eyes").out.split() == [
        *("Cluster:", cluster, "Linked:", "scans,", "eyes"),
    ]
    shown = console.ok("clusters", "create", "Empty")
    assert shown.out.split()[0] == "Cluster:"
    outcome = console.ok("clusters", "datasets", shown.out.split()[1])
    assert (outcome.out, outcome.err[:10]) == ("", "No dataset")


def test_configurations_are_shown_when_asked(console: Console, cluster: str) -> None:
    console.ok("clusters", "link", cluster, "eyes")
    console.sandbox.configure("alice/scans", CONFIGURATION)
    assert "configuration" not in console.json("clusters", "datasets", cluster)[0]
    outcome = console.ok("clusters", "datasets", cluster, "--configurations", "--json")
    (found,) = outcome.json
    assert (found["identifier"], found["configuration"]) == ("alice/scans", CONFIGURATION)
    text = "Dataset alice/eyes has no configuration"
    assert json.loads(outcome.err) == {"warning": {"message": text}}
    outcome = console.ok("clusters", "datasets", cluster, "--configurations")
    assert outcome.err == f"Warning: {text}\n"
    _, row = outcome.out.splitlines()
    assert json.loads(row[row.index("{") :]) == CONFIGURATION


def test_missing_cluster_is_reported(console: Console, cluster: str) -> None:
    console.be("bob")
    for missing in (cluster, "none"):
        for words in (["datasets", missing], ["link", missing, "scans"]):
            outcome = console.run("clusters", *words)
            assert (outcome.code, outcome.out) == (4, "")
            assert outcome.err.count("\n") == 1


def test_unknown_dataset_is_refused(console: Console, cluster: str) -> None:
    outcome = console.run("clusters", "create", "other", "none")
    assert (outcome.code, outcome.out) == (1, "")
    assert "none" in outcome.err
    assert console.run("clusters", "link", cluster, "eyes", "none").code == 4
    assert identifiers(console, cluster) == ["alice/scans"]


@pytest.mark.parametrize(
    "words",
    [["create", "c", "a/b"], ["link", "x"], ["link", "../x", "a"], ["datasets", "a/b"], ["create"]],
)
def test_invalid_name_is_a_usage_error(console: Console, words: list[str]) -> None:
    outcome = console.run("clusters", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert not console.sandbox.requests


def test_cluster_without_a_name_is_rejected(console: Console) -> None:
    outcome = console.run("clusters", "create", " ")
    assert (outcome.code, outcome.out) == (6, "")
    assert "name must be" in outcome.err
