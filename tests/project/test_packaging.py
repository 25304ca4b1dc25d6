"""What a user installs, and what a maintainer sets up."""

from __future__ import annotations

import functools
import operator
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bitfount_api", "bitfount_hub_client", "bitfount_am_client", "bitfount_fhir_client")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_packages_their_types_and_the_specs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in PACKAGES:
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    for spec in (ROOT / "openapi").glob("*.yaml"):
        if not spec.name.endswith(".config.yaml"):
            assert f"bitfount_api/sandbox/specs/{spec.name}" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    (source,) = wheel.parent.glob("*.tar.gz")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


def test_the_wheel_installs_in_an_empty_environment_and_imports(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "empty", with_pip=False)
    python = tmp_path / "empty" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*install, "--target", site, wheel], check=True, capture_output=True)
    code = (
        "import bitfount_api, importlib.metadata as m;"
        f"assert bitfount_api.__file__.startswith({site!r}), bitfount_api.__file__;"
        "assert bitfount_api.__version__ == m.version('bitfount-api');"
        "print(len(bitfount_api.__all__))"
    )
    run = subprocess.run(
        [python, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert int(run.stdout) > 50


def locked() -> dict[str, str]:
    """The requirements file: each package with what is said of it."""
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {entry.split("==")[0]: entry for entry in entries if "==" in entry}


def test_every_requirement_is_locked_by_hash_and_names_no_index() -> None:
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in re.findall(r"^--(\S+)", text, re.MULTILINE)
    for name, entry in locked().items():
        assert "--hash=sha256:" in entry, name


def test_everything_the_project_asks_for_is_locked(project: dict[str, Any]) -> None:
    asked = [
        *project["project"]["dependencies"],
        *functools.reduce(operator.iadd, project["project"]["optional-dependencies"].values(), []),
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[<>=; \[]", requirement)[0].replace(".", "-") for requirement in asked}
    assert names <= locked().keys()


def test_what_generated_code_depends_on_is_pinned_exactly(project: dict[str, Any]) -> None:
    for name in ("openapi-python-client", "ruff"):
        (requirement,) = (
            text for text in project["dependency-groups"]["dev"] if text.startswith(name)
        )
        assert re.fullmatch(rf"{name}==[\d.]+", requirement)
        assert locked()[name].startswith(requirement)


def test_make_lists_every_target_with_a_line() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    listed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    targets = set(phony.replace("\\", "").split())
    shown = dict(re.findall(r"^  make (\S+) +(\S.*)$", listed, re.MULTILINE))
    assert shown.keys() == targets


def test_every_target_but_help_and_clean_sets_itself_up() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = dict(re.findall(r"^([a-z-]+):(.*?)##", text, re.MULTILINE))
    alone = {name for name, needs in rules.items() if "$(READY)" not in needs}
    assert alone == {"help", "clean", "check"}
    assert rules["check"].split() == ["lint", "typecheck", "check-generated"]


def test_the_version_is_said_once_and_in_the_changelog(project: dict[str, Any]) -> None:
    assert project["project"]["dynamic"] == ["version"]
    import bitfount_api

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{bitfount_api.__version__}]" in changelog or "## [Unreleased]" in changelog
