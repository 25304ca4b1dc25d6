"""Run servers and tasks in separate processes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """Return this process's environment without variables that would affect the measurements."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BITFOUNT_", "COVERAGE", "COV_", "PYTHON"))
        and not name.lower().endswith("_proxy")
    }


@contextlib.contextmanager
def served(module: str, *arguments: str) -> Iterator[str]:
    """Run a server while the body runs, and yield its URL.

    Args:
        module: The server's module, such as ``benchmarks.server``.
        *arguments: The command-line arguments of the server.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{module} did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.communicate()  # closes its standard input, which stops it


def timed(command: Sequence[str]) -> float:
    """Return the seconds that a command takes from its start to its exit.

    Raises:
        subprocess.CalledProcessError: If the command fails.
    """
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environment(), stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def seconds_until_ready(command: Sequence[str], *, more: Mapping[str, str] | None = None) -> float:
    """Return the seconds from a program's start until it is ready; its exit is not measured.

    Args:
        command: The program. Its last line of output is ``{"ready": …}`` with the value of
            ``time.monotonic()``, whose clock all processes share.
        more: Additional environment variables.

    Raises:
        subprocess.CalledProcessError: If the program fails.
    """
    start = time.monotonic()
    ready: float = output_of(command, more=more, quiet=True)["ready"]
    return ready - start


def output_of(
    command: Sequence[str | int | Path],
    *,
    more: Mapping[str, str] | None = None,
    seconds: float | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Run a command, and return the JSON document in the last line of its output.

    Args:
        command: The command.
        more: Additional environment variables.
        seconds: Timeout in seconds.
        quiet: Whether to capture standard error for the exception instead of printing it.

    Raises:
        subprocess.CalledProcessError: If the command fails.
        subprocess.TimeoutExpired: If the command exceeds the timeout.
    """
    done = subprocess.run(
        [str(part) for part in command],
        check=True,
        env=environment() | dict(more or {}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        timeout=seconds,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def task(name: str, *arguments: str | int | Path) -> dict[str, Any]:
    """Run a task of :mod:`benchmarks.tasks` in a new process, and return its measurements.

    Raises:
        subprocess.CalledProcessError: If the task fails.
    """
    return output_of([sys.executable, "-m", "benchmarks.tasks", name, *arguments])
