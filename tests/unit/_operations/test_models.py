"""Uploads of weights against scripted answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from support.flows import FakeDriver

from bitfount_api import RetryPolicy
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.services import hub
from bitfount_api._operations.models import send_weights
from bitfount_api._transfer import compression
from bitfount_api._transfer.request_bodies import CHUNK_BYTES
from bitfount_api.transfers import TransferOptions

REMOTE = ServiceClient(hub("https://hub.test"), RetryPolicy(retries=1), lambda: "alice")


def test_compression_checks_the_deadline_at_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is followed by a pause of zero seconds, which checks the deadline."""
    monkeypatch.setattr(compression, "_STEP_BYTES", CHUNK_BYTES)
    path = tmp_path / "w.pt"
    path.write_bytes(bytes(2 * CHUNK_BYTES))
    answer = {"success": True, "alreadyExisted": True, "version": 1}
    driver = FakeDriver([httpx.Response(200, json=answer)])
    driver.run(send_weights(REMOTE, "Net", 1, path, options=TransferOptions(compress=True)))
    assert driver.pauses == [0, 0]
