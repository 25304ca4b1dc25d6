"""Fixtures of the tests with httpx's mock transport, and of transfers with a test store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_services import FakeServices
from support.store import Store, running_store
from support.transfers import Caller


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def services(request: pytest.FixtureRequest) -> FakeServices:
    """Sync or async clients of a user, with fake services whose answers the test sets."""
    return FakeServices(asynchronous=request.param)


@pytest.fixture
def store() -> Iterator[Store]:
    """A Hub with an object store, whose objects and failures the test sets."""
    with running_store() as store:
        yield store


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def call(request: pytest.FixtureRequest, store: Store) -> Caller:
    """Calls transfers against the test store, sync or async."""
    return Caller(store.url, asynchronous=request.param)


@pytest.fixture
def no_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of temporary files, which must be empty afterwards."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []
