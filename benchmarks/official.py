"""Measurements of the official SDK (the ``bitfount`` package), if it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import environment, output_of

if TYPE_CHECKING:
    from benchmarks.context import Context

VARIABLE = "BENCHMARKS_OFFICIAL_PYTHON"
"""The environment variable with the path of a Python that has the official SDK.

Several paths are separated like the folders in ``PATH``.
"""

SCRIPT = Path(__file__).with_name("official_tasks.py")
_SECONDS = 300


def find() -> str | None:
    """Return the first Python that has the official SDK."""
    return next(iter(find_all()), None)


def find_all() -> list[str]:
    """Return the Pythons that have the official SDK: the variable's, or the current one."""
    check = "import importlib.util, sys; sys.exit(importlib.util.find_spec('bitfount') is None)"
    found = []
    for python in (*os.environ.get(VARIABLE, "").split(os.pathsep), sys.executable):
        if python and shutil.which(python):
            done = subprocess.run([python, "-c", check], check=False, env=environment())
            if done.returncode == 0:
                found.append(python)
    return found


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment variables that keep the official SDK's files in a folder."""
    return dict.fromkeys(("BITFOUNT_STORAGE_PATH", "BITFOUNT_LOGS_DIR"), str(folder))


def run(
    context: Context, python: str, task: str | int | Path, *arguments: str | int | Path
) -> dict[str, float]:
    """Run a task of the official SDK.

    Args:
        context: The context.
        python: The path of a Python that has the official SDK.
        task: The name of a task in ``official_tasks.py``.
        *arguments: The arguments of the task.

    Returns:
        ``seconds``, and for transfers ``base`` and ``peak`` in bytes.

    Raises:
        subprocess.CalledProcessError: If the task fails.
        subprocess.TimeoutExpired: If the task takes longer than five minutes.
    """
    return output_of(
        [python, SCRIPT, task, context.server, *arguments],
        more=surroundings(context.folder),
        seconds=_SECONDS,
        quiet=True,
    )


def measured(
    context: Context, task: str | int | Path, *arguments: str | int | Path
) -> dict[str, float] | None:
    """Run a task once, as :func:`run`: it takes long, and the differences are large.

    Returns:
        The result of :func:`run`; None if the official SDK is not installed or the task fails.
    """
    if context.official is None:
        return None
    try:
        return run(context, context.official, task, *arguments)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        # Its packages may be incompatible with each other; continue with the other measurements.
        print(f"the official SDK: {error}", error.stderr or "", sep="\n", file=sys.stderr)
        return None


def seconds(context: Context, task: str, *arguments: str | int) -> float | None:
    """Run a task of the official SDK, and return only its seconds."""
    done = measured(context, task, *arguments)
    return done["seconds"] if done else None
