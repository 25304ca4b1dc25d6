"""Skips the tests of this folder where `make peers` has not installed the npm tools."""

from __future__ import annotations

import os

import openapi_tools
import pytest


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    if not openapi_tools.installed():
        if os.environ.get("REQUIRE_PEERS"):
            pytest.fail("the tools in tests/peers are required, but not installed")
        pytest.skip("needs the tools that `make peers` installs")
