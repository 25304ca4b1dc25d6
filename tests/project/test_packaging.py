"""What a user installs, and what a maintainer sets up."""

from __future__ import annotations

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


def test_the_version_is_said_once_and_in_the_changelog(project: dict[str, Any]) -> None:
    assert project["project"]["dynamic"] == ["version"]
    import bitfount_api

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{bitfount_api.__version__}]" in changelog or "## [Unreleased]" in changelog
