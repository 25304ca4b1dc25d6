"""How much is measured, and where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


@attrs.frozen
class Scale:
    """How much is measured.

    Args:
        starts: How often processes are started for a comparison.
        rounds: How often calls are compared.
        calls: How many calls make a round.
        burst: How many calls are made by many at a time.
        at_once: How many of them at a time.
        transfers: How often transfers are compared.
        large: The size of large weights, in bytes.
        slow: The size of weights over slow links, in bytes.
        downloads: The sizes over which downloads grow, in bytes.
        uploads: The same of uploads; the Hub takes 500 MiB at most.
        concurrency: The numbers of calls at a time over which they grow.
        projects: The numbers of projects that are gone through.
    """

    starts: int
    rounds: int
    calls: int
    burst: int
    at_once: int
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
    at_once=50,
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
    at_once=5,
    transfers=1,
    large=6 * MB,
    slow=1 * MB,
    downloads=(1 * MB, 2 * MB),
    uploads=(1 * MB, 6 * MB),
    concurrency=(1, 10),
    projects=(10, 200),
)


@attrs.frozen
class Setting:
    """Where it is measured.

    Args:
        scale: How much.
        quick: Whether it is only to see that everything runs.
        server: The URL of the Hub and object store that cost nothing.
        folder: A folder for what is transferred.
        official: The Python that has the official SDK; None where it is not installed.
    """

    scale: Scale
    quick: bool
    server: str
    folder: Path
    official: str | None = None

    def file(self, size: int) -> Path:
        """A file of so many bytes, made once."""
        path = self.folder / f"weights-{size}.pt"
        if not path.exists():
            block = os.urandom(1024 * 1024)
            with path.open("wb") as file:
                for start in range(0, size, len(block)):
                    file.write(block[: size - start])
        return path
