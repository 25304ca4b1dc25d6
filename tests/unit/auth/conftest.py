"""A device-code handler with a fake authorization server, whose token file is in a fresh folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.flows import FakeDriver
from support.oauth import FakeAuthority, HandlerFactory


@pytest.fixture
def make(tmp_path: Path) -> HandlerFactory:
    return HandlerFactory(tmp_path, FakeDriver([]))


@pytest.fixture
def authority(make: HandlerFactory) -> FakeAuthority:
    return make()
