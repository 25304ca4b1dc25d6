"""``scripts/check_dist.py`` on a small project: what passes, and which check finds which defect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import check_dist
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "small"
version = "1.0"
description = "A small project."
readme = "README.rst"
classifiers = ["Typing :: Typed"]

[tool.hatch.build.targets.wheel]
packages = ["small"]

[tool.hatch.build.targets.sdist]
include = ["/small", "/hook.py"]
"""
STEPS = [
    "pyproject.toml is valid",
    "build from the tree",
    "twine accepts the metadata",
    "the wheel contains the expected files",
    "build from a copy of the tree",
    "the wheel is reproducible",
    "the source distribution is reproducible",
    "build from the source distribution",
    "the source distribution makes the same wheel",
    "the source distribution makes itself again",
]
HOOK = """\
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name == "wheel":
            made = Path(self.directory, "made.txt")
            made.parent.mkdir(exist_ok=True)
            made.write_text(f"{EXPRESSION}")
            build_data["force_include"][str(made)] = "small/made.txt"
"""
USE_HOOK = '\n[tool.hatch.build.targets.wheel.hooks.custom]\npath = "hook.py"\n'


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "__init__.py").write_text('"""Small."""\n', encoding="utf-8")
    (tmp_path / "README.rst").write_text("Small\n=====\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def outcome(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """The steps that passed, and what the first that failed says."""
    code = check_dist.main([], root)
    out, error = capsys.readouterr()
    assert code == (1 if error else 0)
    return [line.removeprefix("ok").strip() for line in out.splitlines()], error


def test_sound_project_passes_every_step(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(small.rglob("*"))
    assert outcome(small, capsys) == (STEPS, "")
    assert sorted(small.rglob("*")) == before


def invalid_classifier(root: Path) -> None:
    edit(root / "pyproject.toml", "Typing :: Typed", "Typing :: Guessed")


def missing_backend(root: Path) -> None:
    edit(root / "pyproject.toml", "hatchling.build", "no_such_backend")


def broken_readme(root: Path) -> None:
    (root / "README.rst").write_text("Small\n==\n\n.. none::\n", encoding="utf-8")


def unwanted_file(root: Path) -> None:
    (root / "small" / "left.pyc").write_bytes(b"")
    edit(root / "pyproject.toml", "packages =", 'artifacts = ["*.pyc"]\npackages =')


def path_in_wheel(root: Path) -> None:
    (root / "hook.py").write_text(HOOK.replace("EXPRESSION", "self.root"), encoding="utf-8")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(USE_HOOK)


def mode_in_sdist(root: Path) -> None:
    hook = HOOK.replace('"wheel"', '"sdist"').replace(
        "EXPRESSION", "Path(self.root, 'README.rst').stat().st_mode"
    )
    (root / "hook.py").write_text(hook, encoding="utf-8")
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(USE_HOOK.replace("wheel", "sdist"))


def not_in_sdist(root: Path) -> None:
    (root / "small" / "more.py").touch()
    edit(root / "pyproject.toml", '["/small", ', '["/small/__init__.py", ')


@pytest.mark.parametrize(
    ("defect", "passed", "reason"),
    [
        (invalid_classifier, 0, "must be trove-classifier"),
        (missing_backend, 1, "no_such_backend"),
        (broken_readme, 2, "long_description"),
        (unwanted_file, 3, "W001"),
        (path_in_wheel, 5, "small/made.txt"),
        (mode_in_sdist, 6, "small-1.0/small/made.txt"),
        (not_in_sdist, 8, "small/more.py"),
    ],
)
def test_defect_fails_the_expected_check(
    small: Path,
    capsys: pytest.CaptureFixture[str],
    defect: Callable[[Path], None],
    passed: int,
    reason: str,
) -> None:
    defect(small)
    steps, error = outcome(small, capsys)
    assert steps == STEPS[:passed]
    assert error.startswith(f"FAILED  {STEPS[passed]}: ")
    assert reason in error
