"""Download many weights with the processes of a dask cluster, and hash them.

    python many_machines.py tasks.json                       # a local cluster of four processes
    python many_machines.py tasks.json --scheduler tcp://…   # a cluster that runs already

``tasks.json`` is a list of ``[owner, model, version]``. Each worker makes its own session from its
environment. If a worker dies, others do its tasks. Prints one line of JSON per model, as soon as it
is done. The exit status is 0 if all models have weights, and 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from distributed import Client, Worker, WorkerPlugin, as_completed, get_worker

from bitfount_api import BitfountHub, BitfountSession


class Bitfount(WorkerPlugin):
    """The session of a worker: neither sessions nor keys are sent between machines."""

    name = "bitfount"

    def __init__(self, hub_url: str | None) -> None:
        self.hub_url = hub_url

    def setup(self, worker: Worker) -> None:
        """Make the session from the worker's environment. Its threads share the session."""
        self.session = BitfountSession(user_agent_suffix="many-machines/1.0")
        self.hub = BitfountHub.from_env(self.session)
        if self.hub_url:
            self.hub = BitfountHub(self.session, self.hub_url)

    def teardown(self, worker: Worker) -> None:
        """Close the session's connections."""
        self.session.close()


def hash_weights(owner: str, model: str, version: int) -> dict[str, Any]:
    """Download a model's weights in a worker, and return their SHA-256, or None without weights."""
    plugin: Any = get_worker().plugins["bitfount"]
    with tempfile.TemporaryDirectory() as folder:
        found = plugin.hub.download_weights(owner, model, version, Path(folder, "weights"))
        sha256 = found and found.sha256
    return {"model": f"{owner}/{model}:{version}", "sha256": sha256, "process": os.getpid()}


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tasks", type=Path, help="JSON file: a list of [owner, model, version]")
    parser.add_argument("--scheduler", help="address of a cluster (default: a local one)")
    parser.add_argument("--hub-url", help="the Hub's URL (default: from the environment)")
    options = parser.parse_args()
    tasks = json.loads(options.tasks.read_text(encoding="utf-8"))
    local: dict[str, Any] = {"n_workers": 4, "threads_per_worker": 2}
    complete = True
    with Client(options.scheduler, **({} if options.scheduler else local)) as client:
        client.register_plugin(Bitfount(options.hub_url))
        # Without pure=False, dask would take the result of an equal earlier task.
        futures = client.map(hash_weights, *zip(*tasks, strict=True), pure=False)
        for _, result in as_completed(futures, with_results=True):
            print(json.dumps(result), flush=True)
            complete = complete and result["sha256"] is not None
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
