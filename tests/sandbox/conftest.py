"""One sandbox for all tests, cleared between them, with a clock that tests can set."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from support.sandbox_api import Api, Clock

from bitfount_api.sandbox import Sandbox


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[Sandbox, Clock]]:
    clock = Clock(time.time())
    with Sandbox(clock=clock) as sandbox:
        yield sandbox, clock


@pytest.fixture
def clock(_served: tuple[Sandbox, Clock]) -> Clock:
    return _served[1]


@pytest.fixture
def sandbox(_served: tuple[Sandbox, Clock]) -> Iterator[Sandbox]:
    sandbox, clock = _served
    clock.now = time.time()
    yield sandbox
    sandbox.clear()


def _api(sandbox: Sandbox, username: str | None) -> Iterator[Api]:
    api = Api(sandbox, username)
    yield api
    api.close()


@pytest.fixture
def alice(sandbox: Sandbox) -> Iterator[Api]:
    yield from _api(sandbox, "alice")


@pytest.fixture
def bob(sandbox: Sandbox) -> Iterator[Api]:
    yield from _api(sandbox, "bob")


@pytest.fixture
def carol(sandbox: Sandbox) -> Iterator[Api]:
    yield from _api(sandbox, "carol")


@pytest.fixture
def nobody(sandbox: Sandbox) -> Iterator[Api]:
    """An API client without credentials."""
    yield from _api(sandbox, None)
