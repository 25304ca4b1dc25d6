"""Fixtures for running the examples as separate programs, against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.examples import EXAMPLES, Start

from bitfount_api.pytest_plugin import SandboxClients


@pytest.fixture
def start(bitfount_sandbox: SandboxClients, tmp_path: Path) -> Iterator[Start]:
    """Start an example as alice, in a separate folder; it is killed if it still runs at the end."""
    sandbox = bitfount_sandbox.sandbox
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BITFOUNT_")}
    environment = {**kept, **sandbox.environment("alice"), "PYTHONWARNINGS": "error"}
    running: list[subprocess.Popen[str]] = []

    def started(name: str, *arguments: Any, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
        running.append(
            subprocess.Popen(
                command, cwd=tmp_path, env={**environment, **variables}, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return running[-1]

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
