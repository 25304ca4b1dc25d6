# mypy: disable-error-code="import-not-found"
"""What is measured of the official SDK. Run as a script by the Python that has it (3.10).

``python official_tasks.py NAME URL ARGUMENTS…`` prints what :mod:`benchmarks.tasks` prints.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

START = time.perf_counter()


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(None, 1)[0]) * 1024


def hub_at(url: str) -> Any:
    """Its client, with API keys."""
    from bitfount.hub.api import BitfountHub
    from bitfount.hub.authentication_flow import BitfountSession
    from bitfount.hub.authentication_handlers import APIKeysHandler

    session = BitfountSession(APIKeysHandler("key-id", "key", "alice"))
    return BitfountHub(session, url)


def measured(work: Callable[[], Any]) -> dict[str, float]:
    """Do something, and tell what it took."""
    base, start = peak(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - start, "base": base, "peak": peak()}


def importing(url: str) -> dict[str, float]:
    """Import it, from when this script began."""
    import bitfount  # noqa: F401

    return {"seconds": time.perf_counter() - START}


def first_pod(url: str) -> dict[str, float]:
    """Import, session, one pod, from when this script began."""
    assert hub_at(url).get_pod("bob/scans")["isOnline"]
    return {"seconds": time.perf_counter() - START}


def get_pod(url: str, count: str) -> dict[str, float]:
    """Seconds for one pod, of many."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    start = time.perf_counter()
    for _ in range(int(count)):
        hub.get_pod("bob/scans")
    return {"seconds": (time.perf_counter() - start) / int(count)}


def download(url: str, size: str, path: str) -> dict[str, float]:
    """Weights to disk, through memory."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    return measured(lambda: Path(path).write_bytes(hub.get_weights("bob", f"Weights{size}", 1)))


def upload(url: str, path: str) -> dict[str, float]:
    """Weights from disk."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    return measured(lambda: hub.send_weights("Net", 1, Path(path)))


def missing(url: str, kind: str) -> dict[str, float]:
    """A pod or model that is not there."""
    hub = hub_at(url)
    ask = {
        "pod": lambda: hub.get_pod("bob/missing"),
        "model": lambda: hub.get_model("bob", "missing", 1),
    }[kind]
    return measured(ask)


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    print(json.dumps(globals()[name](*rest)))
