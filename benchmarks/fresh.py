"""A virtual environment with this package and what it needs, and nothing else."""

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
class Fresh:
    """A virtual environment.

    Args:
        python: Its Python.
        packages: The folder of its packages.
        listed: What ``pip list`` says of it, as JSON.
    """

    python: Path
    packages: Path
    listed: str


@cache
def made(folder: Path) -> Fresh | None:
    """Build the wheel, and install it where nothing else is. Done once.

    Returns:
        None if it cannot be done, as without a network.
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
        print(f"no fresh environment could be made: {error.stderr}", file=sys.stderr)
        return None
    (packages,) = place.glob("lib/python*/site-packages")
    return Fresh(place / "bin/python", packages, listed)


def run(*command: str | Path) -> str:
    """Run a command, and give what it prints.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    parts = [str(part) for part in command]
    done = subprocess.run(parts, check=True, env=environment(), capture_output=True, text=True)
    return done.stdout
