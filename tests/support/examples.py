"""Where the examples are, and how tests start them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

Start = Callable[..., "subprocess.Popen[str]"]
"""Starts an example by its file's name, with arguments, as alice."""
