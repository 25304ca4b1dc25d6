"""The packages that a user installs, and the set-up of a maintainer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


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
    assert {"bitfount_api/__init__.py", "bitfount_api/py.typed"} <= names
    for spec in (ROOT / "openapi").glob("*.yaml"):
        if not spec.name.endswith(".config.yaml"):
            assert f"bitfount_api/sandbox/specs/{spec.name}" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"bitfount_api"}


def test_links_of_the_packages_lead_to_files_of_the_repository(
    wheel: Path, project: dict[str, Any]
) -> None:
    """A package index shows the README alone, so its links cannot be relative."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        head, _, readme = archive.read(name).decode().partition("\n\n")
    assert "Description-Content-Type: text/markdown" in head.splitlines()
    assert readme.startswith("# bitfount-api\n")
    repository = project["project"]["urls"]["Repository"]
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", readme)
    assert len(links) > 10
    for image, target in links:
        assert target.startswith("https://"), target
        if target.startswith(repository):
            view, _, path = target.removeprefix(f"{repository}/").partition("/main/")
            assert view == ("raw" if image else "blob")
            assert (ROOT / path).exists(), target


def git_files(*options: str) -> set[str]:
    """The files that git lists; the test is skipped outside a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("this tree is not a git checkout")
    command = ["git", "-C", str(ROOT), "ls-files", "-z", *options]
    listed = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def in_sdist(wheel: Path) -> set[str]:
    (source,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        assert all(member.isfile() for member in archive), "a link or a device"
        return {name.partition("/")[2] for name in archive.getnames()}


def test_sdist_holds_what_checks_and_tests_need(in_sdist: set[str]) -> None:
    files = "LICENSE Makefile SECURITY.md CONTRIBUTING.md pyproject.toml zensical.toml .gitignore"
    assert in_sdist >= {*files.split(), ".ci/run", "scripts/generate.py", "tests/conftest.py"}
    folders = "benchmarks bitfount_api demo docs examples openapi requirements tests"
    assert {name.partition("/")[0] for name in in_sdist} >= set(folders.split())


def test_sdist_holds_every_tracked_file_and_nothing_ignored(in_sdist: set[str]) -> None:
    assert git_files() - in_sdist == set()
    known = git_files("--cached", "--others", "--exclude-standard")
    assert in_sdist - known == {"PKG-INFO"}


@pytest.fixture(scope="module")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a virtual environment that holds the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("plain")
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    install = ["--python", str(folder / "bin" / "python"), "install", "--no-deps", str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    return folder / "bin"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_wheel_installs_and_imports_in_an_empty_venv(plain: Path, tmp_path: Path) -> None:
    code = (
        "import bitfount_api, importlib.metadata as m, sys;"
        "assert bitfount_api.__file__.startswith(sys.prefix), bitfount_api.__file__;"
        "assert bitfount_api.__version__ == m.version('bitfount-api');"
        "print(len(bitfount_api.__all__))"
    )
    answer = run(plain / "python", "-W", "error", "-c", code, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 50


def test_version_without_click_is_printed(plain: Path, tmp_path: Path) -> None:
    with_click = run(sys.executable, "-m", "bitfount_api.cli", "--version", cwd=tmp_path)
    assert re.fullmatch(r"bitfount-api \d+\.\S+\n", with_click.stdout)
    python = plain / "python"
    for program in (
        [plain / "bitfount-api"],
        [python, "-m", "bitfount_api"],
        [python, "-m", "bitfount_api.cli"],
    ):
        answer = run(*program, "--version", cwd=tmp_path)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, with_click.stdout, "")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["pods", "--version"], ["doctor"]])
def test_commands_without_click_name_the_extra(
    plain: Path, tmp_path: Path, arguments: list[str]
) -> None:
    for program in ([plain / "bitfount-api"], [plain / "python", "-m", "bitfount_api"]):
        answer = run(*program, *arguments, cwd=tmp_path)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.startswith("Error: ")
        assert "pip install 'bitfount-api[cli]'" in answer.stderr
        assert answer.stderr.count("\n") == 1
        answer = run(*program, *arguments, "--json", cwd=tmp_path)
        assert json.loads(answer.stderr)["error"]["hint"].endswith("'bitfount-api[cli]'")


def test_version_is_defined_once_and_in_the_changelog(project: dict[str, Any]) -> None:
    assert "version" in project["project"]["dynamic"]
    import bitfount_api

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{bitfount_api.__version__}]" in changelog or "## [Unreleased]" in changelog
