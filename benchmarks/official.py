"""The official SDK, where it is installed: the same work, done by the ``bitfount`` package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import environment, output_of

if TYPE_CHECKING:
    from benchmarks.setting import Setting

VARIABLE = "BENCHMARKS_OFFICIAL_PYTHON"
"""The environment variable that names the Python that has the official SDK."""

_SCRIPT = Path(__file__).with_name("official_tasks.py")
_SECONDS = 300


def find() -> str | None:
    """The Python that has the official SDK: the one that the variable names, or this one."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('bitfount') is None)"
    for python in (os.environ.get(VARIABLE), sys.executable):
        if python and shutil.which(python):
            done = subprocess.run([python, "-c", look], check=False, env=environment())
            if done.returncode == 0:
                return python
    return None


def measured(
    setting: Setting, task: str | int | Path, *arguments: str | int | Path
) -> dict[str, float] | None:
    """What a task takes it: ``seconds``, and for transfers ``base`` and ``peak`` in bytes.

    Done once: it takes long, and differs by factors.

    Args:
        setting: Says where it is installed, if it is.
        task: One of those of ``official_tasks.py``.
        *arguments: The task's.

    Returns:
        None if it is not installed.
    """
    if setting.official is None:
        return None
    try:
        return output_of(
            [setting.official, _SCRIPT, task, setting.server, *arguments],
            more=dict.fromkeys(("BITFOUNT_STORAGE_PATH", "BITFOUNT_LOGS_DIR"), str(setting.folder)),
            seconds=_SECONDS,
            quiet=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        # Its packages may not fit each other; that must not cost all other measurements.
        print(f"the official SDK: {error}", error.stderr or "", sep="\n", file=sys.stderr)
        return None


def seconds(setting: Setting, task: str, *arguments: str | int) -> float | None:
    """The seconds alone."""
    done = measured(setting, task, *arguments)
    return done["seconds"] if done else None
