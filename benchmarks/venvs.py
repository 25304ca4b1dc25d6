"""A virtual environment that contains only this package and its dependencies."""

from __future__ import annotations

import json
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


_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@cache
def create(folder: Path) -> FreshEnvironment | None:
    """Build the wheel and install it in a new environment. The result is cached.

    Returns:
        The environment, or None if it cannot be created, for example without a network.
    """
    place = folder / "fresh"
    try:
        wheel = build(place)
        install(place, wheel)
        listed = run(*_PIP, "--python", place, "list", "--format=json")
    except subprocess.CalledProcessError as error:
        print(f"cannot create a virtual environment: {error.stderr}", file=sys.stderr)
        return None
    (packages,) = place.glob("lib/python*/site-packages")
    return FreshEnvironment(place / "bin/python", packages, listed)


def build(folder: Path) -> Path:
    """Build the wheel of this package into a folder, and return its path.

    Raises:
        subprocess.CalledProcessError: If the build fails.
    """
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(place: Path, package: str | Path, python: str = sys.executable) -> None:
    """Install a package in a new environment.

    Args:
        place: Folder of the environment.
        package: A requirement, or the path of a wheel.
        python: The Python of the environment.

    Raises:
        subprocess.CalledProcessError: If it cannot be installed.
    """
    run(python, "-m", "venv", "--without-pip", place)
    run(*_PIP, "--python", place, "install", package)


@attrs.frozen
class Contents:
    """What is installed for a Python, without pip.

    Args:
        version: Version of the package in question.
        requires: Versions of Python that the package accepts.
        python: Version of the Python.
        packages: Number of packages.
        size: Size of their files without ``.pyc`` files, in bytes. Python writes those later, as
            modules are imported, if the installer has not written them.
    """

    version: str
    requires: str
    python: str
    packages: int
    size: int


_CONTENTS = """
import importlib.metadata as metadata, json, pathlib, platform, sys, sysconfig
def of_pip(name):
    return name == "pip" or name.startswith("pip-")
names = {found.name.lower() for found in metadata.distributions()} - {"pip"}
folder = pathlib.Path(sysconfig.get_path("purelib"))
files = (
    path for top in folder.iterdir() if not of_pip(top.name)
    for path in (top.rglob("*") if top.is_dir() else [top])
)
print(json.dumps({
    "version": metadata.version(sys.argv[1]),
    "requires": metadata.metadata(sys.argv[1])["Requires-Python"].replace(" ", ""),
    "python": platform.python_version(),
    "packages": len(names),
    "size": sum(path.stat().st_size for path in files if path.is_file() and path.suffix != ".pyc"),
}))
"""


def contents(python: str | Path, package: str) -> Contents:
    """Return what is installed for a Python.

    Args:
        python: Path of the Python.
        package: The package whose version is returned.

    Raises:
        subprocess.CalledProcessError: If the package is not installed.
    """
    return Contents(**json.loads(run(python, "-I", "-c", _CONTENTS, package)))


def run(*command: str | Path) -> str:
    """Run a command, and return its output.

    Raises:
        subprocess.CalledProcessError: If the command fails.
    """
    parts = [str(part) for part in command]
    done = subprocess.run(parts, check=True, env=environment(), capture_output=True, text=True)
    return done.stdout
