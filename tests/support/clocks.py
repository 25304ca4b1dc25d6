"""Replace the clock of one module."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest


def replace_monotonic(
    monkeypatch: pytest.MonkeyPatch, module: str, monotonic: Callable[[], float]
) -> None:
    """Replace ``time.monotonic`` for one module that imports ``time``.

    Replaced for all, it would stop the event loops of other threads, such as a sandbox's.

    Args:
        monkeypatch: The fixture.
        module: Full name of the module.
        monotonic: Function to call instead.
    """
    monkeypatch.setattr(f"{module}.time", SimpleNamespace(**{**vars(time), "monotonic": monotonic}))
