"""Run pytest in another project that uses this library."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

WITH_THE_LIBRARY = {"bitfount_sandbox", "asyncio", "pytest_httpx", "respx"}
"""The plugins that users have: this library's, one for async tests, and mocks of httpx."""


def run_pytest(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests in a folder without the other plugins that this project is tested with.

    Importing those plugins takes longer than the tests.
    """
    others = {each.name for each in entry_points(group="pytest11")} - WITH_THE_LIBRARY
    without = [word for name in ("cacheprovider", *sorted(others)) for word in ("-p", f"no:{name}")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *without, *options],
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
