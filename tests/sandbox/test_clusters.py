"""Compute clusters, their datasets, and the datasets' configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from support.sandbox_api import Api, Clock, done, refused
from support.sandbox_seeds import pod_body, register_pod

from bitfount_api.sandbox import Sandbox

CLUSTERS = "/api/compute-clusters"
CONFIGURATION = {"name": "scans", "datasource": "DICOMSource", "datasource_args": {"path": "é"}}


def create(api: Api, *names: str) -> str:
    """Create a cluster and return its id."""
    body = {"name": "eye-clinic", "datasetNames": list(names)}
    cluster: str = done(api.hub("POST", CLUSTERS, body), 201)["id"]
    assert isinstance(cluster, str)
    return cluster


def link(api: Api, cluster: str, *names: str) -> httpx.Response:
    return api.hub("POST", f"{CLUSTERS}/{cluster}/datasets", {"datasetNames": list(names)})


def linked(api: Api, cluster: str | None = None) -> list[str]:
    path = f"{CLUSTERS}/datasets" if cluster is None else f"{CLUSTERS}/{cluster}/datasets"
    return [dataset["identifier"] for dataset in done(api.hub("GET", path))["linkedDatasets"]]


def test_cluster_lists_its_datasets(alice: Api) -> None:
    for name in ("scans", "more", "third"):
        register_pod(alice, name)
    cluster, other = create(alice, "scans"), create(alice)
    assert cluster != other
    assert linked(alice, cluster) == ["alice/scans"]
    assert linked(alice, other) == []
    assert done(link(alice, cluster, "scans", "more"), 201) == {"success": True}
    assert done(link(alice, cluster, "scans", "more")) == {"success": True}
    assert linked(alice, cluster) == ["alice/more", "alice/scans"]
    assert linked(alice) == ["alice/more", "alice/scans", "alice/third"]


def test_cluster_is_hidden_from_other_users(alice: Api, bob: Api) -> None:
    register_pod(alice)
    register_pod(bob)
    cluster = create(alice, "scans")
    for wrong in (cluster, "none"):
        refused(bob.hub("GET", f"{CLUSTERS}/{wrong}/datasets"), 404)
        refused(link(bob, wrong, "scans"), 404)
    assert linked(alice, cluster) == ["alice/scans"]
    assert linked(bob) == ["bob/scans"]


def test_unknown_datasets_change_nothing(alice: Api, bob: Api, sandbox: Sandbox) -> None:
    register_pod(alice)
    register_pod(bob, "bobs")
    body = {"name": "c", "datasetNames": ["scans", "bobs"]}
    assert "bobs" in refused(alice.hub("POST", CLUSTERS, body), 422)
    assert sandbox.state.database.scalar("SELECT COUNT(*) FROM clusters") == 0
    cluster = create(alice)
    refused(link(alice, cluster, "scans", "bobs"), 404)
    assert linked(alice, cluster) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": None}, {"name": "c", "datasetNames": "scans"}, []],
)
def test_invalid_cluster_is_rejected(body: Any, alice: Api) -> None:
    refused(alice.hub("POST", CLUSTERS, body), 422)
    done(alice.hub("POST", CLUSTERS, {"name": "c", "datasetNames": None}), 201)


@pytest.mark.parametrize("names", [None, ["No"], "scans", [None]])
def test_invalid_link_is_rejected(names: Any, alice: Api) -> None:
    path = f"{CLUSTERS}/{create(alice)}/datasets"
    refused(alice.hub("POST", path, {"datasetNames": names}), 422)


# --- Configurations ------------------------------------------------------------------------------


def configuration(api: Api, name: str = "scans") -> httpx.Response:
    return api.hub("GET", f"/api/pods/alice/{name}/configuration")


def test_configuration_is_read_by_the_owner(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    register_pod(alice)
    assert done(configuration(alice)) == {"configuration": None}
    sandbox.configure("alice/scans", CONFIGURATION)
    assert done(configuration(alice)) == {"configuration": CONFIGURATION}
    refused(configuration(bob), 403)
    refused(configuration(alice, "other"), 404)
    sandbox.configure("alice/scans", None)
    assert done(configuration(alice)) == {"configuration": None}


def test_configuration_may_precede_the_pod(sandbox: Sandbox, alice: Api) -> None:
    sandbox.configure("alice/scans", CONFIGURATION)
    assert linked(alice) == ["alice/scans"]
    assert linked(alice, create(alice, "scans")) == ["alice/scans"]
    refused(alice.hub("GET", "/api/pods/alice/scans"), 404)
    register_pod(alice)
    assert linked(alice) == ["alice/scans"]
    assert done(configuration(alice)) == {"configuration": CONFIGURATION}


def test_changed_configuration_has_a_new_time(sandbox: Sandbox, alice: Api, clock: Clock) -> None:

    def updated() -> Any:
        (dataset,) = done(alice.hub("GET", f"{CLUSTERS}/datasets"))["linkedDatasets"]
        return dataset["configurationLastUpdated"]

    clock.now = 1_767_225_600
    done(alice.hub("POST", "/api/pods", pod_body()), 201)
    # Without a configuration, the time of the registration.
    assert updated() == "2026-01-01T00:00:00.000Z"
    clock.now += 60
    sandbox.configure("alice/scans", {"a": 1, "b": 2})
    assert updated() == "2026-01-01T00:01:00.000Z"
    clock.now += 60
    sandbox.configure("alice/scans", {"b": 2, "a": 1})
    assert updated() == "2026-01-01T00:01:00.000Z"
    sandbox.configure("alice/scans", {"a": 1})
    assert updated() == "2026-01-01T00:02:00.000Z"


def test_configurations_of_an_invalid_file_are_not_set(
    sandbox: Sandbox, alice: Api, tmp_path: Path
) -> None:
    file = tmp_path / "datasets.yaml"
    file.write_text("alice/scans: {datasource: CSVSource}\nnew/: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="dataset 'new/' is not a valid identifier"):
        sandbox.configure_from(file)
    assert linked(alice) == []
    file.write_text("alice/scans: {datasource: CSVSource}\n", encoding="utf-8")
    sandbox.configure_from(file)
    assert done(configuration(alice)) == {"configuration": {"datasource": "CSVSource"}}


@pytest.mark.parametrize("wrong", ["scans", "alice/", "alice/No", "alice/a/b", "No/scans", ""])
def test_invalid_identifier_is_not_configured(wrong: str, sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        sandbox.configure(wrong, CONFIGURATION)


@pytest.mark.parametrize(
    "content",
    [
        'alice/scans: {a: "\\ud800"}',
        "alice/scans: {a: .nan}",
        "alice/scans: &a {b: *a}",
        "alice/scans: {a: 2026-01-01}",
        f"alice/scans: {{a: {'[' * 3000}{']' * 3000}}}",
    ],
    ids=["text", "number", "circle", "date", "nesting"],
)
def test_configuration_that_is_not_json_is_not_set(
    sandbox: Sandbox, alice: Api, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "datasets.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not (JSON|YAML)"):
        sandbox.configure_from(file)
    assert linked(alice) == []


def test_configuration_nested_too_deeply_is_not_set(sandbox: Sandbox, alice: Api) -> None:
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"a": nested}
    with pytest.raises(ValueError, match="is not JSON"):
        sandbox.configure("alice/scans", nested)
    assert linked(alice) == []
