# mypy: disable-error-code="import-not-found"
"""Run the programs of the official SDK's users in one process, because its import takes long.

``python run_programs.py RESULT [NAME…]`` is run by the Python that has the official SDK. It writes,
for each program that the installed version can run, what it printed or its error, as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import traceback
from pathlib import Path

FOLDER = Path(__file__).with_name("programs")


def versions(program: Path) -> str:
    """Return the versions that have the names of a program, from its first line."""
    return program.read_text("utf-8").partition(":")[0]


def main(result: str, *names: str) -> None:
    """Run the programs.

    Args:
        result: The file for the results.
        *names: The programs' names; all by default.
    """
    import bitfount

    version = ".".join(bitfount.__version__.split(".")[:2])
    found = {}
    for program in sorted(FOLDER.glob("*.py")):
        if version not in versions(program) or (names and program.stem not in names):
            continue
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                runpy.run_path(str(program), run_name="__main__")
        except Exception:
            found[program.stem] = {"error": traceback.format_exc()}
        else:
            found[program.stem] = {"printed": printed.getvalue()}
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
