"""The tasks that run in a separate process: transfers by this project and by plain httpx.

``python -m benchmarks.tasks NAME ARGUMENTS…`` runs one task and prints, as JSON, its seconds and
the peak memory of the process after importing and at the end. On both sides, connections are opened
before the measurement starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from bitfount_api import BitfountHub


def peak() -> int:
    """Return the peak memory of this process in bytes.

    ``ru_maxrss`` is not used on Linux, because a new process inherits its parent's value there.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        maximum = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return maximum if sys.platform == "darwin" else maximum * 1024
    return int(status.partition("VmHWM:")[2].split(None, 1)[0]) * 1024


def measured(base: int, work: Callable[[], Any]) -> dict[str, Any]:
    """Run a function, and return its duration and memory."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "base": base, "peak": peak()}


# --- This project --------------------------------------------------------------------------------


def hub_at(url: str) -> tuple[int, BitfountHub]:
    """Return the peak memory after importing, and a client."""
    from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession

    base = peak()
    return base, BitfountHub(BitfountSession(APIKeysHandler("key-id", "key", "alice")), url)


def ours(url: str) -> tuple[int, BitfountHub]:
    """Return the peak memory after importing, and a connected client."""
    base, hub = hub_at(url)
    hub.get_pod("bob/scans")
    return base, hub


def ours_download(url: str, size: str, path: str, parts: str) -> dict[str, Any]:
    """Download weights to disk."""
    Path(path).unlink(missing_ok=True)
    base, hub = ours(url)

    def work() -> None:
        name = f"Weights{size}"
        done = hub.download_weights("bob", name, 1, Path(path), parts_at_once=int(parts))
        assert done is not None
        assert done.size == int(size)

    return measured(base, work)


def ours_bytes(url: str, size: str) -> dict[str, Any]:
    """Download weights into memory."""
    base, hub = ours(url)

    def work() -> None:
        weights = hub.get_weights("bob", f"Weights{size}", 1)
        assert weights is not None
        assert len(weights) == int(size)

    return measured(base, work)


def ours_upload(url: str, path: str, name: str, parts: str) -> dict[str, Any]:
    """Upload weights from disk; if the name begins with Form, the server requests one form."""
    base, hub = ours(url)
    return measured(base, lambda: hub.send_weights(name, 1, Path(path), parts_at_once=int(parts)))


def ours_missing(url: str) -> dict[str, Any]:
    """Request a model that does not exist."""
    base, hub = hub_at(url)

    def work() -> None:
        assert hub.get_model("bob", "missing", 1) is None

    return measured(base, work)


def ours_projects(url: str, count: str) -> dict[str, Any]:
    """Iterate over ``count`` projects."""
    import itertools

    base, hub = ours(url)

    def work() -> None:
        seen = sum(1 for _ in itertools.islice(hub.iter_projects(), int(count)))
        assert seen == int(count)

    return measured(base, work)


# --- Bare httpx ----------------------------------------------------------------------------------


def bare(url: str) -> tuple[int, httpx.Client]:
    """Return the peak memory after importing, and a connected client."""
    import httpx

    base = peak()
    client = httpx.Client(timeout=60)
    client.get(f"{url}/api/pods/bob/scans").raise_for_status()
    return base, client


def bare_download(url: str, size: str, path: str) -> dict[str, Any]:
    """Download an object to disk, and sync it, as the library does."""
    Path(path).unlink(missing_ok=True)
    base, client = bare(url)

    def work() -> None:
        with client.stream("GET", f"{url}/objects/{size}") as response, open(path, "wb") as file:
            response.raise_for_status()
            file.writelines(response.iter_bytes())
            file.flush()
            os.fsync(file.fileno())

    return measured(base, work)


def bare_bytes(url: str, size: str) -> dict[str, Any]:
    """Download an object into memory."""
    base, client = bare(url)
    return measured(base, lambda: client.get(f"{url}/objects/{size}").content)


def bare_upload(url: str, path: str) -> dict[str, Any]:
    """Upload an object from disk."""
    base, client = bare(url)

    def work() -> None:
        with open(path, "rb") as file:
            headers = {"content-length": str(os.fstat(file.fileno()).st_size)}
            client.put(f"{url}/objects/1", content=file, headers=headers).raise_for_status()

    return measured(base, work)


def bare_hash(name: str, size: str) -> dict[str, Any]:
    """Hash ``size`` bytes in memory with the named algorithm."""
    block = memoryview(os.urandom(1024 * 1024))

    def work() -> None:
        digest = hashlib.new(name)
        for start in range(0, int(size), len(block)):
            digest.update(block[: int(size) - start])

    return measured(peak(), work)


def bare_hash_parts(size: str) -> dict[str, Any]:
    """Hash the parts of ``size`` bytes with MD5, on all cores."""
    from concurrent.futures import ThreadPoolExecutor

    part = memoryview(os.urandom(5 * 1024 * 1024))

    def work() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda _: hashlib.md5(part).digest(), range(int(size) // len(part))))

    return measured(peak(), work)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        *(ours_download, ours_bytes, ours_upload, ours_missing, ours_projects),
        *(bare_download, bare_bytes, bare_upload, bare_hash, bare_hash_parts),
    )
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
