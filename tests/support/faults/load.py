"""Load: many threads and many tasks on one session, against a sandbox with faults."""

from __future__ import annotations

import asyncio
import collections
import gc
import itertools
import logging
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

import attrs

from bitfount_api import (
    AsyncBitfountHub,
    BitfountError,
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
    RetryPolicy,
)

CALLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("get_pod", ("alice/scans",)),
    ("get_pod_schema", ("alice/scans",)),
    ("get_projects", ()),
    ("get_model_code", ("alice", "Net", 1)),
    ("get_weights", ("alice", "Net", 1)),
    (
        "send_monitor_update",
        (
            {
                "taskId": "t", "senderId": "alice/scans", "timestamp": "2024-01-01T00:00:00Z",
                "privacy": "PRIVATE", "type": "TASK_CONFIG",
            },
        ),
    ),
)  # fmt: skip
RETRY = RetryPolicy(retries=2, backoff=0.01, max_backoff=0.1)


# --- The sandbox, in a separate process ----------------------------------------------------------


def _serve(pipe: Connection, share: float) -> None:
    from support.faults.environment import fault_environment

    from bitfount_api.sandbox import Fault
    from bitfount_api.sandbox.faults import Faults

    logging.disable(logging.CRITICAL)
    chance = random.Random(7)
    faults = (
        *(Fault(status=status) for status in (500, 502, 503, 504)),
        Fault(status=429, headers={"retry-after": "0"}),
        Fault(status=401),
        Fault(status=200, body=b"<html>It is us</html>"),
        Fault(reset_after=0),
        Fault(reset_after=5),
        Fault(truncate_after=5),
        Fault(delay=0.2),
    )

    class Chance(Faults):
        def take(self, seen: Any) -> Fault | None:
            super().take(seen)
            return chance.choice(faults) if chance.random() < share else None

    with fault_environment() as environment:
        # The applications keep a reference to this object, so change it in place.
        environment.sandbox.faults.__class__ = Chance
        pipe.send((environment.sandbox.hub_url, environment.sandbox.token("alice")))
        pipe.recv()


@contextmanager
def unwell(share: float) -> Iterator[tuple[str, str]]:
    """Run a sandbox with that share of faults; yield the Hub's URL and a token."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(theirs, share), daemon=True)
    process.start()
    try:
        if not ours.poll(60):
            raise RuntimeError("the sandbox did not start")
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(20)
        process.kill()
        ours.close()
        theirs.close()


# --- The load ------------------------------------------------------------------------------------


@attrs.define
class Measured:
    """Measurements of a run.

    Args:
        outcomes: Number of calls by outcome: ``ok``, or the name of an error.
        undocumented: Errors that are not the library's, as text.
        descriptors: Open file descriptors before and after.
        memory: Resident memory in MiB, each second.
        seconds: Duration of the run.
    """

    outcomes: collections.Counter[str] = attrs.field(factory=collections.Counter)
    undocumented: list[str] = attrs.field(factory=list)
    descriptors: tuple[int, int] = (0, 0)
    memory: list[float] = attrs.field(factory=list)
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())

    @property
    def growth(self) -> float:
        """Memory growth in MiB from the second quarter of the run to the last."""
        quarter = max(1, len(self.memory) // 4)
        middle, last = self.memory[quarter : 2 * quarter], self.memory[-quarter:]
        return sum(last) / len(last) - sum(middle) / len(middle) if middle else 0.0

    def note(self, error: BaseException | None) -> None:
        if error is None:
            self.outcomes["ok"] += 1
            return
        self.outcomes[type(error).__name__] += 1
        if not isinstance(error, BitfountError):
            self.undocumented.append(repr(error)[:300])


def run(threads: int, tasks: int, seconds: float, share: float = 0.05) -> Measured:
    """Run that many threads and tasks on one session for that many seconds."""
    measured = Measured()
    with unwell(share) as (url, token):
        _once(url, token)  # modules loaded on first use are not leaks
        gc.collect()
        before = _descriptors()
        begun = time.monotonic()
        _run(measured, url, token, threads, tasks, seconds)
        measured.seconds = time.monotonic() - begun
        gc.collect()
        measured.descriptors = before, _descriptors()
    return measured


def _session(token: str) -> BitfountSession:
    expires = datetime.now(UTC) + timedelta(hours=1)
    handler = ExternallyManagedJWTHandler(token, expires, lambda: (token, expires), "alice")
    return BitfountSession(handler, retry=RETRY, timeout=60, deadline=120)


def _once(url: str, token: str) -> None:
    session = _session(token)

    async def main() -> None:
        async with session:
            for name, given in CALLS:
                await getattr(AsyncBitfountHub(session, url), name)(*given)

    def sync() -> None:
        _call(BitfountHub(session, url), 0)

    for work in (sync, lambda: asyncio.run(main())):
        try:
            work()
        except BitfountError:
            continue


def _call(hub: BitfountHub, number: int) -> None:
    name, given = CALLS[number % len(CALLS)]
    getattr(hub, name)(*given)


def _run(
    measured: Measured, url: str, token: str, threads: int, tasks: int, seconds: float
) -> None:
    session = _session(token)
    end = time.monotonic() + seconds
    lock = threading.Lock()
    numbers = itertools.count()

    def thread() -> None:
        hub = BitfountHub(session, url)
        while time.monotonic() < end:
            error = _error_of(lambda: _call(hub, next(numbers)))
            with lock:
                measured.note(error)

    async def task(hub: AsyncBitfountHub) -> None:
        while time.monotonic() < end:
            name, given = CALLS[next(numbers) % len(CALLS)]
            try:
                await getattr(hub, name)(*given)
            except Exception as error:
                found: Exception | None = error
            else:
                found = None
            with lock:
                measured.note(found)

    async def main() -> None:
        hub = AsyncBitfountHub(session, url)
        await asyncio.gather(*(task(hub) for _ in range(tasks)))
        await session.aclose()

    async_side = threading.Thread(target=lambda: asyncio.run(main()))
    sync_side = [threading.Thread(target=thread) for _ in range(threads)]
    for each in (async_side, *sync_side):
        each.start()
    while time.monotonic() < end:
        measured.memory.append(_resident())
        time.sleep(min(1.0, seconds / 10))
    for each in (*sync_side, async_side):
        each.join()


def _error_of(work: Callable[[], None]) -> Exception | None:
    try:
        work()
    except Exception as error:
        return error
    return None


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except FileNotFoundError:  # only Linux has /proc
        return 0


def _resident() -> float:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2
    except FileNotFoundError:
        return 0.0
