"""Record the cassettes of all operations again, with a sandbox.

    python scripts/record.py              all of them
    python scripts/record.py get_pod      only those of this operation

There is a cassette for each row of ``tests/support/faults/cases.py``. Each is replayed immediately,
with the network blocked, and must produce the same result. Recording an operation that did not
change again gives the same files.
The results are stored next to the cassettes; ``tests/support/cassettes.py`` lists what is scrubbed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.cassettes import CASSETTES, FOLDER, RESULTS, Studio, replay  # noqa: E402


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        folder: Folder of the cassettes.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("operation", nargs="*", help="operation to record (default: all)")
    operations = {row.method for row in CASSETTES.values()}
    wanted = parser.parse_args(arguments).operation or operations
    for operation in wanted:
        if operation not in operations:
            print(
                f"Unknown operation {operation!r}. "
                f"The operations are: {', '.join(sorted(operations))}",
                file=sys.stderr,
            )
            return 2
    folder.mkdir(exist_ok=True)
    names = sorted(name for name, row in CASSETTES.items() if row.method in wanted)
    try:
        record(names, folder)
    except RecordingError as error:
        print(error, file=sys.stderr)
        return 1
    for cassette in folder.glob("*.yaml"):
        if cassette.stem not in CASSETTES:
            cassette.unlink()
    return 0


class RecordingError(Exception):
    """The cassettes would not fit each other, or their results."""


def record(names: list[str], folder: Path) -> None:
    """Record cassettes, and store the values for their arguments, and their results.

    Raises:
        RecordingError: If replaying a cassette gives another result, or the values differ from
            those of the other cassettes.
    """
    file = folder / RESULTS
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    results = {
        name: result
        for name, result in known.get("results", {}).items()
        if name in CASSETTES and name not in names
    }
    given = known["given"] if results else {}
    with Studio() as studio:
        for name in names:
            before = given
            given, results[name] = studio.record(name, folder)
            changed = [key for key in before if given.get(key) != before[key]]
            if changed:
                raise RecordingError(
                    f"The seeding gives another {' and '.join(changed)} than before: "
                    "record all operations again"
                )
            for asynchronous in (False, True):
                replayed = replay(CASSETTES[name], given, folder, asynchronous=asynchronous)
                if replayed != results[name]:
                    raise RecordingError(f"{name} returned {replayed}, not {results[name]}")
            print(f"recorded {name}")
    stored = {"given": given, "results": dict(sorted(results.items()))}
    file.write_text(f"{json.dumps(stored, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
