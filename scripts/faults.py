"""Print the fault matrix: the result of each operation for each injected fault.

Runs the operations against a temporary sandbox, which takes about a minute. With --known, prints
the expected results without running anything. Exits with 1 if a result is not the expected one.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults.cases import ROWS
from support.faults.environment import fault_environment
from support.faults.expecting import expected
from support.faults.kinds import KINDS, Kind
from support.faults.run_case import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.faults.environment import FaultEnvironment
    from support.faults.expecting import Expected
    from support.faults.legs import Leg, Outcome, Row

NOT_APPLICABLE = "·"


def describe(outcome: Outcome) -> str:
    """Return a short name for an outcome."""
    short = {"value": "value", "none": "None", "other": "bytes"}
    return short[outcome] if isinstance(outcome, str) else outcome.__name__


def format_counts(found: Expected) -> str:
    """Format the number of times each request is received: ``1+3`` for one, then three."""
    return "+".join(
        str(low) if low == high else f"{low}…" if high > 100 else f"{low}-{high}"
        for low, high in found.counts
    )


def lines(
    row: Row, kind: Kind, environment: FaultEnvironment | None
) -> Iterator[tuple[Leg, str, list[str]]]:
    """Yield one cell per request of a row, with its text and its complaints."""
    for index, leg in enumerate(row.legs):
        if not kind.only(leg):
            yield leg, NOT_APPLICABLE, []
            continue
        wanted = expected(row, index, kind)
        complaints = []
        if environment is not None:
            for asynchronous in (False, True):
                report = run(environment, row, index, kind, asynchronous=asynchronous)
                way = "async" if asynchronous else "sync"
                complaints += [f"{way}: {each}" for each in report.complaints]
        mark = "" if not complaints else "  !!"
        yield leg, f"{describe(wanted.outcome)} ({format_counts(wanted)}){mark}", complaints


def report(environment: FaultEnvironment | None) -> int:
    """Print the matrix, operation by operation, and return the number of wrong cells."""
    wrong = cells = 0
    width = max(len(kind.name) for kind in KINDS)
    for row in ROWS:
        print(f"\n{row.kind}.{row.name}")
        heads = [f"{leg.method} {leg.path}" for leg in row.legs]
        print(f"  {'':{width}}  {'  '.join(f'{head:<32}' for head in heads)}".rstrip())
        for kind in KINDS:
            found = list(lines(row, kind, environment))
            shown = "  ".join(f"{text:<{max(32, len(head))}}" for (_, text, _), head in
                              zip(found, heads, strict=True))  # fmt: skip
            print(f"  {kind.name:<{width}}  {shown}".rstrip(), flush=True)
            for _, text, complaints in found:
                cells += 2 * (text != NOT_APPLICABLE)
                wrong += bool(complaints)
                for complaint in complaints:
                    print(f"      !! {complaint}")
    print(f"\n{len(ROWS)} operations, {len(KINDS)} faults, {cells} cells, {wrong} wrong.")
    print("In brackets: number of times that the service received the request.")
    print(f"{NOT_APPLICABLE}: cannot happen (only object storage URLs expire).")
    return wrong


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--known", action="store_true", help="print the expected results without running"
    )
    arguments = parser.parse_args()
    if arguments.known:
        report(None)
        return 0
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    with fault_environment() as environment:
        wrong = report(environment)
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
