"""Generation is repeatable and atomic, and the check finds any difference."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import generate
import pytest
from support.frozen_project import SPECS, write_project
from tool_pins import TOOLS, pinned

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = generate.FOLDER
TYPES = f"{FOLDER}/types"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code generated from the frozen specs, made once."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    write_project(source)
    generate.build(source, folder)
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A project with frozen specs, and the code generated from them."""
    root = tmp_path / "project"
    write_project(root)
    shutil.copytree(built, root / FOLDER)
    return root


def spoil(root: Path) -> None:
    """Edit, delete and add a file of the clients, and of the types."""
    for edited, deleted, added in SPOILT_FILES:
        (root / edited).write_bytes((root / edited).read_bytes() + b"\n")
        (root / deleted).unlink()
        (root / added).touch()


SPOILT_FILES = [
    (f"{FOLDER}/hub/types.py", f"{FOLDER}/hub/models/register_pod_request.py", f"{FOLDER}/ours.py"),
    *[tuple(f"{TYPES}/{name}.py" for name in ("hub", "smart_on_fhir", "ours"))],
]
SPOILT = sorted(
    f"{what}: {name}"
    for names in SPOILT_FILES
    for what, name in zip(("edited or stale", "missing", "not generated"), names, strict=True)
)


def test_committed_code_is_what_the_specs_make(tmp_path: Path) -> None:
    generate.build(ROOT, tmp_path)
    assert generate.compare(tmp_path, ROOT) == []


def test_every_client_and_the_tables_are_generated(built: Path) -> None:
    made = {path.name for path in built.iterdir()}
    assert made == {*generate.CLIENTS, "__init__.py", "operations.py", "types"}


def test_every_spec_has_types_and_operations(built: Path) -> None:
    assert {path.stem for path in (built / "types").iterdir()} == {*SPECS, "__init__"}
    table = (built / "operations.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^# openapi/(\w+)\.yaml$", table, re.MULTILINE)) == {*SPECS}


def test_check_finds_what_is_edited_missing_or_added(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(project)
    before = contents(project)
    assert generate.main(["--check"], project) == 1
    *found, advice = capsys.readouterr().err.splitlines()
    assert found == SPOILT
    assert "make generate" in advice
    assert contents(project) == before


def test_generation_is_reproducible_in_any_folder(
    built: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(project)
    # A ruff configuration above the temporary folder, as when that is inside a project.
    (project.parent / "ruff.toml").write_text("line-length = 60\nlint.select = ['ALL']\n")
    monkeypatch.setattr("tempfile.tempdir", str(project))
    assert generate.main([], project) == 0
    assert generate.compare(built, project) == []
    assert capsys.readouterr().err == ""
    left = {path.name for path in project.iterdir()}
    assert left == {"bitfount_api", "openapi", "pyproject.toml"}
    left = {path.name for path in (project / "bitfount_api").iterdir()}
    assert left == {"_generated", "types.py"}


def test_caches_are_not_compared(built: Path, project: Path) -> None:
    for folder in (FOLDER, TYPES):
        cache = project / folder / "__pycache__"
        cache.mkdir()
        (cache / "types.cpython-311.pyc").touch()
    assert generate.compare(built, project) == []


def test_check_of_a_missing_folder_lists_every_file(built: Path, tmp_path: Path) -> None:
    missing = generate.compare(built, tmp_path)
    assert len(missing) == len(contents(built))
    assert all(each.startswith("missing: ") for each in missing)


BODY = "application/json:\n            schema: {$ref: '#/components/schemas/RegisterPodRequest'}"
DEMO = "        isDemo: {type: boolean}\n"
PLACE = "openapi/hub.yaml, line"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        # The generator warns that it leaves the operation out, and carries on.
        (BODY, BODY.replace("json", "cbor"), "openapi-python-client generate"),
        ("openapi: 3.0.3", "openapi: 2.0", f"{PLACE} 3: openapi is not valid: it is 2.0"),
        (
            DEMO,
            f"{DEMO}        isDemo: {{type: string}}\n",
            f"{PLACE} {{next}}: the key isDemo is there already, in line {{line}}",
        ),
        (
            DEMO,
            "        isDemo: {$ref: '#/components/schemas/Demo'}\n",
            f"{PLACE} {{line}}: components > schemas > Project > properties > isDemo > $ref is",
        ),
    ],
    ids=["warning", "unknown version", "duplicate key", "dangling reference"],
)
def test_spec_that_cannot_be_used_keeps_the_code(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, complaint: str
) -> None:
    line = edit_hub(project, old, new)
    before = contents(project)
    assert generate.main([], project) == 1
    assert complaint.format(line=line, next=line + 1) in capsys.readouterr().err
    assert contents(project) == before


def edit_hub(project: Path, old: str, new: str) -> int:
    """Edit the Hub's spec, and return the line of the edit."""
    spec = project / "openapi/hub.yaml"
    text = spec.read_text(encoding="utf-8")
    before, edited, after = text.partition(old)
    assert edited
    spec.write_text(f"{before}{new}{after}", encoding="utf-8")
    return before.count("\n") + 1


def test_unusable_name_fails_with_its_place(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = edit_hub(project, DEMO, DEMO.replace("isDemo", "additionalProperties"))
    before = contents(project)
    assert generate.main([], project) == 1
    complaint, *advice = capsys.readouterr().err.splitlines()
    assert complaint.startswith(f"openapi/hub.yaml:{line}: additionalProperties: ")
    assert advice == generate.NAME_ADVICE.splitlines()
    assert contents(project) == before


def test_type_without_a_schema_fails_with_its_place(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = project / "bitfount_api/types.py"
    text = table.read_text(encoding="utf-8")
    table.write_text(
        f"from bitfount_api._generated.types.hub import Nothing\n{text}", encoding="utf-8"
    )
    before = contents(project)
    assert generate.main([], project) == 1
    assert capsys.readouterr().err == "types.py:1: hub.yaml has no schema Nothing\n"
    assert contents(project) == before


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (r"ruff==[\d.]+", "ruff==0.0.1", "ruff: 0.0.1 is pinned, but "),
        (r"openapi-python-client==", "openapi-python-client>=", "does not pin an exact version"),
    ],
)
def test_other_tool_versions_are_rejected(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, complaint: str
) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(re.sub(old, new, pyproject.read_text(encoding="utf-8")), encoding="utf-8")
    assert generate.main([], project) == 2
    assert complaint in capsys.readouterr().err


def test_models_are_loaded_one_by_one(built: Path) -> None:
    models = f"{built.name}.hub.models"
    code = (
        "import sys\n"
        f"import {models} as models\n"
        "models.ProgressUpdate\n"
        "print(*sorted(name for name in sys.modules if name.startswith(f'{models.__name__}.')))\n"
        "assert not hasattr(models, 'Nothing')\n"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=built.parent, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [f"{models}.progress_update"]


@pytest.mark.parametrize("text", ['"""Nothing."""', "from .a import A\nprint(A)\nfor b in A: pass"])
def test_unexpected_list_of_models_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/__init__.py").write_text(text, encoding="utf-8")
    with pytest.raises(generate.GenerationError):
        generate.load_models_late(tmp_path)


def test_endpoint_without_builder_is_an_error(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "hub", tmp_path / "hub")
    with pytest.raises(generate.GenerationError, match="has no function _get_kwargs"):
        generate.publish_builders(tmp_path / "hub")  # they are public already


def test_tool_versions_are_defined_in_one_place() -> None:
    pins = {tool: pinned(ROOT / "pyproject.toml")[tool] for tool in TOOLS}
    written = [*(ROOT / "scripts").glob("*.py"), *ROOT.glob("Makefile"), *ROOT.glob(".ci/*")]
    assert written
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert not [tool for tool, version in pins.items() if version in text], path.name


def test_locked_requirements_are_those_versions() -> None:
    locked = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8").splitlines()
    for tool in TOOLS:
        version = pinned(ROOT / "pyproject.toml")[tool]
        assert f"{tool}=={version} \\" in locked


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
