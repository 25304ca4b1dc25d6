"""Fixtures of the tests with httpx's mock transport."""

from __future__ import annotations

import pytest
from support.played import Played


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def played(request: pytest.FixtureRequest) -> Played:
    """Sync or async clients of a user, with fake services whose answers the test sets."""
    return Played(asynchronous=request.param)
