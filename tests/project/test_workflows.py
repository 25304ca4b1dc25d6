"""The GitHub workflows hold no logic, pin what they use, and have few permissions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((GITHUB / "workflows").iterdir())
}
# What no target of the Makefile can do: only a workflow has the rights to create a release.
OTHER_COMMANDS = {
    'gh release create "$TAG" --verify-tag --title "$TAG" --generate-notes packages/* sbom/*'
}
# All permissions beyond reading the repository, by workflow and job.
WRITES = {
    ("release.yml", "attest"): {"attestations", "id-token"},
    ("release.yml", "publish"): {"id-token"},
    ("release.yml", "announce"): {"contents"},
}
TRIGGERS = {
    "ci.yml": {"push", "pull_request", "workflow_call"},
    "release.yml": {"push"},
}


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for workflow, content in WORKFLOWS.items():
        for name, job in content["jobs"].items():
            yield workflow, name, job


def steps() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for workflow, name, job in jobs():
        for step in job.get("steps", []):
            yield workflow, name, step


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))


def writes(permissions: dict[str, str]) -> set[str]:
    return {scope for scope, access in permissions.items() if access != "read"}


JOBS = [pytest.param(*job, id=f"{job[0]}-{job[1]}") for job in jobs()]


def test_workflows_are_the_known_ones() -> None:
    assert WORKFLOWS.keys() == TRIGGERS.keys()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_triggers_never_give_rights_to_pull_requests(workflow: str) -> None:
    content = {str(key): value for key, value in WORKFLOWS[workflow].items()}
    assert set(content["True"]) == TRIGGERS[workflow]  # YAML 1.1 reads the key "on" as true


def test_every_command_is_one_make_target_that_exists() -> None:
    commands = [step["run"] for _, _, step in steps() if "run" in step]
    assert len(commands) > 5
    for command in commands:
        if command in OTHER_COMMANDS:
            continue
        called = re.fullmatch(r"make ([a-z-]+)(?: ARGS=\"[\w /-]+\")?", command)
        assert called, f"not a single call of make: {command}"
        assert called[1] in targets(), f"not a target of the Makefile: {called[1]}"


def test_every_action_is_pinned_to_a_commit_with_its_version() -> None:
    lines = [
        line.strip().removeprefix("- ")
        for name in WORKFLOWS
        for line in (GITHUB / "workflows" / name).read_text(encoding="utf-8").splitlines()
    ]
    uses = [line for line in lines if line.startswith("uses:") and "uses: ./" not in line]
    assert len(uses) > 5
    pinned = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in uses if not pinned.fullmatch(line)] == []


def test_an_action_has_one_version_in_all_workflows() -> None:
    texts = [(GITHUB / "workflows" / name).read_text(encoding="utf-8") for name in WORKFLOWS]
    pins = re.findall(r"uses: ([\w./-]+)@(\S+ # \S+)", "\n".join(texts))
    assert len(set(pins)) == len(dict(pins))


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_has_no_permissions_by_default(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {}


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_a_job_can_write_only_what_is_listed(workflow: str, name: str, job: Any) -> None:
    assert writes(job["permissions"]) == WRITES.get((workflow, name), set())


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_job_with_write_rights_runs_no_project_code(workflow: str, name: str, job: Any) -> None:
    if writes(job["permissions"]):
        for step in job["steps"]:
            assert not step.get("uses", "").startswith("actions/checkout@")
            assert step.get("run") in {None, *OTHER_COMMANDS}


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_every_job_has_a_timeout(workflow: str, name: str, job: Any) -> None:
    assert "timeout-minutes" in job or "uses" in job  # a called workflow has its own


def test_checkouts_leave_no_token_behind() -> None:
    for _, _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_workflows_use_no_stored_secret() -> None:
    for name in WORKFLOWS:
        assert "secrets." not in (GITHUB / "workflows" / name).read_text(encoding="utf-8")


def test_a_release_uses_no_cache() -> None:
    for workflow, _, step in steps():
        if workflow == "release.yml":
            assert "cache" not in step.get("with", {})


def test_release_requires_checks_tests_and_attestations() -> None:
    needs = {name: job.get("needs") for name, job in WORKFLOWS["release.yml"]["jobs"].items()}
    order = ["announce", "publish", "attest", "build", "ci"]
    assert [needs[name] for name in order] == [*order[1:], None]


def test_the_oldest_supported_python_is_tested_on_every_system() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    tested = WORKFLOWS["ci.yml"]["jobs"]
    assert {"ubuntu-latest", "macos-latest"} == set(tested["test"]["strategy"]["matrix"]["os"])
    assert tested["windows"]["runs-on"] == "windows-latest"
    for job in ("test", "windows"):
        assert tested[job]["strategy"]["matrix"]["python"][0] == oldest
    classifiers = re.findall(r":: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    assert oldest == classifiers[0]


def test_dependabot_updates_the_locks_and_the_actions() -> None:
    content = yaml.safe_load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))
    updates = {update["package-ecosystem"]: update for update in content["updates"]}
    assert updates.keys() == {"pip", "npm", "github-actions"}
    assert updates["pip"]["directory"] == "/requirements"
    assert list((ROOT / "requirements").glob("*.txt"))
    assert updates["npm"]["directory"] == "/tests/peers"
    assert (ROOT / "tests" / "peers" / "package-lock.json").is_file()
    assert all(update["groups"] for update in updates.values())
