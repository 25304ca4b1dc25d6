"""Tells PyInstaller what to include in programs that use this library.

PyInstaller finds it by the entry point ``pyinstaller40``. It follows the imports of a program, but
not those by name: commands, operations and generated models are loaded when they are first used.
"""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """Return the folder with the hooks."""
    return [str(Path(__file__).parent)]
