"""Who takes part in the walk, and what they bring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    SMARTOnFHIR,
)

if TYPE_CHECKING:
    from bitfount_api.sandbox import Sandbox

FILES = Path(__file__).parent / "files"
MODEL_FILE = FILES / "RetinaClassifier.py"
SCHEMA_FILE = Path(__file__).parents[1] / "tests" / "data" / "pod-schema-v4.json"

MEBIBYTE = 1024 * 1024


class Person:
    """A user of the sandbox, with a client for each service.

    Args:
        sandbox: Where they have an account.
        username: Their name there.
    """

    def __init__(self, sandbox: Sandbox, username: str) -> None:
        self.username = username
        self._sandbox = sandbox
        self.session = self.new_session()
        self.hub = BitfountHub(self.session, sandbox.hub_url)
        self.access_manager = BitfountAM(self.session, sandbox.access_manager_url)

    def new_session(self) -> BitfountSession:
        """A session with their API keys."""
        user = self._sandbox.user(self.username)
        handler = APIKeysHandler(user.api_key_id, user.api_key, user.username)
        return BitfountSession(handler, user_agent_suffix="demo")

    def async_hub(self, session: BitfountSession) -> AsyncBitfountHub:
        """Their Hub for async code, by a session of the event loop's own."""
        return AsyncBitfountHub(session, self._sandbox.hub_url)

    def smart_on_fhir(self, resource_server: str) -> SMARTOnFHIR:
        """Their client for SMART on FHIR, for that clinical system."""
        return SMARTOnFHIR(self.session, self._sandbox.smart_on_fhir_url, resource_server)


def write_weights(path: Path, mebibytes: int) -> None:
    """Write weights as random as trained ones, a mebibyte at a time."""
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(MEBIBYTE))
