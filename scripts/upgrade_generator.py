"""Try another version of a generator or of ruff, without a change of the work tree.

    python scripts/upgrade_generator.py VERSION --tool ruff --uv .venv-lock/bin/uv

In a temporary copy of the project, pins and installs the version, generates the code as
``make generate`` does, prints what changes, and checks whether the rest of the project fits.

Exit codes:
    0  the version fits
    1  it does not: the code cannot be generated, or a check fails
    2  the version cannot be installed
"""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tool_pins import TOOLS, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Install = Callable[[Path, list[str]], Path]

ROOT = Path(__file__).resolve().parents[1]
NOT_COPIED = ("build", "dist", "site")
"""Results of builds. Files and folders whose name begins with a dot are not copied either."""
BESIDE = ("attrs", "openapi-spec-validator", "pyyaml")
"""What the scripts of ``make generate`` import, beside the tools."""
SHOWN = 60
"""Lines of a diff, or of the output of a check that failed, that are printed."""


class Check(NamedTuple):
    """A check of the project with the new code: arguments of Python."""

    name: str
    arguments: tuple[str, ...]
    new_tools: bool = False
    """Run it with the tools that were installed, not with the development environment."""


GENERATORS = tuple(
    Check(f"scripts/{each}.py", (f"scripts/{each}.py",), new_tools=True)
    for each in ("generate", "unasync", "exports")
)
"""The scripts of ``make generate``."""
CHECKS = (
    Check("types", ("-m", "mypy", "-p", "bitfount_api", "-p", "demo")),
    Check(
        "contract tests",
        (
            *("-m", "pytest", "-q", "tests/contract"),
            *("tests/scripts/test_trimming.py", "tests/scripts/test_wire_types.py"),
        ),
    ),
    Check("lint", ("-m", "ruff", "check", "--no-cache", "--output-format=concise"), new_tools=True),
    Check("format", ("-m", "ruff", "format", "--no-cache", "--check"), new_tools=True),
)


def main(
    arguments: list[str] | None = None,
    root: Path = ROOT,
    install: Install | None = None,
    checks: Sequence[Check] = CHECKS,
) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Root of the project.
        install: Installs requirements into a new folder and returns the folder's Python; uv by
            default.
        checks: The checks of the project with the new code.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="the version to try")
    parser.add_argument("--tool", choices=TOOLS, default="openapi-python-client")
    parser.add_argument("--uv", default="uv", help="the uv that installs it")
    parser.add_argument("--diff", type=Path, help="a file for the whole diff")
    options = parser.parse_args(arguments)
    pins = pinned(root / "pyproject.toml")
    new = {**pins, options.tool: options.version}
    print(f"{options.tool}: {pins[options.tool]} is pinned, trying {options.version}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        copy = Path(folder, "project")
        copy_project(root, copy)
        pin(copy / "pyproject.toml", options.tool, pins[options.tool], options.version)
        requirements = [*(f"{tool}=={new[tool]}" for tool in TOOLS), *BESIDE]
        try:
            python = (install or with_uv(options.uv))(Path(folder, "tools"), requirements)
        except subprocess.CalledProcessError as error:
            print(f"{options.version} cannot be installed:\n{error.stderr}", file=sys.stderr)
            return 2
        failed = next(([each.name] for each in GENERATORS if not run(each, python, copy)), [])
        if not failed:
            report(root, copy, options.diff)
            failed = [each.name for each in checks if not run(each, python, copy)]
    if failed:
        print(f"\n{options.tool} {options.version} does not fit: {', '.join(failed)}")
        return 1
    print(
        f"\n{options.tool} {options.version} fits. To adopt it, change the pin in pyproject.toml to"
        f'\n"{options.tool}=={options.version}", then: make lock generate check test'
    )
    return 0


def copy_project(root: Path, target: Path) -> None:
    """Copy a project, without what builds and environments have left there."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        skipped = NOT_COPIED if Path(folder) == root else ()
        return {name for name in names if name[0] == "." or name in ("__pycache__", *skipped)}

    shutil.copytree(root, target, ignore=ignored)


def pin(pyproject: Path, tool: str, old: str, new: str) -> None:
    """Change the version that ``pyproject.toml`` pins."""
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace(f'"{tool}=={old}"', f'"{tool}=={new}"'), encoding="utf-8")


def with_uv(uv: str) -> Install:
    """Return a function that installs requirements into a new environment."""

    def install(folder: Path, requirements: list[str]) -> Path:
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        for command in (
            ["venv", "--python", sys.executable, str(folder)],
            ["pip", "install", "--python", str(python), *requirements],
        ):
            subprocess.run([uv, *command], check=True, capture_output=True, text=True)
        return python

    return install


def run(check: Check, python: Path, project: Path) -> bool:
    """Run a check in the copy of the project, and print its output if it fails."""
    print(f"{check.name}: ", end="", flush=True)
    done = subprocess.run(
        [python if check.new_tools else sys.executable, *check.arguments],
        cwd=project,
        # The development environment would import the work tree.
        env={**os.environ, "PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    print("failed" if done.returncode else "passed", flush=True)
    if done.returncode:
        print(*done.stdout.splitlines()[-SHOWN:], sep="\n")
    return not done.returncode


def report(root: Path, copy: Path, target: Path | None) -> None:
    """Print which files of the package differ in the copy, and the beginning of the diff."""
    diff: list[str] = []
    total: Counter[str] = Counter()
    old, new = (
        {path.relative_to(each): path for path in each.glob("bitfount_api/**/*.py")}
        for each in (root, copy)
    )
    for name in sorted({*old, *new}):
        before, after = _lines(old.get(name)), _lines(new.get(name))
        if before == after:
            continue
        lines = list(
            difflib.unified_diff(
                before, after, f"a/{name.as_posix()}", f"b/{name.as_posix()}", lineterm=""
            )
        )
        added, removed = (sum(line[0] == sign for line in lines[2:]) for sign in "+-")
        what = "added" if name not in old else "removed" if name not in new else "changed"
        print(f"  {what}: {name.as_posix()}, +{added} -{removed}")
        total.update({what: 1, "+": added, "-": removed})
        diff += lines
    if not diff:
        print("The code does not change.")
        return
    files = ", ".join(f"{total[what]} {what}" for what in ("added", "removed", "changed"))
    print(f"Files: {files}. Lines: +{total['+']} -{total['-']}.")
    if target:
        target.write_text("\n".join([*diff, ""]), encoding="utf-8", newline="\n")
        print(f"The diff is in {target}.")
    else:
        print(*diff[:SHOWN], sep="\n")
        if len(diff) > SHOWN:
            print(f"... and {len(diff) - SHOWN} lines more: --diff FILE writes all of them")


def _lines(path: Path | None) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path else []


if __name__ == "__main__":
    sys.exit(main())
