"""A virtual environment that contains only this package and its dependencies."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import attrs

from benchmarks.processes import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen
class FreshEnvironment:
    """A virtual environment.

    Args:
        python: The path of its Python.
        packages: The folder of its packages.
        listed: The JSON output of ``pip list``.
    """

    python: Path
    packages: Path
    listed: str


@cache
def create(folder: Path) -> FreshEnvironment | None:
    """Build the wheel and install it in a new environment. The result is cached.

    Returns:
        The environment, or None if it cannot be created, for example without a network.
    """
    place = folder / "fresh"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    try:
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT)
        (wheel,) = place.glob("*.whl")
        run(sys.executable, "-m", "venv", "--without-pip", place)
        run(*pip, "--python", place, "install", wheel)
        listed = run(*pip, "--python", place, "list", "--format=json")
    except subprocess.CalledProcessError as error:
        print(f"cannot create a virtual environment: {error.stderr}", file=sys.stderr)
        return None
    (packages,) = place.glob("lib/python*/site-packages")
    return FreshEnvironment(place / "bin/python", packages, listed)


def run(*command: str | Path) -> str:
    """Run a command, and return its output.

    Raises:
        subprocess.CalledProcessError: If the command fails.
    """
    parts = [str(part) for part in command]
    done = subprocess.run(parts, check=True, env=environment(), capture_output=True, text=True)
    return done.stdout
