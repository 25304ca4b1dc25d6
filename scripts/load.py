"""Load one session with many threads and tasks, on a sandbox where one request in 20 fails.

    python scripts/load.py                       200 threads, 2,000 tasks, a minute
    python scripts/load.py --seconds 5 --tasks 50

Prints the results of the calls, the open connections and the memory use. Exits with 1 if an error
was not one of this library's, a connection was left open, or memory kept growing.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults.load import Measured, run

MAX_GROWTH = 0.25
"""Allowed relative growth of memory between the second and the last quarter. Allocators keep some
freed memory, while a leak of one kilobyte per call would double it."""


def wrong(measured: Measured) -> list[str]:
    """Return a message for each failed check."""
    found = [f"undocumented: {error}" for error in sorted(set(measured.undocumented))]
    if not measured.outcomes["ok"]:
        found.append("no call succeeded")
    before, after = measured.descriptors
    if after > before:
        found.append(f"{after - before} file descriptors were left open")
    if measured.memory and measured.growth > MAX_GROWTH * measured.memory[-1]:
        found.append(f"memory grew by {measured.growth:.0f} MiB")
    return found


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.05, help="share of requests that fail")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    measured = run(given.threads, given.tasks, given.seconds, given.share)
    print(f"{given.threads} threads and {given.tasks} tasks on one session")
    print(f"{measured.calls} calls in {measured.seconds:.0f} s:", end=" ")
    print(f"{measured.calls / measured.seconds:.0f} a second")
    for name, count in measured.outcomes.most_common():
        print(f"  {count:>8} {name}")
    print("file descriptors before and after:", *measured.descriptors)
    shown = measured.memory[:: max(1, len(measured.memory) // 10)]
    print("memory, MiB:", *(f"{each:.0f}" for each in shown))
    complaints = wrong(measured)
    for complaint in complaints:
        print(f"!! {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
