"""Servers in processes of their own, and tasks in fresh ones, with what they cost."""

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
    """The variables of this process without what would change what is measured."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BITFOUNT_", "COVERAGE", "COV_", "PYTHON"))
        and not name.lower().endswith("_proxy")
    }


@contextlib.contextmanager
def served(module: str, *arguments: str) -> Iterator[str]:
    """Run a server of ours while the body runs, and give its URL.

    Args:
        module: Such as ``benchmarks.server``.
        *arguments: Its command line.
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
        process.communicate()  # closes its input, which ends it


def timed(command: Sequence[str]) -> float:
    """Seconds that a command takes from its start to its exit.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environment(), stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def output_of(
    command: Sequence[str | int | Path],
    *,
    more: Mapping[str, str] | None = None,
    seconds: float | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Run a command, and give the JSON that it prints as its last line.

    Args:
        command: The command.
        more: Environment variables to add.
        seconds: How long it may take.
        quiet: Whether to keep what it prints as errors for the exception.

    Raises:
        subprocess.CalledProcessError: It failed.
        subprocess.TimeoutExpired: It took longer.
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
    """Do one of :mod:`benchmarks.tasks` in a fresh process, and give what it measured.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    return output_of([sys.executable, "-m", "benchmarks.tasks", name, *arguments])
