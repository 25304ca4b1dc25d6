"""Test the command that compares the specs with a git revision."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import spec_diff
from spec_files import specs_now

FROZEN = Path(__file__).parents[1] / "data" / "spec-diff.yaml"
FIELDS = "        name: {type: string}\n        probe: {type: string}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git work tree with two specs, committed."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        # Git sets these while it runs a hook; they would point at the project itself.
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "openapi"
    folder.mkdir()
    for name in ("hub", "oauth"):
        shutil.copy(FROZEN, folder / f"{name}.yaml")
    folder.joinpath("hub.config.yaml").write_text("not: a spec\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--no-gpg-sign", "-m", "State")


def replace(root: Path, name: str, old: str, new: str) -> None:
    path = root / "openapi" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_unchanged_work_tree_has_no_differences(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spec_diff.main(["HEAD"], repository) == 0
    assert capsys.readouterr().out == "No changes since HEAD.\n"


def test_work_tree_is_compared_with_revisions(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, "hub", FIELDS, f"{FIELDS}        licence: {{type: string}}\n")
    assert spec_diff.main(["HEAD"], repository) == 0
    said = capsys.readouterr().out
    assert "hub, POST /datasets: request: NewDataset.licence is new" in said
    assert "Changes since HEAD: 0 breaking, 1 other." in said
    git(repository, "tag", "v0.1.0")
    commit(repository)
    replace(repository, "oauth", "  /datasets:", "  /sets:")
    assert spec_diff.main(["v0.1.0", "--json"], repository) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["base"] == "v0.1.0"
    assert [(each["spec"], each["operations"], each["what"]) for each in said["breaking"]] == [
        ("oauth", ["GET /sets"], "was GET /datasets"),
        ("oauth", ["POST /sets"], "was POST /datasets"),
    ]
    assert [each["spec"] for each in said["other"]] == ["hub"]


def test_added_and_removed_specs_are_reported(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "openapi/oauth.yaml").rename(repository / "openapi/authority.yaml")
    assert spec_diff.main(["HEAD"], repository) == 1
    said = capsys.readouterr().out
    assert "oauth, GET /datasets and 3 more: is gone" in said
    assert "authority, GET /datasets and 3 more: is new" in said


def test_status_as_a_number_equals_its_text(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, "hub", '"204": {', "204: {")
    assert spec_diff.main(["HEAD"], repository) == 0
    assert capsys.readouterr().out == "No changes since HEAD.\n"


@pytest.mark.parametrize("revision", ["nonsense", "HEAD~9", "", "HEAD:openapi", "--all"])
def test_unknown_revision_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    assert spec_diff.main(["--", revision], repository) == 2
    assert f"there is no revision {revision!r}" in capsys.readouterr().err


INVALID = {
    "not YAML": ("openapi: 3.0.3", "openapi: [3.0.3", "openapi/hub.yaml is not YAML"),
    "unknown version": (
        "openapi: 3.0.3",
        "openapi: 2.0.0",
        "openapi/hub.yaml, line 2: openapi is not valid: it is 2.0.0, neither 3.0 nor 3.1",
    ),
    "duplicate key": (
        FIELDS,
        f"{FIELDS}        name: {{type: integer}}\n",
        "openapi/hub.yaml, line 102: the key name is there already, in line 100",
    ),
    "duplicate operation": (
        "    put:\n",
        "    get:\n",
        "openapi/hub.yaml, line 67: the key get is there already, in line 56",
    ),
    "duplicate status": (
        '        "204": {description: Replaced.}\n',
        '        "204": {description: Replaced.}\n        204: {description: Replaced.}\n',
        "openapi/hub.yaml, line 77: the key 204 is there already, in line 76",
    ),
    "dangling reference in a new field": (
        "        id: {type: string}\n",
        '        id: {type: string}\n        more: {$ref: "#/components/schemas/More"}\n',
        "openapi/hub.yaml, line 107: components > schemas > Dataset > properties > more > $ref is",
    ),
    "reference to another file": (
        "        id: {type: string}\n",
        '        id: {$ref: "other.yaml#/Id"}\n',
        "other.yaml#/Id is not in this file",
    ),
    "reference to itself": (
        "    Error:\n",
        '    Loop: {$ref: "#/components/schemas/Loop"}\n    Error:\n',
        "#/components/schemas/Loop refers to itself",
    ),
    "node of the wrong kind": (
        '        - {oauth: ["datasets:write"]}\n',
        "        - oauth\n",
        "openapi/hub.yaml, line 39: paths > /datasets > post > security > 0 is not valid",
    ),
}


@pytest.mark.parametrize(("old", "new", "complaint"), INVALID.values(), ids=INVALID)
def test_invalid_spec_is_an_error_with_file_and_line(
    repository: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, complaint: str
) -> None:
    replace(repository, "hub", old, new)
    assert spec_diff.main(["HEAD"], repository) == 2
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.out == ""


def test_invalid_spec_of_a_revision_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, "oauth", "    put:\n", "    get:\n")
    commit(repository)
    shutil.copy(FROZEN, repository / "openapi/oauth.yaml")
    assert spec_diff.main(["HEAD"], repository) == 2
    assert "openapi/oauth.yaml of HEAD, line 67: the key get" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"- a list\n", "line 1: the file is not valid: it is not a mapping"),
        (b"", "line 1: the file is not valid: it is not a mapping"),
        (b"openapi: \xff\n", "is not YAML"),
        (b"? [a]\n: b\n", "is not YAML"),
    ],
)
def test_file_that_is_not_a_spec_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], data: bytes, complaint: str
) -> None:
    (repository / "openapi/oauth.yaml").write_bytes(data)
    assert spec_diff.main(["HEAD"], repository) == 2
    said = capsys.readouterr().err
    assert said.startswith("openapi/oauth.yaml")
    assert complaint in said


def test_merged_yaml_mapping_may_override_its_keys(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, "hub", "        id: {type: string}\n", "        id: &id {type: string}\n")
    replace(
        repository,
        "hub",
        "        message: {type: string}",
        "        message: {<<: *id, type: string}",
    )
    assert spec_diff.main(["HEAD"], repository) == 0
    assert capsys.readouterr().out == "No changes since HEAD.\n"


def test_specs_of_the_project_can_be_compared() -> None:
    assert {"hub", "oauth"} <= specs_now(spec_diff.ROOT).keys()
