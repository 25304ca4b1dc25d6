"""The folder of the examples, and the type of the function that starts them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

Start = Callable[..., "subprocess.Popen[str]"]
"""Start an example by its file name, with arguments, as alice."""
