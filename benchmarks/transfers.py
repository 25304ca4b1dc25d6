"""The time and memory of transferring weights to and from disk and into memory."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING

import attrs

from benchmarks import official
from benchmarks.compare import Comparison, in_turns
from benchmarks.context import MB
from benchmarks.processes import task
from benchmarks.results import Measured, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.context import Context

PARTS = 4


@attrs.define
class Meter:
    """The seconds of a task, and the peak memory of its runs in addition to importing.

    Args:
        run: Function that runs the task once.
    """

    run: Callable[[], dict[str, float]]
    memory: float = 0

    def __call__(self) -> float:
        """Run the task, and return its seconds."""
        done = self.run()
        self.memory = max(self.memory, done["peak"] - done["base"])
        return done["seconds"]


@attrs.frozen
class Transfer:
    """The measurements of a transfer by this project and by bare httpx."""

    time: Comparison
    memory: float
    bare_memory: float


def compared(
    setting: Context, ours: Callable[[], dict[str, float]], bare: Callable[[], dict[str, float]]
) -> Transfer:
    """Run both alternately, each time in new processes."""
    mine, other = Meter(ours), Meter(bare)
    time = in_turns(mine, other, rounds=setting.scale.transfers, warm=not setting.quick)
    return Transfer(time, mine.memory, other.memory)


def download(setting: Context, size: int) -> Transfer:
    """Measure downloads to disk."""
    path = _target(setting)
    return compared(
        setting,
        partial(task, "ours_download", setting.server, size, path, PARTS),
        partial(task, "bare_download", setting.server, size, path),
    )


def upload(setting: Context, size: int, name: str) -> Transfer:
    """Measure uploads from disk; if the name begins with ``Form``, the server requests one form."""
    path = setting.file(size)
    return compared(
        setting,
        partial(task, "ours_upload", setting.server, path, name, PARTS),
        partial(task, "bare_upload", setting.server, path),
    )


def _target(setting: Context) -> Path:
    return setting.folder / "downloaded.pt"


class Transfers:
    """The rows about transfers; a transfer that two rows share is measured once."""

    def __init__(self) -> None:
        self._done: dict[str, Transfer] = {}
        self._official: dict[str, dict[str, float] | None] = {}

    def _once(self, setting: Context, what: str) -> Transfer:
        size = setting.scale.large
        ways: dict[str, Callable[[], Transfer]] = {
            "download": lambda: download(setting, size),
            "upload-form": lambda: upload(setting, size, "Form"),
            "upload-parts": lambda: upload(setting, size, "Net"),
        }
        if what not in self._done:
            self._done[what] = ways[what]()
            if what == "download":
                work: list[str | int | Path] = ["download", size, _target(setting)]
            else:
                work = ["upload", setting.file(size)]
            # The official SDK does not support multipart uploads.
            known = what != "upload-parts"
            self._official[what] = official.measured(setting, *work) if known else None
        return self._done[what]

    def time(self, what: str, setting: Context) -> Measured:
        """Measure the time of a transfer."""
        transfer = self._once(setting, what)
        done = self._official.get(what)
        measured = Measured.of(transfer.time, official=done["seconds"] if done else None)
        if what != "upload-parts":
            return measured
        md5 = task("bare_hash", "md5", setting.scale.large)["seconds"]
        return attrs.evolve(measured, note=f"the MD5 of the parts alone takes {md5:.2f} s")

    def memory(self, what: str, setting: Context) -> Measured:
        """Measure the memory of a transfer in addition to importing, in MB."""
        transfer = self._once(setting, what)
        done = self._official.get(what)
        return Measured(
            transfer.memory / MB,
            transfer.memory / MB,
            transfer.bare_memory / MB,
            "MB",
            official=(done["peak"] - done["base"]) / MB if done else None,
        )


def in_memory(setting: Context) -> Measured:
    """Measure the memory of ``get_weights`` in addition to the object itself."""
    size = setting.scale.large
    bare, ours = (
        Meter(partial(task, name, setting.server, size)) for name in ("bare_bytes", "ours_bytes")
    )
    in_turns(ours, bare, rounds=-(-setting.scale.transfers // 3), warm=False)
    return Measured((ours.memory - size) / MB, ours.memory / MB, bare.memory / MB, "MB")


def hashed(setting: Context) -> Measured:
    """Compare a download, which is hashed at the same time, with the slower of both parts."""
    size, path = setting.scale.large, _target(setting)
    alone: dict[str, list[float]] = {"bare_download": [], "bare_hash": []}

    def slower() -> float:
        for name, arguments in (
            ("bare_download", (setting.server, size, path)),
            ("bare_hash", ("sha256", size)),
        ):
            alone[name].append(task(name, *arguments)["seconds"])
        return max(times[-1] for times in alone.values())

    comparison = in_turns(
        lambda: float(task("ours_download", setting.server, size, path, PARTS)["seconds"]),
        slower,
        rounds=setting.scale.transfers,
        warm=not setting.quick,
    )
    transfer, digest = (statistics.median(times) for times in alone.values())
    return attrs.evolve(
        Measured.of(comparison),
        note=f"transfer alone {transfer:.2f} s, hash alone {digest:.2f} s",
    )


def rows() -> list[Row]:
    """Return the rows about transfers."""
    transfers = Transfers()
    found = []
    for what, told in (
        ("download", "400 MB to disk"),
        ("upload-form", "400 MB from disk, one form"),
        ("upload-parts", "400 MB from disk, in parts"),
    ):
        time, memory = partial(transfers.time, what), partial(transfers.memory, what)
        found += [
            Row(what, told, "bare httpx streaming", 1.3, "×", time),
            Row(f"{what}-memory", f"{told}: memory", "importing", 32, "MB", memory),
        ]
    return [
        *found,
        # A tenth of the object, and 32 MB.
        Row("get-weights", "`get_weights`, 400 MB: memory", "the object", 72, "MB", in_memory),
        Row("sha256", "SHA-256 while downloading", "the slower of both", 1.2, "×", hashed),
    ]
