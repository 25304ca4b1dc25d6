"""Fixtures of the tests with httpx's mock transport."""

from __future__ import annotations

import pytest
from support.fake_services import FakeServices


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def services(request: pytest.FixtureRequest) -> FakeServices:
    """Sync or async clients of a user, with fake services whose answers the test sets."""
    return FakeServices(asynchronous=request.param)
