"""Fixtures of the tests over httpx's mock transport."""

from __future__ import annotations

import pytest
from support.played import Played


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def played(request: pytest.FixtureRequest) -> Played:
    """A user's clients, sync and async, whose services the test plays."""
    return Played(asynchronous=request.param)
