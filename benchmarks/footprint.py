"""The cost of installing, of generating clients, and of requests for missing objects."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import time
from typing import TYPE_CHECKING

import httpx
from packaging.requirements import Requirement

from benchmarks import official, venvs
from benchmarks.calls import session
from benchmarks.context import MB
from benchmarks.processes import ROOT
from benchmarks.results import Measured, Row
from bitfount_api import BitfountHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.context import Context


def installed(setting: Context) -> tuple[int, float, str]:
    """Return the number of packages with this one, their size in bytes, and how it was measured."""
    made = None if setting.quick else venvs.made(setting.folder)
    if made is None:
        return *_here(), "as installed here"
    files = (path for path in made.packages.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    return len(json.loads(made.listed)), size, "a fresh environment, compiled files included"


def _here() -> tuple[int, float]:
    """Follow the requirements of the installed project, and add up the sizes of all files."""
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


def packages(setting: Context) -> Measured:
    """Count the installed packages, including this one."""
    count, _, how = installed(setting)
    return Measured(count, count, None, "", note=how)


def megabytes(setting: Context) -> Measured:
    """Measure the size of the installed packages."""
    _, size, how = installed(setting)
    return Measured(size / MB, size / MB, None, "MB", note=how)


def generating(setting: Context) -> Measured:
    """Measure the slower of two runs that generate all clients and compare them with the stored."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        venvs.run(sys.executable, ROOT / "scripts/generate.py", "--check")
        times.append(time.perf_counter() - start)
    return Measured(max(times), max(times), None, "s", note="byte-identical twice")


def round_trips(setting: Context) -> Measured:
    """Measure the largest number of requests that a call for a missing object sends."""
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
    before = _requests(setting)
    seen = official.measured(setting, "missing", "model")
    theirs = None if seen is None else _requests(setting) - before - 1
    return Measured(most, most, None, "", official=theirs, note=", ".join(counts))


def _requests(setting: Context) -> int:
    return int(httpx.get(f"{setting.server}/requests", trust_env=False).text)


ROWS = [
    Row("packages", "packages installed", "official SDK: 281", 18, "", packages),
    Row("megabytes", "installed size", "official SDK: 6,600 MB", 40, "MB", megabytes),
    Row("generate", "`make generate`, three specs, twice", "", 15, "s", generating),
    Row("round-trips", "something that is missing: requests", "", 1, "", round_trips),
]
