"""Uploads of models and weights against scripted answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from support.flows import FakeDriver

from bitfount_api import RetryPolicy
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.services import hub
from bitfount_api._operations.models import send_model, send_weights
from bitfount_api._transfer import compression
from bitfount_api._transfer.request_bodies import CHUNK_BYTES
from bitfount_api.exceptions import InvalidJSONError, ModelUploadError
from bitfount_api.transfers import TransferOptions

EXISTED = {"success": True, "alreadyExisted": True}
REMOTE = ServiceClient(hub("https://hub.test"), RetryPolicy(retries=1), lambda: "alice")


def test_compression_checks_the_deadline_at_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is followed by a pause of zero seconds, which checks the deadline."""
    monkeypatch.setattr(compression, "_STEP_BYTES", CHUNK_BYTES)
    path = tmp_path / "w.pt"
    path.write_bytes(bytes(2 * CHUNK_BYTES))
    answer = {**EXISTED, "version": 1}
    driver = FakeDriver([httpx.Response(200, json=answer)])
    driver.run(send_weights(REMOTE, "Net", 1, path, options=TransferOptions(compress=True)))
    assert driver.pauses == [0, 0]


def send(folder: Path, answer: dict[str, Any]) -> Any:
    path = folder / "Net.py"
    path.write_text("from bitfount_api import BitfountModel\nclass Net(BitfountModel): pass\n")
    driver = FakeDriver([httpx.Response(200, json=answer)])
    options = TransferOptions()
    return driver.run(send_model(REMOTE, path, private=False, description="", options=options))


@pytest.mark.parametrize("version", [3, "3"])
def test_send_model_returns_the_version_as_an_int(tmp_path: Path, version: int | str) -> None:
    assert send(tmp_path, {**EXISTED, "version": version})["version"] == 3


@pytest.mark.parametrize("version", [{}, {"version": None}, {"version": "latest"}])
def test_send_model_without_version_raises(tmp_path: Path, version: dict[str, Any]) -> None:
    with pytest.raises(ModelUploadError, match="version") as caught:
        send(tmp_path, EXISTED | version)
    assert isinstance(caught.value.__cause__, InvalidJSONError)


def test_rejection_without_version_gives_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ModelUploadError, match="This name is taken"):
        send(tmp_path, {"success": False, "errorMessage": "This name is taken"})


@pytest.mark.parametrize("version", [{}, {"version": "latest"}])
def test_send_weights_needs_no_version(tmp_path: Path, version: dict[str, Any]) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"weights")
    driver = FakeDriver([httpx.Response(200, json=EXISTED | version)])
    driver.run(send_weights(REMOTE, "Net", 1, path, options=TransferOptions()))
