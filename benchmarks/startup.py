"""The start-up cost: the import, and a program that makes one call and exits."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

import attrs

from benchmarks import official, venvs
from benchmarks.compare import alternate
from benchmarks.processes import timed
from benchmarks.results import Measured, Row

if TYPE_CHECKING:
    from benchmarks.context import Context

_OURS = """
from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession
with BitfountHub(BitfountSession(APIKeysHandler("key-id", "key", "alice")), {url!r}) as hub:
    assert hub.get_pod("bob/scans")["isOnline"]
"""
_BARE = """
import httpx
headers = {{"x-api-key-id": "key-id", "x-api-key": "key"}}
with httpx.Client(base_url={url!r}, headers=headers) as client:
    assert client.get("/api/pods/bob/scans").json()["isOnline"]
"""
_LOADING = """
import httpx, msgspec
import bitfount_api._generated.hub.models
"""


def importing(context: Context) -> Measured:
    """Compare importing the package with an empty Python program."""
    python = _python(context)
    comparison = alternate(
        lambda: timed([python, "-I", "-c", "import bitfount_api"]),
        lambda: timed([python, "-I", "-c", "pass"]),
        rounds=context.scale.starts,
    )
    return Measured(
        comparison.difference * 1000,
        statistics.median(comparison.ours),
        statistics.median(comparison.theirs),
        official=official.seconds(context, "importing"),
    )


def first_pod(context: Context) -> Measured:
    """Measure a complete program: import, session, one pod, exit."""
    python = _python(context)
    ours, bare = (text.format(url=context.server) for text in (_OURS, _BARE))
    comparison = alternate(
        lambda: timed([python, "-I", "-c", ours]),
        lambda: timed([python, "-I", "-c", bare]),
        rounds=context.scale.starts,
    )
    loading = alternate(
        lambda: timed([python, "-I", "-c", _LOADING]),
        lambda: timed([python, "-I", "-c", "import httpx"]),
        rounds=context.scale.starts,
    )
    return attrs.evolve(
        Measured.of(comparison, official=official.seconds(context, "first_pod")),
        note=f"loading the generated client, attrs and msgspec alone takes "
        f"{loading.difference * 1000:.0f} ms",
    )


def _python(context: Context) -> str:
    """Return the Python of a fresh environment, because httpx imports optional packages.

    Without a fresh environment, for example without a network, return the current Python.
    """
    fresh = None if context.quick else venvs.create(context.folder)
    return sys.executable if fresh is None else str(fresh.python)


ROWS = [
    Row("import", "`import bitfount_api`", "an empty program", 30, "ms", importing),
    Row("first-pod", "import, session, first `get_pod`, exit", "bare httpx", 1.3, "×", first_pod),
]
