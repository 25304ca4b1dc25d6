"""The cost of installing, of generating clients, and of requests for missing objects."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import time
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from benchmarks import costs, official, venvs
from benchmarks.calls import session
from benchmarks.context import MB
from benchmarks.processes import ROOT
from benchmarks.results import Measured, Row
from bitfount_api import BitfountHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.context import Context


def installed(context: Context) -> tuple[int, float, str]:
    """Return the number of packages including this one, their bytes, and how they were measured."""
    fresh = None if context.quick else venvs.create(context.folder)
    if fresh is None:
        return *_here(), "as installed here"
    files = (path for path in fresh.packages.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    return len(json.loads(fresh.listed)), size, "a fresh environment, compiled files included"


def _here() -> tuple[int, float]:
    """Return the number of packages that the project needs here, and the size of their files."""
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


def packages(context: Context) -> Measured:
    """Count the installed packages, including this one."""
    count, _, how = installed(context)
    return Measured(count, count, None, "", note=how)


def megabytes(context: Context) -> Measured:
    """Measure the size of the installed packages."""
    _, size, how = installed(context)
    return Measured(size / MB, size / MB, None, "MB", note=how)


def generating(context: Context) -> Measured:
    """Measure the slower of two runs that generate all clients and compare the result."""
    times = []
    for _ in range(1 if context.quick else 2):
        start = time.perf_counter()
        venvs.run(sys.executable, ROOT / "scripts/generate.py", "--check")
        times.append(time.perf_counter() - start)
    return Measured(
        max(times), max(times), None, "s", note="" if context.quick else "byte-identical twice"
    )


def round_trips(context: Context) -> Measured:
    """Measure the largest number of requests that a call for a missing object sends."""
    counts = {}
    with BitfountHub(session(), context.server) as hub, hub.session:
        for what, call in (
            ("pod", lambda: hub.get_pod("bob/missing")),
            ("model", lambda: hub.get_model("bob", "missing", 1)),
            ("weights", lambda: hub.get_weights("bob", "missing", 1)),
            ("key", lambda: hub.check_public_key_registered_and_active("missing")),
        ):
            before = costs.requests_of(context)
            assert call() is None
            counts[what] = costs.requests_of(context) - before - 1
    largest = max(counts.values())
    before = costs.requests_of(context)
    seen = official.measured(context, "missing")
    requests = None if seen is None else costs.requests_of(context) - before - 1
    return Measured(largest, largest, None, "", official=requests, note=", ".join(counts))


_SDK = costs.newest_sdk()

ROWS = [
    Row("packages", "packages installed", f"{_SDK.name}: {_SDK.packages}", 18, "", packages),
    Row(
        "megabytes",
        "installed size",
        f"{_SDK.name}: {_SDK.size / MB:,.0f} MB",
        40,
        "MB",
        megabytes,
    ),
    Row("generate", "`make generate`, three specs, twice", "", 15, "s", generating),
    Row("round-trips", "requests for a missing object", "", 1, "", round_trips),
]
