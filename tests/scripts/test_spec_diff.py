"""Test that each kind of change to a spec is recognised and classified correctly."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import spec_diff
from contract import specs
from contract.editing import Edit, add, drop, put
from contract.spec_change_cases import BREAKING, HARMLESS
from operation_changes import SpecChange, spec_changes

OPENAPI = Path(__file__).parents[2] / "openapi"
STATUS = ("components", "schemas", "Project", "properties", "status")


def changes(edit: Edit, before: Edit | None = None) -> list[SpecChange]:
    """Return the reported changes for an edit of the Hub's spec."""
    old, new = specs.load("hub"), specs.load("hub")
    if before is not None:
        before(old)
        before(new)
    edit(new)
    return spec_changes(old, new)


def texts(found: list[SpecChange]) -> list[str]:
    return [
        f"{', '.join(each.operations)}: {each.at} {each.what}".replace(":  ", ": ")
        for each in found
    ]


@pytest.mark.parametrize("name", BREAKING)
def test_change_breaks_callers(name: str) -> None:
    edit, wanted = BREAKING[name]
    found = texts([each for each in changes(edit) if each.breaking])
    assert any(wanted in each for each in found), found


@pytest.mark.parametrize("name", HARMLESS)
def test_change_breaks_no_caller(name: str) -> None:
    edit, wanted = HARMLESS[name]
    found = changes(edit)
    assert texts([each for each in found if each.breaking]) == []
    assert any(wanted in each for each in texts(found)), texts(found)


def test_equal_specs_have_no_differences() -> None:
    for name in specs.NAMES:
        assert spec_changes(specs.load(name), specs.load(name)) == []


CLOSED = put(*STATUS, "enum", value=["PUBLISHED", "ARCHIVED"])


@pytest.mark.parametrize(
    ("edit", "breaking", "what"),
    [
        (add(*STATUS, "enum", value="HIDDEN"), True, "can be HIDDEN now"),
        (drop(*STATUS, "enum"), True, "is no longer limited"),
        (put(*STATUS, "enum", value=["PUBLISHED"]), False, "can no longer be ARCHIVED"),
        (put(*STATUS, "enum", value=["ARCHIVED", "PUBLISHED"]), False, "is described differently"),
    ],
)
def test_change_of_a_closed_answer_enum_is_classified(
    edit: Edit, breaking: bool, what: str
) -> None:
    [found] = changes(edit, before=CLOSED)
    assert (found.breaking, found.what) == (breaking, what)


def test_change_of_many_operations_is_reported_once() -> None:
    [found] = changes(drop("components", "schemas", "ServiceError", "properties", "success"))
    assert len(found.operations) == len(list(specs.operations(specs.load("hub"))))


def test_recursive_schemas_are_compared() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Project"}}}
    before = put("components", "schemas", "Project", value=tree)
    [found] = changes(add_field("icon"), before=before)
    assert (found.breaking, found.at) == (False, "answer: Project.icon")


def add_field(name: str) -> Edit:
    return put("components", "schemas", "Project", "properties", name, value={"type": "string"})


def test_all_of_is_compared_as_one_schema() -> None:
    fields = specs.load("hub")["components"]["schemas"]["Project"]["properties"]
    names = list(fields)
    parts = [
        {"type": "object", "required": ["id"], "properties": {"id": fields["id"]}},
        {"type": "object", "properties": {name: fields[name] for name in names[1:]}},
    ]
    split = put("components", "schemas", "Project", value={"allOf": parts})
    assert texts(changes(split)) == [": is described differently"]
    del parts[0]["required"]
    [found] = changes(split)
    assert (found.breaking, found.what) == (True, "is no longer required")


def test_null_of_openapi_3_0_equals_that_of_3_1() -> None:
    old = put(*STATUS, value={"type": "string", "nullable": True})
    new = put(*STATUS, value={"type": ["string", "null"]})
    assert texts(changes(new, before=old)) == [": is described differently"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git work tree with the committed specs."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        # Git sets these while it runs a hook; they would point at the project itself.
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(OPENAPI, tmp_path / "openapi")
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
    path = root / "openapi" / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_unchanged_work_tree_has_no_differences(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spec_diff.main(["HEAD"], repository) == 0
    assert capsys.readouterr().out == "No changes since HEAD.\n"


def test_work_tree_is_compared_with_revisions(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    optional = '        modelDescription: {type: string, nullable: true, x-since: "13.0"}\n'
    more = f"{optional}        licence: {{type: string}}\n"
    replace(repository, "hub.yaml", optional, more)
    assert spec_diff.main(["HEAD"], repository) == 0
    said = capsys.readouterr().out
    assert "hub, POST /api/models: request: ModelUploadRequest.licence is new" in said
    assert "Changes since HEAD: 0 breaking, 1 other." in said
    commit(repository)
    replace(repository, "access_manager.yaml", "  /api/access:", "  /api/decision:")
    assert spec_diff.main(["HEAD~1", "--json"], repository) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["base"] == "HEAD~1"
    assert said["breaking"] == [
        {
            "spec": "access_manager",
            "operations": ["POST /api/decision"],
            "at": "",
            "what": "was POST /api/access",
        }
    ]
    assert [each["spec"] for each in said["other"]] == ["hub"]


def test_added_and_removed_specs_are_reported(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "openapi/oauth.yaml").rename(repository / "openapi/authority.yaml")
    assert spec_diff.main(["HEAD"], repository) == 1
    said = capsys.readouterr().out
    assert "oauth, POST /oauth/device/code and 1 more: is gone" in said
    assert "authority, POST /oauth/device/code and 1 more: is new" in said


@pytest.mark.parametrize("revision", ["nonsense", "HEAD~9", "", "HEAD:openapi", "--all"])
def test_unknown_revision_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    assert spec_diff.main(["--", revision], repository) == 2
    assert f"there is no revision {revision!r}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("openapi: 3.0.3", "openapi: [3.0.3", "openapi/oauth.yaml is not YAML"),
        ("schemas/OAuthError", "schemas/Error", "nothing at #/components/schemas/Error"),
    ],
)
def test_file_that_is_not_a_spec_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, complaint: str
) -> None:
    path = repository / "openapi/oauth.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert spec_diff.main(["HEAD"], repository) == 2
    assert complaint in capsys.readouterr().err


def test_spec_that_is_not_a_mapping_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "openapi/oauth.yaml").write_text("- a list\n", encoding="utf-8")
    assert spec_diff.main(["HEAD"], repository) == 2
    assert "openapi/oauth.yaml is not a spec" in capsys.readouterr().err
