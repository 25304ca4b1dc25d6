"""What programs that use the official SDK need: an environment, and a sandbox on its ports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bitfount_api.sandbox import DEVELOPMENT_PORTS, PortTakenError, Sandbox


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program that uses the official SDK, and keeps its files here.

    Args:
        folder: The folder for its files.
        **more: Further variables.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BITFOUNT_")}
    storage = dict.fromkeys(("BITFOUNT_STORAGE_PATH", "BITFOUNT_LOGS_DIR"), str(folder))
    return {**kept, **storage, **more}


def sandbox_on_its_ports() -> Sandbox:
    """Return a sandbox where the official SDK expects it: it sends credentials to nothing else.

    Skips the test if a port is in use.
    """
    try:
        return Sandbox(ports=DEVELOPMENT_PORTS)
    except PortTakenError as error:
        pytest.skip(f"the official SDK finds the sandbox on its own ports only: {error}")
