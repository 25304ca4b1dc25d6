"""Another version of a tool is tried in a copy of the project, which itself does not change."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path

import generate
import pytest
import upgrade_generator
from support.frozen_project import ROOT, write_project
from tool_pins import pinned
from upgrade_generator import Check, main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="The tools of the tests are scripts."),
]

OPERATIONS = "bitfount_api/_generated/operations.py"
# Which code does a check see?
SEES_THE_OLD_CODE = (
    "import bitfount_api, pathlib\n"
    "package = pathlib.Path(bitfount_api.__file__).parent\n"
    "changed = '# changed' in (package / '_generated/operations.py').read_text()\n"
    "raise SystemExit('the code has changed' if changed else 0)\n"
)
SEES_SOURCES_ONLY = "import os; raise SystemExit(len({'.venv', 'dist'} & {*os.listdir()}))"
# Without the working folder in the path, like a program that runs in another one.
CHECKS = [
    Check("first", ("-c", SEES_SOURCES_ONLY)),
    Check("second", ("-P", "-c", SEES_THE_OLD_CODE)),
]
INSTALLED = pinned(ROOT / "pyproject.toml")["ruff"]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with frozen specs, and the code generated from them."""
    root = tmp_path_factory.mktemp("generated")
    write_project(root)
    (root / "bitfount_api/__init__.py").touch()
    shutil.copytree(ROOT / "scripts", root / "scripts")
    assert generate.main([], root) == 0
    return root


@pytest.fixture
def project(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # The other scripts write the sync clients, which the frozen project does not have.
    [first, *_] = upgrade_generator.GENERATORS
    assert first.name == "scripts/generate.py"
    monkeypatch.setattr(upgrade_generator, "GENERATORS", [first])
    root = tmp_path / "project"
    shutil.copytree(generated, root)
    for name in (".venv", "dist"):
        (root / name).mkdir()
        (root / name / "large").touch()
    return root


def install(
    folder: Path, requirements: list[str], *, version: str = INSTALLED, ruff: str = ""
) -> Path:
    """Make an environment with the installed packages, but with a ruff of some version.

    Args:
        folder: Folder of the environment.
        requirements: What the project now requires.
        version: The version that the ruff says it has.
        ruff: Python code that runs after ruff has formatted files in ``folder``.
    """
    assert f"ruff=={version}" in requirements
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/*/site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    metadata = packages / f"ruff-{version}.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Name: ruff\nVersion: {version}\n", encoding="utf-8")
    scripts = Path(sys.executable).parent
    for tool in ("openapi-python-client", "datamodel-codegen"):
        (folder / "bin" / tool).symlink_to(scripts / tool)
    code = (
        f"#!{sys.executable}\n"
        "import pathlib, subprocess, sys\n"
        f"subprocess.run(['{scripts / 'ruff'}', *sys.argv[1:]], check=True)\n"
        "folder = pathlib.Path(sys.argv[-1])\n"
        f"if sys.argv[1] == 'format':\n    {ruff or 'pass'}\n"
    )
    (folder / "bin/ruff").write_text(code, encoding="utf-8")
    (folder / "bin/ruff").chmod(0o755)
    return folder / "bin/python"


CHANGES = "(folder / 'operations.py').open('a').write('# changed\\n')"
changing = partial(install, version="99.0", ruff=CHANGES)
failing = partial(install, version="99.0", ruff="sys.exit('No such style')")


def state(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_upgrade_without_changes_fits(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(project)
    assert main(["--tool", "ruff", INSTALLED], project, install, CHECKS) == 0
    said = capsys.readouterr().out
    assert "The code does not change.\nfirst: passed\nsecond: passed\n" in said
    assert f"ruff {INSTALLED} fits" in said
    assert state(project) == before


def test_upgrade_shows_changes_and_how_to_adopt_them(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(project)
    arguments = ["--tool", "ruff", "99.0", "--diff", str(tmp_path / "diff")]
    assert main(arguments, project, changing, CHECKS[:1]) == 0
    said = capsys.readouterr().out
    assert f"ruff: {INSTALLED} is pinned, trying 99.0\n" in said
    assert f"  changed: {OPERATIONS}, +1 -0\n" in said
    assert '"ruff==99.0", then: make lock generate check test\n' in said
    assert (tmp_path / "diff").read_text(encoding="utf-8").endswith("\n+# changed\n")
    assert state(project) == before


def test_upgrade_that_fails_a_check_does_not_fit(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(project)
    assert main(["--tool", "ruff", "99.0"], project, changing, CHECKS) == 1
    said = capsys.readouterr().out
    assert "\n+# changed\n" in said
    assert "first: passed\nsecond: failed\nthe code has changed\n" in said
    assert said.endswith("\nruff 99.0 does not fit: second\n")
    assert state(project) == before


def test_upgrade_that_cannot_generate_does_not_fit(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--tool", "ruff", "99.0"], project, failing, CHECKS) == 1
    said = capsys.readouterr().out
    assert "scripts/generate.py: failed\n" in said
    assert "No such style" in said
    assert said.endswith("\nruff 99.0 does not fit: scripts/generate.py\n")
    assert "first" not in said


def test_added_and_removed_files_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("old/bitfount_api/gone.py", "new/bitfount_api/added.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("line\n" * 70, encoding="utf-8")
    upgrade_generator.report(tmp_path / "old", tmp_path / "new", None)
    first, second, files, *diff, more = capsys.readouterr().out.splitlines()
    assert first == "  added: bitfount_api/added.py, +70 -0"
    assert second == "  removed: bitfount_api/gone.py, +0 -70"
    assert files == "Files: 1 added, 1 removed, 0 changed. Lines: +70 -70."
    assert len(diff) == upgrade_generator.SHOWN
    assert more == "... and 86 lines more: --diff FILE writes all of them"


def test_version_that_cannot_be_installed_is_an_error(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\n[ $1 = venv ] || { echo No solution found >&2; exit 1; }\n")
    uv.chmod(0o755)
    assert main(["--tool", "ruff", "99.0", "--uv", str(uv)], project, checks=CHECKS) == 2
    assert capsys.readouterr().err == "99.0 cannot be installed:\nNo solution found\n\n"


def test_checks_name_files_that_exist() -> None:
    checks = (*upgrade_generator.GENERATORS, *upgrade_generator.CHECKS)
    named = [each for check in checks for each in check.arguments if "/" in each]
    assert len(named) == 6
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_upgrade_script_runs_without_the_installed_tools() -> None:
    # The other scripts may already be adapted to the new version, and not to the installed one.
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); import upgrade_generator"
    command = [sys.executable, "-I", "-S", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stderr == ""
