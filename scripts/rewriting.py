"""Write generated Python files, or check that they are up to date."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]


class SourceError(Exception):
    """A file cannot be generated, because its source is not as expected."""


def main(
    description: str, arguments: list[str] | None, generate: Callable[[], dict[Path, str]]
) -> int:
    """Run the command line of a script that generates files.

    Args:
        description: Docstring of the script; its first line goes into ``--help``.
        arguments: Command-line arguments; the process's own by default.
        generate: Returns the text of each file, or raises ``SourceError``.

    Returns:
        0 on success; 1 if a source is not as expected, or ``--check`` found differences.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of replacing")
    options = parser.parse_args(arguments)
    try:
        texts = generate()
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [path for path, text in texts.items() if not _is_current(path, text)]
    for path in stale:
        if options.check:
            print(f"edited or stale: {path}: run `make generate`", file=sys.stderr)
        else:
            path.write_text(texts[path], encoding="utf-8", newline="\n")
    return 1 if options.check and stale else 0


def formatted(text: str, path: Path, *rules: str) -> str:
    """Return source code after ruff has fixed and formatted it.

    Args:
        text: Source code.
        path: Target file. Its parent folders contain the configuration of ruff.
        rules: Rules of ruff to fix.

    Raises:
        subprocess.CalledProcessError: If the text is not valid Python.
    """
    file = f"--stdin-filename={path}"
    fix = ("check", "--fix-only", "--unsafe-fixes", f"--select={','.join(rules)}")
    return _ruff(_ruff(text, *fix, file), "format", file)


def _ruff(text: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", "-"]
    run = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    return run.stdout


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
