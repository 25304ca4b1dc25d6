"""Put many threads and tasks on one session, against a sandbox where one request in 20 goes wrong.

    python scripts/load.py                       200 threads, 2,000 tasks, a minute
    python scripts/load.py --seconds 5 --tasks 50

Prints what came of the calls, and how many connections and how much memory they left. Exits with 1
if an error was none of ours, a connection was left open, or memory kept growing.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults.load import Measured, run

MOST_GROWTH = 0.25
"""By how much of it memory may grow between the second quarter and the last: allocators keep some
of what was freed, while a leak of a kilobyte a call would double it."""


def wrong(measured: Measured) -> list[str]:
    """What is not as it should be."""
    found = [f"undocumented: {error}" for error in sorted(set(measured.undocumented))]
    if not measured.outcomes["ok"]:
        found.append("no call succeeded")
    before, after = measured.descriptors
    if after > before:
        found.append(f"{after - before} file descriptors were left open")
    if measured.memory and measured.growth > MOST_GROWTH * measured.memory[-1]:
        found.append(f"memory grew by {measured.growth:.0f} MiB")
    return found


def main() -> int:
    """Run it and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.05, help="of requests that go wrong")
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
