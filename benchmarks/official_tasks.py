# mypy: disable-error-code="import-not-found"
"""The tasks of the official SDK, run as a script by the Python that has it.

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
    """Return the peak memory of this process in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(None, 1)[0]) * 1024


def hub_at(url: str) -> Any:
    """Return a client of the official SDK, with API keys."""
    from bitfount.hub.api import BitfountHub
    from bitfount.hub.authentication_flow import BitfountSession
    from bitfount.hub.authentication_handlers import APIKeysHandler

    session = BitfountSession(APIKeysHandler("key-id", "key", "alice"))
    return BitfountHub(session, url)


def measured(work: Callable[[], Any]) -> dict[str, float]:
    """Run a function, and return its duration and memory."""
    base, start = peak(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - start, "base": base, "peak": peak()}


def importing(url: str) -> dict[str, float]:
    """Measure the import, from the start of this script."""
    import bitfount  # noqa: F401

    return {"seconds": time.perf_counter() - START}


def first_pod(url: str) -> dict[str, float]:
    """Measure import, session and one pod, from the start of this script."""
    assert hub_at(url).get_pod("bob/scans")["isOnline"]
    return {"seconds": time.perf_counter() - START, "ready": time.monotonic()}


def get_pod(url: str, count: str) -> dict[str, float]:
    """Measure the seconds per pod of many calls."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    start = time.perf_counter()
    for _ in range(int(count)):
        hub.get_pod("bob/scans")
    return {"seconds": (time.perf_counter() - start) / int(count)}


def download(url: str, size: str, path: str) -> dict[str, float]:
    """Download weights into memory, and write them to disk."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    return measured(lambda: Path(path).write_bytes(hub.get_weights("bob", f"Weights{size}", 1)))


def upload(url: str, path: str) -> dict[str, float]:
    """Upload weights from disk."""
    hub = hub_at(url)
    hub.get_pod("bob/scans")
    return measured(lambda: hub.send_weights("Net", 1, Path(path)))


def missing(url: str) -> dict[str, float]:
    """Request a model that does not exist."""
    hub = hub_at(url)
    return measured(lambda: hub.get_model("bob", "missing", 1))


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    print(json.dumps(globals()[name](*rest)))
