"""Format generated Python files, and write them or compare them with those that are there."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def options(description: str, arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line that all of these scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="compare instead of replacing")
    return parser.parse_args(arguments)


def formatted(text: str, path: Path, *rules: str) -> str:
    """Return source code as ruff fixes and formats it.

    Args:
        text: The source code.
        path: The file that the text is for: its folders hold ruff's configuration.
        rules: The rules of ruff to apply; others are left alone.

    Raises:
        subprocess.CalledProcessError: The text is not valid Python.
    """
    file = f"--stdin-filename={path}"
    fix = ("check", "--fix-only", "--unsafe-fixes", f"--select={','.join(rules)}")
    return _ruff(_ruff(text, *fix, file), "format", file)


def _ruff(text: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", "-"]
    run = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    return run.stdout


def settle(texts: dict[Path, str], *, check: bool) -> int:
    """Write the files, or only compare them.

    Args:
        texts: What each file has to hold.
        check: Compare, and write nothing.

    Returns:
        The exit status: 1 if ``check`` found a file that differs, else 0.
    """
    stale = [path for path, text in texts.items() if not _holds(path, text)]
    for path in stale:
        if check:
            print(f"edited or stale: {path}: run `make generate`", file=sys.stderr)
        else:
            path.write_text(texts[path], encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
