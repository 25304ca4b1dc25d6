"""How costs grow with object sizes, concurrent calls and the number of projects."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import attrs

from benchmarks.calls import side_by_side
from benchmarks.context import MB
from benchmarks.processes import task
from benchmarks.results import format_value
from benchmarks.transfers import download, upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.context import Context
    from benchmarks.transfers import Transfer

_STEP_CALLS = 300
"""Minimum number of calls per step. Steps with more concurrent calls make that many calls."""


@attrs.frozen
class Point:
    """One measurement of a growth.

    Args:
        amount: The amount, in the growth's unit.
        ours: Seconds that this project took.
        theirs: Seconds that plain httpx took; None if it has no equivalent.
        memory: The memory used in addition to importing, in MB; None if it was not measured.
    """

    amount: float
    ours: float
    theirs: float | None = None
    memory: float | None = None


@attrs.frozen
class Growth:
    """The costs of increasing amounts of work.

    Args:
        name: The name in ``results.json``.
        what: A description of the work.
        unit: The unit of the amounts.
        points: The steps, the smallest first.
    """

    name: str
    what: str
    unit: str
    points: list[Point]

    def lines(self) -> Iterator[str]:
        """Yield the lines of a Markdown table."""
        yield f"| {self.what} | bitfount-api | bare httpx | memory |"
        yield "|---|---|---|---|"
        for point in self.points:
            yield (
                f"| {point.amount:,.0f} {self.unit} | {format_value(point.ours, 's')} "
                f"| {format_value(point.theirs, 's')} | {format_value(point.memory, 'MB')} |"
            )


def measure(context: Context) -> list[Growth]:
    """Measure all growths."""
    return [
        Growth(
            "downloads",
            "weights to disk",
            "MB",
            [_point(size, download(context, size)) for size in context.scale.downloads],
        ),
        Growth(
            "uploads",
            "weights from disk (the Hub accepts at most 500 MiB)",
            "MB",
            [_point(size, upload(context, size, "Form")) for size in context.scale.uploads],
        ),
        Growth(
            "calls",
            "seconds per `get_pod`, with concurrent calls",
            "at a time",
            [_calls(context, concurrent) for concurrent in context.scale.concurrency],
        ),
        Growth(
            "projects",
            "`iter_projects`",
            "projects",
            [_projects(context, count) for count in context.scale.projects],
        ),
    ]


def _point(size: int, transfer: Transfer) -> Point:
    time = transfer.time
    ours, theirs = statistics.median(time.ours), statistics.median(time.theirs)
    return Point(size / MB, ours, theirs, transfer.memory / MB)


def _calls(context: Context, concurrent: int) -> Point:
    count = concurrent if context.quick else max(_STEP_CALLS, concurrent)
    time = side_by_side(context, count, concurrent, 1 if context.quick else 5)
    return Point(concurrent, statistics.median(time.ours), statistics.median(time.theirs))


def _projects(context: Context, count: int) -> Point:
    runs = [task("ours_projects", context.server, count) for _ in range(context.scale.transfers)]
    memory = max(run["peak"] - run["base"] for run in runs)
    return Point(count, statistics.median(run["seconds"] for run in runs), None, memory / MB)
