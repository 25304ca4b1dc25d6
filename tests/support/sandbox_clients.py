"""Call operations against a sandbox, with the sync or the async clients."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from support import results

import bitfount_api
from bitfount_api import BitfountSession
from bitfount_api.pytest_plugin import SandboxClients

URLS = {
    "BitfountHub": "hub_url",
    "BitfountAM": "access_manager_url",
    "SMARTOnFHIR": "smart_on_fhir_url",
}


class Caller:
    """Calls operations as any user, one at a time.

    Args:
        clients: Clients of the sandbox.
        asynchronous: Whether to use the async clients.
    """

    def __init__(self, clients: SandboxClients, *, asynchronous: bool) -> None:
        self.sandbox = clients.sandbox
        self.asynchronous = asynchronous
        self.called: set[str] = set()
        self._clients = clients
        self._runner = asyncio.Runner()
        self._sessions: dict[str, BitfountSession] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            self._runner.run(session.aclose())
        self._runner.close()

    def _client(self, kind: str, username: str, **named: Any) -> Any:
        if username not in self._sessions:
            self._sessions[username] = self._clients.new_session(username)
        name = f"Async{kind}" if self.asynchronous else kind
        return getattr(bitfount_api, name)(
            self._sessions[username], getattr(self.sandbox, URLS[kind]), **named
        )

    def _call(self, kind: str, username: str, method: str, /, *arguments: Any, **named: Any) -> Any:
        self.called.add(method)
        return self.result(getattr(self._client(kind, username), method)(*arguments, **named))

    def result(self, of: Any) -> Any:
        """Return the result of a method or of its coroutine, or the list of what it yields."""
        return self._runner.run(results.aread(of)) if self.asynchronous else results.read(of)

    def hub(self, username: str, method: str, /, *arguments: Any, **named: Any) -> Any:
        """Call a method of a user's Hub client."""
        return self._call("BitfountHub", username, method, *arguments, **named)

    def hub_of_cluster(
        self, username: str, cluster_id: str, method: str, /, *arguments: Any
    ) -> Any:
        """Call a method of a user's Hub client of a cluster."""
        self.called.add(method)
        hub = self._client("BitfountHub", username, cluster_id=cluster_id)
        return self.result(getattr(hub, method)(*arguments))

    def am(self, username: str, method: str, /, *arguments: Any, **named: Any) -> Any:
        """Call a method of a user's access manager client."""
        return self._call("BitfountAM", username, method, *arguments, **named)

    def fhir(self, username: str, method: str, /, *arguments: Any, **named: Any) -> Any:
        """Call a method of a user's SMART on FHIR client."""
        return self._call("SMARTOnFHIR", username, method, *arguments, **named)

    def static(self, method: str, /, *arguments: Any, **named: Any) -> Any:
        """Call a static method of the Hub client."""
        self.called.add(method)
        kind = "AsyncBitfountHub" if self.asynchronous else "BitfountHub"
        return self.result(getattr(getattr(bitfount_api, kind), method)(*arguments, **named))
