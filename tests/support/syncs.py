"""Record when files are synced to disk, renamed and linked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def record_syncs(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Return a list that records, in order, syncs of files and of the folder, renames and links."""
    events: list[str] = []
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        is_folder = os.path.samestat(os.fstat(descriptor), folder.stat())
        events.append("sync folder" if is_folder else "sync file")
        real_fsync(descriptor)

    def recorded(name: str) -> Any:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> None:
            if not str(arguments[0]).startswith("/proc/"):  # a new file, given its name
                events.append(name)
            real(*arguments, **named)

        return call

    monkeypatch.setattr(os, "fsync", fsync)
    for name in ("replace", "link"):
        monkeypatch.setattr(os, name, recorded(name))
    return events
