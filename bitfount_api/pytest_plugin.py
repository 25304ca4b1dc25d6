"""A pytest plugin: the fixture ``bitfount_sandbox``, for tests of code that uses this library.

The fixture is available as soon as ``bitfount-api[sandbox]`` is installed next to pytest; nothing
is imported and nothing starts before a test requests it.

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

    Args:
        sandbox: The sandbox.
        monkeypatch: Sets the variables of :meth:`Sandbox.environment`, so that code under test
            which is configured by the environment reaches this sandbox, and no other service. The
            fixture passes that of the test. None to set no variables.

    Attributes:
        sandbox: The :class:`~bitfount_api.sandbox.Sandbox`, for seeding data, inspecting state and
            injecting faults.
    """

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        self.sandbox = sandbox
        self._sessions: dict[str, BitfountSession] = {}
        self._monkeypatch = monkeypatch
        self._set(sandbox.environment())

    def act_as(self, username: str) -> None:
        """Set the variables with a user's API keys, for code under test that reads them.

        Raises:
            RuntimeError: These clients set no variables.
        """
        if self._monkeypatch is None:
            raise RuntimeError("act_as() needs monkeypatch: use the fixture bitfount_sandbox")
        self._set(self.sandbox.user(username).environment())

    def session(self, username: str) -> BitfountSession:
        """Return a session with a user's API keys; it is closed when the test ends."""
        session = self._sessions.get(username)
        if session is None or session.closed:
            session = self._sessions[username] = self.new_session(username)
        return session

    def new_session(self, username: str) -> BitfountSession:
        """Return a session that the caller closes, for example ``async with …new_session(…)``."""
        from bitfount_api import APIKeysHandler, BitfountSession

        user = self.sandbox.user(username)
        return BitfountSession(APIKeysHandler(user.api_key_id, user.api_key, user.username))

    def hub(self, username: str) -> BitfountHub:
        """Return a Hub client for a user."""
        from bitfount_api import BitfountHub

        return BitfountHub(self.session(username), self.sandbox.hub_url)

    def access_manager(self, username: str) -> BitfountAM:
        """Return an access manager client for a user."""
        from bitfount_api import BitfountAM

        return BitfountAM(self.session(username), self.sandbox.access_manager_url)

    def smart_on_fhir(self, username: str, resource_server_url: str | None = None) -> SMARTOnFHIR:
        """Return a SMART on FHIR client for a user."""
        from bitfount_api import SMARTOnFHIR

        url = self.sandbox.smart_on_fhir_url
        return SMARTOnFHIR(self.session(username), url, resource_server_url)

    def async_hub(self, username: str) -> AsyncBitfountHub:
        """Return an async Hub client for an ``async with`` statement, which closes its session."""
        from bitfount_api import AsyncBitfountHub

        # Connections cannot outlive their event loop, so leaving the client must close its session.
        url = self.sandbox.hub_url
        return AsyncBitfountHub(self.new_session(username), url, owns_session=True)

    def async_access_manager(self, username: str) -> AsyncBitfountAM:
        """Return an async access manager client, to be used like :meth:`async_hub`."""
        from bitfount_api import AsyncBitfountAM

        url = self.sandbox.access_manager_url
        return AsyncBitfountAM(self.new_session(username), url, owns_session=True)

    def async_smart_on_fhir(
        self, username: str, resource_server_url: str | None = None
    ) -> AsyncSMARTOnFHIR:
        """Return an async SMART on FHIR client, to be used like :meth:`async_hub`."""
        from bitfount_api import AsyncSMARTOnFHIR

        url = self.sandbox.smart_on_fhir_url
        session = self.new_session(username)
        return AsyncSMARTOnFHIR(session, url, resource_server_url, owns_session=True)

    def close(self) -> None:
        """Close the sessions, and delete everything in the sandbox but the users."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        self.sandbox.clear()

    def _set(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            if self._monkeypatch is not None:
                self._monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def _bitfount_sandbox_server() -> Iterator[Sandbox]:
    from bitfount_api.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def bitfount_sandbox(
    _bitfount_sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxClients]:
    """Provide a local Bitfount on free ports that is empty but for its users, with clients."""
    clients = SandboxClients(_bitfount_sandbox_server, monkeypatch)
    try:
        yield clients
    finally:
        clients.close()
