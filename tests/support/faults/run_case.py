"""One cell of the matrix: call an operation while a fault is injected into one of its requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

import attrs
from support.faults.calling import Services
from support.faults.environment import SERVICES, FaultEnvironment
from support.faults.expecting import RETRIES, Count, Expected, expected
from support.faults.kinds import Kind
from support.faults.legs import Leg, Outcome, Row
from support.raw_server import Act, RawServer

import bitfount_api
from bitfount_api import BitfountError, RetryPolicy
from bitfount_api.auth.anonymous import AnonymousHandler

DEADLINE = 20.0
"""The deadline of each call, in seconds. No call comes near it."""

PATIENCE = 10.0
IMPATIENCE = (0.06, 0.4, 2.5)
"""Timeouts in seconds for silent services. A busy machine is also silent, so a cell with an
unexpected result is repeated with the next, longer timeout."""

POLICY = RetryPolicy(retries=RETRIES, backoff=0.001, max_backoff=0.002)
PERSISTENT = RetryPolicy(retries=1000, backoff=0.002, max_backoff=0.004)
"""Policy for connections that are refused for a moment, regardless of the number of attempts."""


@attrs.frozen
class Report:
    """Actual and expected result of a cell."""

    expected: Expected
    outcome: Outcome
    counts: tuple[int, ...]
    renewals: int
    seconds: float
    left: tuple[str, ...]
    error: BaseException | None = None

    @property
    def complaints(self) -> list[str]:
        found = [f"left behind: {each}" for each in self.left]
        if self.outcome != self.expected.outcome:
            found.append(
                f"outcome is {self.outcome}, expected {self.expected.outcome}: {self.error}"
            )
        wanted = self.expected.counts
        if not all(low <= n <= high for n, (low, high) in zip(self.counts, wanted, strict=True)):
            found.append(f"the services received {self.counts} requests, expected {wanted}")
        if self.renewals != self.expected.renewals:
            found.append(f"{self.renewals} renewals, expected {self.expected.renewals}")
        if self.seconds > DEADLINE:
            found.append(f"it took {self.seconds:.0f} s")
        return found


def run(
    environment: FaultEnvironment, row: Row, index: int, kind: Kind, *, asynchronous: bool
) -> Report:
    """Run a cell."""
    if not kind.silent:
        return _run(environment, row, index, kind, asynchronous, PATIENCE)
    for patience in IMPATIENCE:
        report = _run(environment, row, index, kind, asynchronous, patience)
        if not report.complaints:
            break
    return report


def _run(
    environment: FaultEnvironment,
    row: Row,
    index: int,
    kind: Kind,
    asynchronous: bool,
    patience: float,
) -> Report:
    leg = row.legs[index]
    wanted = expected(row, index, kind)
    environment.sandbox.faults.clear()
    renewals, elsewhere = environment.renewals, environment.elsewhere.connections
    with _broken(environment, row, index, kind) as (urls, acted):
        call = _Call(
            environment, row, urls, patience, PERSISTENT if kind.refuse == "moment" else POLICY
        )
        begun = time.monotonic()
        outcome, error = call.outcome(asynchronous=asynchronous)
        seconds = time.monotonic() - begun
        counts = _counted(environment, row, leg, acted, wanted.counts)
        left = [*call.left(outcome), *_left_open(environment, urls)]
    if environment.elsewhere.connections != elsewhere:
        left.append("a connection to another host")
    return Report(
        wanted, outcome, counts, environment.renewals - renewals, seconds, tuple(left), error
    )


# --- The fault -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _broken(
    environment: FaultEnvironment, row: Row, index: int, kind: Kind
) -> Iterator[tuple[dict[str, str], Callable[[], int]]]:
    """Yield the services' URLs, and a count of the requests that a raw socket did not forward."""
    leg = row.legs[index]
    urls = environment.urls
    act = kind.raw(leg)
    if act is None and kind.refuse is None:
        assert kind.sandbox is not None
        fault = kind.sandbox(leg, environment)
        environment.sandbox.fail(
            leg.path, fault, times=kind.times, service=leg.service, method=leg.method
        )
        yield urls, lambda: 0
        return
    left = [kind.times]
    acted = 0
    lock = threading.Lock()

    def plan(method: str, target: str) -> Act | None:
        nonlocal acted
        with lock:
            if act is None or not _is(leg, method, target) or left[0] == 0:
                return None
            left[0] = None if left[0] is None else left[0] - 1
            acted += 1
            return act

    before = sum(each.service == leg.service for each in row.legs[:index])
    server = RawServer(environment.address(leg.service), plan, kind.refuse or "never", before)
    with server, contextlib.ExitStack() as stack:
        urls[leg.service] = server.url
        if leg.service == "storage":
            stack.enter_context(environment.storage_at(server.url))
        yield urls, lambda: acted


def _is(leg: Leg, method: str, target: str) -> bool:
    return method == leg.method and fnmatchcase(unquote(target.partition("?")[0]), leg.path)


# --- The call ------------------------------------------------------------------------------------


@attrs.define
class _Call:
    environment: FaultEnvironment
    row: Row
    urls: dict[str, str]
    patience: float
    policy: RetryPolicy
    folder: Any = None

    def outcome(self, *, asynchronous: bool) -> tuple[Outcome, BaseException | None]:
        arguments = dict(self.row.arguments(self.environment))
        if "path" in arguments:
            self.folder = arguments["path"].parent
        settings: dict[str, Any] = {
            "timeout": self.patience,
            "deadline": DEADLINE,
            "retry": self.policy,
        }
        services = Services(
            self.urls,
            session=lambda: self.environment.session(**settings),
            anonymous=lambda: bitfount_api.BitfountSession(
                AnonymousHandler(), verify=self.environment.tls, **settings
            ),
            after_async=_no_tasks,
        )
        named = self.row.client(self.environment)
        try:
            result = services.call(self.row, arguments, named, asynchronous=asynchronous)
        except BitfountError as error:
            return _public_class(error), error
        if self._checked(result):
            return "value", None
        return ("none" if result is None else "other"), None

    def _checked(self, result: Any) -> bool:
        try:
            return bool(self.row.check(result))
        except (AttributeError, TypeError, KeyError):
            return False

    def left(self, outcome: Outcome) -> Iterator[str]:
        """Yield files and threads that the call should have cleaned up."""
        if self.folder is not None:
            names = {path.name for path in self.folder.iterdir()}
            # A partial download is kept for the next call, as documented.
            yield from names - ({"file"} if outcome in ("value", "other") else {"file.part"})
        for thread in threading.enumerate():
            if thread.name.startswith("bitfount-api"):
                # The thread may have reported its result without having ended yet.
                thread.join(10)
                if thread.is_alive():
                    yield f"the thread {thread.name}"


def _no_tasks() -> None:
    assert asyncio.all_tasks() == {asyncio.current_task()}, "tasks were left behind"


# --- Observation from outside --------------------------------------------------------------------


def _counted(
    environment: FaultEnvironment,
    row: Row,
    leg: Leg,
    acted: Callable[[], int],
    wanted: tuple[Count, ...],
) -> tuple[int, ...]:
    """Return how often each leg was received; broken requests may arrive with a delay."""
    end = time.monotonic() + 2
    sure = all(low == high for low, high in wanted)
    before: tuple[int, ...] = ()
    while True:
        seen = [(each.service, each.method, each.path) for each in environment.sandbox.requests]
        counts = tuple(
            sum(service == each.service and _is(each, method, at) for service, method, at in seen)
            + (acted() if each is leg else 0)
            for each in row.legs
        )
        enough = all(n >= low for n, (low, _) in zip(counts, wanted, strict=True))
        if (enough and (sure or counts == before)) or time.monotonic() > end:
            return counts
        before = counts
        time.sleep(0.002 if sure else 0.03)


def _left_open(environment: FaultEnvironment, urls: dict[str, str]) -> list[str]:
    """Return the client connections to a service that this process still has open."""
    ports = {int(url.rpartition(":")[2]) for url in (*urls.values(), environment.elsewhere.url)}
    ports |= {environment.address(service)[1] for service in SERVICES}
    end = time.monotonic() + 2  # connections through a raw socket may take a moment to close
    while (found := list(_open(ports))) and time.monotonic() < end:
        time.sleep(0.002)
    return found


def _open(ports: set[int]) -> Iterator[str]:
    try:
        names = os.listdir("/proc/self/fd")
    except FileNotFoundError:  # only Linux has /proc
        return
    for name in names:
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as copy:
                peer = copy.getpeername()
        except OSError:
            continue
        if isinstance(peer, tuple) and peer[1] in ports:
            yield f"a connection to port {peer[1]}"


def _public_class(error: BitfountError) -> type[BitfountError]:
    """Return the first public class of an error: some are of two kinds, in a private class."""
    kinds = type(error).__mro__
    return next(kind for kind in kinds if kind.__name__[0] != "_")
