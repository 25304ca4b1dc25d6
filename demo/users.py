"""The users of the demonstration, and their files."""

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
        sandbox: The sandbox on which the user has an account.
        username: The user's name.
    """

    def __init__(self, sandbox: Sandbox, username: str) -> None:
        self.username = username
        self._sandbox = sandbox
        self.session = self.new_session()
        self.hub = BitfountHub(self.session, sandbox.hub_url)
        self.access_manager = BitfountAM(self.session, sandbox.access_manager_url)

    def new_session(self) -> BitfountSession:
        """Return a new session with the user's API keys."""
        user = self._sandbox.user(self.username)
        handler = APIKeysHandler(user.api_key_id, user.api_key, user.username)
        return BitfountSession(handler, user_agent_suffix="demo")

    def async_hub(self, session: BitfountSession) -> AsyncBitfountHub:
        """Return an async Hub client that uses the given session of the current event loop."""
        return AsyncBitfountHub(session, self._sandbox.hub_url)

    def smart_on_fhir(self, resource_server: str) -> SMARTOnFHIR:
        """Return a SMART on FHIR client for a clinical system."""
        return SMARTOnFHIR(self.session, self._sandbox.smart_on_fhir_url, resource_server)


def write_weights(path: Path, mebibytes: int) -> None:
    """Write random weights, as incompressible as trained ones, a mebibyte at a time."""
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(MEBIBYTE))
