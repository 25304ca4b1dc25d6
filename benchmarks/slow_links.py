"""Weights over slow links, which limit the rate of each connection."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.compare import alternate
from benchmarks.processes import served, task
from benchmarks.results import Measured, Row
from benchmarks.transfers import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.context import Context

DELAY = 0.05
"""One-way delay in seconds: 50 ms."""

RATE = 4_000_000
"""Rate of one connection in bytes per second."""

_ROUNDS = 3
"""Few rounds are enough, because the link determines the time and the machine hardly matters."""


def _slow(context: Context, ours: Callable[[str], float], bare: Callable[[str], float]) -> Measured:
    port = context.server.rpartition(":")[2]
    with served("benchmarks.slow_link", port, "--delay", str(DELAY), "--rate", str(RATE)) as link:
        comparison = alternate(
            lambda: bare(link),
            lambda: ours(link),
            rounds=1 if context.quick else _ROUNDS,
            warm=False,
        )
    return Measured(
        comparison.ratio,
        statistics.median(comparison.theirs),
        statistics.median(comparison.ours),
        spread=comparison.spread,
        note=f"{context.scale.slow / 1e6:.0f} MB, {RATE / 1e6:.0f} MB/s a connection",
    )


def down(context: Context) -> Measured:
    """Measure a download with four ranges at a time, and with plain httpx over one connection."""
    size, path = context.scale.slow, context.folder / "slow.pt"
    return _slow(
        context,
        lambda url: float(task("ours_download", url, size, path, PARTS)["seconds"]),
        lambda url: float(task("bare_download", url, size, path)["seconds"]),
    )


def up(context: Context) -> Measured:
    """Measure an upload with four parts at a time, and with plain httpx over one connection."""
    path = context.file(context.scale.slow)
    return _slow(
        context,
        lambda url: float(task("ours_upload", url, path, "Net", PARTS)["seconds"]),
        lambda url: float(task("bare_upload", url, path)["seconds"]),
    )


ROWS = [
    Row("slow-down", "weights over a slow link, down", "one connection", 3, "×", down, "least"),
    Row("slow-up", "weights over a slow link, up", "one connection", 3, "×", up, "least"),
]
