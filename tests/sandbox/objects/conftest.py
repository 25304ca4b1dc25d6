"""Running object stores and their clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.object_server import ObjectServer, object_server

from bitfount_api.sandbox.objects.signing import Presigner


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with object_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def server(_running: ObjectServer) -> ObjectServer:
    """A shared server, reset as if it had just been started."""
    for key in list(_running.store.keys()):
        _running.store.delete(key)
    _running.clock.ahead = 0.0
    return _running


@pytest.fixture
def presigner(server: ObjectServer) -> Presigner:
    return server.presigner()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def s3(server: ObjectServer) -> Iterator[Any]:
    client = server.boto3()
    yield client
    client.close()
