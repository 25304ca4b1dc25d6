"""The time and memory of transferring weights to and from disk and into memory."""

from __future__ import annotations

import os
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

import attrs
import httpx

from benchmarks import official
from benchmarks.calls import session
from benchmarks.compare import Comparison, alternate
from benchmarks.context import MB
from benchmarks.processes import task
from benchmarks.results import Measured, Row
from bitfount_api import BitfountHub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.context import Context

PARTS = 4

_LIMITS = {"upload-parts": ("the slower of bare httpx streaming and the MD5 on all cores", 1.2)}
"""The comparison and the target of rows where they are not those of the others."""


@attrs.define
class Task:
    """A task that records the peak memory of its runs, in addition to importing.

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
    """The measurements of a transfer by this project and by plain httpx."""

    time: Comparison
    memory: float
    bare_memory: float


def compared(
    context: Context, ours: Callable[[], dict[str, float]], bare: Callable[[], dict[str, float]]
) -> Transfer:
    """Run both alternately, each time in new processes."""
    ours_task, bare_task = Task(ours), Task(bare)
    time = alternate(ours_task, bare_task, rounds=context.scale.transfers, warm=not context.quick)
    return Transfer(time, ours_task.memory, bare_task.memory)


def download(context: Context, size: int) -> Transfer:
    """Measure downloads to disk."""
    path = _target(context)
    return compared(
        context,
        partial(task, "ours_download", context.server, size, path, PARTS),
        partial(task, "bare_download", context.server, size, path),
    )


def upload(context: Context, size: int, name: str) -> Transfer:
    """Measure uploads from disk; if the name begins with ``Form``, the server requests one form."""
    path = context.file(size)
    return compared(
        context,
        partial(task, "ours_upload", context.server, path, name, PARTS),
        partial(task, "bare_upload", context.server, path),
    )


def upload_parts(context: Context, size: int) -> Transfer:
    """Measure an upload in parts, against the slower of sending it and hashing its parts."""
    path = context.file(size)

    def slower() -> dict[str, float]:
        sent = task("bare_upload", context.server, path)
        hashed = task("bare_hash_parts", size)
        return {**sent, "seconds": max(sent["seconds"], hashed["seconds"])}

    return compared(
        context, partial(task, "ours_upload", context.server, path, "Net", PARTS), slower
    )


def small(context: Context, direction: str) -> Measured:
    """Compare transfers of 1 MB over open connections, to and from disk."""
    source, target = context.file(MB), _target(context)

    def seconds(work: Callable[[], object]) -> float:
        target.unlink(missing_ok=True)
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def bare_download() -> None:
        url = f"{context.server}/objects/{MB}"
        with client.stream("GET", url) as response, target.open("wb") as file:
            file.writelines(response.iter_raw())
            file.flush()
            os.fsync(file.fileno())

    def bare_upload() -> None:
        with source.open("rb") as file:
            client.put(f"{context.server}/objects/1", content=file).raise_for_status()

    with (
        BitfountHub(session(), context.server) as hub,
        hub.session,
        httpx.Client(timeout=60) as client,
    ):
        ours: dict[str, Callable[[], object]] = {
            "down": lambda: hub.download_weights("bob", f"Weights{MB}", 1, target),
            "up": lambda: hub.send_weights("Form", 1, source),
        }
        bare = {"down": bare_download, "up": bare_upload}
        return Measured.of(
            alternate(
                lambda: seconds(ours[direction]),
                lambda: seconds(bare[direction]),
                rounds=context.scale.rounds,
            )
        )


def _target(context: Context) -> Path:
    return context.folder / "downloaded.pt"


class Transfers:
    """The rows about transfers; a transfer that two rows share is measured once."""

    def __init__(self) -> None:
        self._done: dict[str, Transfer] = {}
        self._official: dict[str, dict[str, float] | None] = {}

    def _measure_once(self, context: Context, what: str) -> Transfer:
        size = context.scale.large
        transfers: dict[str, Callable[[], Transfer]] = {
            "download": lambda: download(context, size),
            "upload-form": lambda: upload(context, size, "Form"),
            "upload-parts": lambda: upload_parts(context, size),
        }
        if what not in self._done:
            self._done[what] = transfers[what]()
            if what == "download":
                work: list[str | int | Path] = ["download", size, _target(context)]
            else:
                work = ["upload", context.file(size)]
            # The official SDK does not support multipart uploads.
            supported = what != "upload-parts"
            self._official[what] = official.measured(context, *work) if supported else None
        return self._done[what]

    def time(self, what: str, context: Context) -> Measured:
        """Measure the time of a transfer."""
        transfer = self._measure_once(context, what)
        done = self._official.get(what)
        measured = Measured.of(transfer.time, official=done["seconds"] if done else None)
        if what != "upload-parts":
            return measured
        md5 = task("bare_hash_parts", context.scale.large)["seconds"]
        return attrs.evolve(measured, note=f"the MD5 of the parts takes {md5:.2f} s on all cores")

    def memory(self, what: str, context: Context) -> Measured:
        """Measure the memory of a transfer in addition to importing, in MB."""
        transfer = self._measure_once(context, what)
        done = self._official.get(what)
        return Measured(
            transfer.memory / MB,
            transfer.memory / MB,
            transfer.bare_memory / MB,
            "MB",
            official=(done["peak"] - done["base"]) / MB if done else None,
        )


def in_memory(context: Context) -> Measured:
    """Measure the memory of ``get_weights`` in addition to the object itself."""
    size = context.scale.large
    bare, ours = (
        Task(partial(task, name, context.server, size)) for name in ("bare_bytes", "ours_bytes")
    )
    alternate(ours, bare, rounds=-(-context.scale.transfers // 3), warm=False)
    return Measured((ours.memory - size) / MB, ours.memory / MB, bare.memory / MB, "MB")


def hashed(context: Context) -> Measured:
    """Compare a download, which is hashed at the same time, with the slower of both parts."""
    size, path = context.scale.large, _target(context)
    alone: dict[str, list[float]] = {"bare_download": [], "bare_hash": []}

    def slower() -> float:
        for name, arguments in (
            ("bare_download", (context.server, size, path)),
            ("bare_hash", ("sha256", size)),
        ):
            alone[name].append(task(name, *arguments)["seconds"])
        return max(times[-1] for times in alone.values())

    comparison = alternate(
        lambda: float(task("ours_download", context.server, size, path, PARTS)["seconds"]),
        slower,
        rounds=context.scale.transfers,
        warm=not context.quick,
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
    for what, title in (
        ("download", "400 MB to disk"),
        ("upload-form", "400 MB from disk, one form"),
        ("upload-parts", "400 MB from disk, in parts"),
    ):
        time, memory = partial(transfers.time, what), partial(transfers.memory, what)
        found += [
            Row(what, title, *_LIMITS.get(what, ("bare httpx streaming", 1.3)), "×", time),
            Row(f"{what}-memory", f"{title}: memory", "importing", 32, "MB", memory),
        ]
    return [
        *found,
        Row(
            "small-down",
            "1 MB to disk",
            "bare httpx streaming",
            2,
            "×",
            partial(small, direction="down"),
        ),
        Row(
            "small-up",
            "1 MB from disk",
            "bare httpx streaming",
            2,
            "×",
            partial(small, direction="up"),
        ),
        # 10 % of the object, plus 32 MB.
        Row("get-weights", "`get_weights`, 400 MB: memory", "the object", 72, "MB", in_memory),
        Row("sha256", "SHA-256 while downloading", "the slower of both", 1.2, "×", hashed),
    ]
