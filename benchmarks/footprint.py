"""What installing, generating and asking in vain cost."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

import httpx
from packaging.requirements import Requirement

from benchmarks.calls import session
from benchmarks.processes import ROOT, environment
from benchmarks.results import Measured, Row
from benchmarks.setting import MB
from bitfount_api import BitfountHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.setting import Setting


@cache
def installed(setting: Setting) -> tuple[int, float, str]:
    """How many packages there are with this one, their bytes, and how that is known."""
    if not setting.quick:
        try:
            return *_fresh(setting.folder), "a fresh virtual environment, compiled files included"
        except subprocess.CalledProcessError as error:
            print(f"no fresh environment could be made: {error.stderr}", file=sys.stderr)
    return *_here(), "as installed here"


def _fresh(folder: Path) -> tuple[int, float]:
    """Build the wheel, and install it where nothing else is."""
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    _run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    target: list[str | Path] = ["--python", folder / "venv"]
    _run(sys.executable, "-m", "pip", "--quiet", *target, "install", wheel)
    listed = _run(sys.executable, "-m", "pip", *target, "list", "--format=json")
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    files = (path for path in packages.rglob("*") if path.is_file())
    return len(json.loads(listed)), sum(path.stat().st_size for path in files)


def _run(*command: str | Path) -> str:
    parts = [str(part) for part in command]
    done = subprocess.run(parts, check=True, env=environment(), capture_output=True, text=True)
    return done.stdout


def _here() -> tuple[int, float]:
    """Follow the requirements of what is installed, and count its files."""
    size, found = 0.0, set(_required("bitfount-api", set()))
    for name in found:
        for path in importlib.metadata.distribution(name).files or ():
            where = path.locate()
            size += where.stat().st_size if where.is_file() else 0  # type: ignore[attr-defined]
    return len(found), size


def _required(name: str, seen: set[str]) -> Iterator[str]:
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return
    seen.add(name)
    yield name
    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _required(requirement.name, seen)


def packages(setting: Setting) -> Measured:
    """How many packages are installed, this one included."""
    count, _, how = installed(setting)
    return Measured(count, count, None, "", note=how)


def megabytes(setting: Setting) -> Measured:
    """How large they are."""
    _, size, how = installed(setting)
    return Measured(size / MB, size / MB, None, "MB", note=how)


def generating(setting: Setting) -> Measured:
    """The slower of two runs, each of which makes all clients and compares them with the others."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        _run(sys.executable, ROOT / "scripts/generate.py", "--check")
        times.append(time.perf_counter() - start)
    return Measured(max(times), max(times), None, "s", note="byte-identical twice")


def round_trips(setting: Setting) -> Measured:
    """The most requests that asking for something takes that is not there."""
    counts = {}
    with BitfountHub(session(), setting.server) as hub, hub.session:
        for what, ask in (
            ("pod", lambda: hub.get_pod("bob/missing")),
            ("model", lambda: hub.get_model("bob", "missing", 1)),
            ("weights", lambda: hub.get_weights("bob", "missing", 1)),
            ("key", lambda: hub.check_public_key_registered_and_active("missing")),
        ):
            before = _requests(setting)
            assert ask() is None
            counts[what] = _requests(setting) - before - 1
    most = max(counts.values())
    return Measured(most, most, None, "", note=", ".join(counts))


def _requests(setting: Setting) -> int:
    return int(httpx.get(f"{setting.server}/requests", trust_env=False).text)


ROWS = [
    Row("packages", "packages installed", "official SDK: 281", 18, "", packages),
    Row("megabytes", "installed size", "official SDK: 6,600 MB", 40, "MB", megabytes),
    Row("generate", "`make generate`, three specs, twice", "", 15, "s", generating),
    Row("round-trips", "something that is missing: requests", "", 1, "", round_trips),
]
