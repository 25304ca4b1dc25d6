"""A pytest plugin: the fixture ``bitfount_sandbox``, for tests of code that uses this library.

It is there as soon as ``bitfount-api[sandbox]`` is installed beside pytest; nothing is imported and
nothing starts before a test asks for it.

    def test_my_code(bitfount_sandbox):
        hub = bitfount_sandbox.hub("alice")
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api import (
        AsyncBitfountAM,
        AsyncBitfountHub,
        AsyncSMARTOnFHIR,
        BitfountAM,
        BitfountHub,
        BitfountSession,
        SMARTOnFHIR,
    )
    from bitfount_api.sandbox import Sandbox


class SandboxClients:
    """A running sandbox, with sessions and clients for its users.

    Attributes:
        sandbox: The :class:`~bitfount_api.sandbox.Sandbox`, to seed, to look at, and to break.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._sessions: dict[str, BitfountSession] = {}

    def session(self, username: str) -> BitfountSession:
        """A session with that user's API keys, closed when the test ends."""
        session = self._sessions.get(username)
        if session is None or session.closed:
            session = self._sessions[username] = self.new_session(username)
        return session

    def new_session(self, username: str) -> BitfountSession:
        """A session of one's own to close, as async code does: ``async with …new_session(…)``."""
        from bitfount_api import APIKeysHandler, BitfountSession

        user = self.sandbox.user(username)
        return BitfountSession(APIKeysHandler(user.api_key_id, user.api_key, user.username))

    def hub(self, username: str) -> BitfountHub:
        """That user's Hub."""
        from bitfount_api import BitfountHub

        return BitfountHub(self.session(username), self.sandbox.hub_url)

    def access_manager(self, username: str) -> BitfountAM:
        """That user's access manager."""
        from bitfount_api import BitfountAM

        return BitfountAM(self.session(username), self.sandbox.access_manager_url)

    def smart_on_fhir(self, username: str, resource_server_url: str | None = None) -> SMARTOnFHIR:
        """That user's SMART on FHIR."""
        from bitfount_api import SMARTOnFHIR

        url = self.sandbox.smart_on_fhir_url
        return SMARTOnFHIR(self.session(username), url, resource_server_url)

    def async_hub(self, username: str) -> AsyncBitfountHub:
        """That user's Hub, to be used in an ``async with`` statement, which closes its session."""
        from bitfount_api import AsyncBitfountHub

        # Connections cannot outlive their event loop: whoever leaves the client must close them.
        url = self.sandbox.hub_url
        return AsyncBitfountHub(self.new_session(username), url, owns_session=True)

    def async_access_manager(self, username: str) -> AsyncBitfountAM:
        """That user's access manager, likewise."""
        from bitfount_api import AsyncBitfountAM

        url = self.sandbox.access_manager_url
        return AsyncBitfountAM(self.new_session(username), url, owns_session=True)

    def async_smart_on_fhir(
        self, username: str, resource_server_url: str | None = None
    ) -> AsyncSMARTOnFHIR:
        """That user's SMART on FHIR, likewise."""
        from bitfount_api import AsyncSMARTOnFHIR

        url = self.sandbox.smart_on_fhir_url
        session = self.new_session(username)
        return AsyncSMARTOnFHIR(session, url, resource_server_url, owns_session=True)

    def close(self) -> None:
        """Close the sessions, and forget everything but the users."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        self.sandbox.clear()


@pytest.fixture(scope="session")
def _bitfount_sandbox_server() -> Iterator[Sandbox]:
    from bitfount_api.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def bitfount_sandbox(_bitfount_sandbox_server: Sandbox) -> Iterator[SandboxClients]:
    """A local Bitfount on free ports, empty but for its users, with clients for them."""
    clients = SandboxClients(_bitfount_sandbox_server)
    try:
        yield clients
    finally:
        clients.close()
