"""Fixtures for running the pages' code: a folder with files, and the sandbox's environment."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from bitfount_api import BitfountSchema
from bitfount_api.pytest_plugin import SandboxClients

ROOT = Path(__file__).parents[2]
MODEL = '''
from bitfount_api import BitfountModel

class Net(BitfountModel):
    """A network."""
'''


@pytest.fixture
def as_alice(
    bitfount_sandbox: SandboxClients,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ready_keys: None,
) -> Iterator[SandboxClients]:
    """The sandbox as alice, in a folder with the files that the pages assume."""
    bitfount_sandbox.act_as("alice")
    bob = bitfount_sandbox.sandbox.user("bob")  # the other user of the pages
    monkeypatch.setenv("BOB_API_KEY_ID", bob.api_key_id)
    monkeypatch.setenv("BOB_API_KEY", bob.api_key)
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path / "storage"))
    monkeypatch.chdir(tmp_path)
    schema = (ROOT / "tests" / "data" / "pod-schema-v4.json").read_text(encoding="utf-8")
    BitfountSchema.loads(schema).dump("schema.yaml")
    Path("Net.py").write_text(MODEL, encoding="utf-8")
    Path("weights.pt").write_bytes(bytes(range(256)) * 100)
    shutil.copy(certifi.where(), "hospital-ca.pem")
    log = logging.getLogger("bitfount_api")
    level = log.level
    yield bitfount_sandbox
    log.setLevel(level)  # pages set it
