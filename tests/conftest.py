"""What all tests share: nobody's own settings, and a sandbox where one is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS = ("BITFOUNT_", "SMART_ON_FHIR_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests neither see the settings of whoever runs them, nor touch their token files."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path / "bitfount"))
