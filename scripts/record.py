"""Record the cassettes of all documented operations again, with a sandbox.

    python scripts/record.py              all of them
    python scripts/record.py get_pod      only these

Each cassette is replayed immediately, with the network blocked, and must produce the same result.
Recording an operation that did not change again gives the same files.
The results are stored next to the cassettes; ``tests/support/cassettes.py`` lists what is scrubbed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.cassette_scenes import SCENES, performer  # noqa: E402
from support.cassettes import (  # noqa: E402
    FOLDER,
    RESULTS,
    Scrubber,
    recorder,
    recording_sandbox,
    replay,
)


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        folder: Folder of the cassettes.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("operation", nargs="*", help="operation to record (default: all)")
    wanted = parser.parse_args(arguments).operation or sorted(SCENES)
    for name in wanted:
        if name not in SCENES:
            print(
                f"Unknown operation {name!r}. The operations are: {', '.join(SCENES)}",
                file=sys.stderr,
            )
            return 2
    folder.mkdir(exist_ok=True)
    file = folder / RESULTS
    results = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for name in wanted:
        results[name] = record(name, folder)
        print(f"recorded {name}")
    kept = {name: results[name] for name in sorted(results) if name in SCENES}
    file.write_text(f"{json.dumps(kept, indent=2)}\n", encoding="utf-8")
    for cassette in folder.glob("*.yaml"):
        if cassette.stem not in SCENES:
            cassette.unlink()
    return 0


def record(name: str, folder: Path) -> dict[str, Any]:
    """Record one operation, and return the input of the call and its result.

    Raises:
        RuntimeError: If replaying the cassette gives another result.
    """
    scene = SCENES[name]
    (folder / f"{name}.yaml").unlink(missing_ok=True)
    with recording_sandbox() as sandbox:
        scrubber = Scrubber(sandbox)
        given = scene.seed(sandbox)
        with recorder(folder, sandbox).use_cassette(name):
            result = scene.play(performer(sandbox, scene.username), given)
        known = {"given": scrubber.value(given), "result": scrubber.value(result)}
    for asynchronous in (False, True):
        replayed = replay(name, known["given"], folder, asynchronous=asynchronous)
        if replayed != known["result"]:
            raise RuntimeError(f"{name} returned {replayed} instead of {known['result']}")
    return known


if __name__ == "__main__":
    sys.exit(main())
