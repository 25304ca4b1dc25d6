"""The scale and the context of the measurements."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


@attrs.frozen
class Scale:
    """The scale of the measurements.

    Args:
        starts: Number of rounds that start processes.
        rounds: Number of rounds of calls.
        calls: Number of sequential calls per round.
        burst: Number of concurrent calls per round.
        concurrent: Maximum number of calls at a time in a burst.
        transfers: Number of rounds of transfers.
        large: Size of large weights, in bytes.
        slow: Size of weights over slow links, in bytes.
        downloads: Sizes of downloads for the growth, in bytes.
        uploads: Sizes of uploads for the growth, in bytes; the Hub accepts at most 500 MiB.
        concurrency: Numbers of calls at a time for the growth.
        projects: Numbers of projects to iterate over for the growth.
    """

    starts: int
    rounds: int
    calls: int
    burst: int
    concurrent: int
    transfers: int
    large: int
    slow: int
    downloads: tuple[int, ...]
    uploads: tuple[int, ...]
    concurrency: tuple[int, ...]
    projects: tuple[int, ...]


FULL = Scale(
    starts=21,
    rounds=41,
    calls=100,
    burst=1000,
    concurrent=50,
    transfers=7,
    large=400 * MB,
    slow=40 * MB,
    downloads=tuple(size * MB for size in (1, 10, 100, 400, 1000)),
    uploads=(*(size * MB for size in (1, 10, 100, 400)), 500 * 1024 * 1024),
    concurrency=(1, 10, 50, 100, 300, 1000),
    projects=(10, 100, 1000, 10_000),
)
QUICK = Scale(
    starts=1,
    rounds=1,
    calls=3,
    burst=20,
    concurrent=5,
    transfers=1,
    large=6 * MB,
    slow=1 * MB,
    downloads=(1 * MB, 2 * MB),
    uploads=(1 * MB, 6 * MB),
    concurrency=(1, 10),
    projects=(10, 200),
)


@attrs.frozen
class Context:
    """The context of the measurements.

    Args:
        scale: Scale of the measurements.
        quick: Whether to only check that everything runs.
        server: URL of the benchmark server.
        folder: Folder for transferred files.
        official: Path of the Python that has the official SDK; None if it is not installed.
    """

    scale: Scale
    quick: bool
    server: str
    folder: Path
    official: str | None = None

    def file(self, size: int) -> Path:
        """Return a file of ``size`` bytes, which is created once."""
        path = self.folder / f"weights-{size}.pt"
        if not path.exists():
            block = os.urandom(1024 * 1024)
            with path.open("wb") as file:
                for start in range(0, size, len(block)):
                    file.write(block[: size - start])
        return path
