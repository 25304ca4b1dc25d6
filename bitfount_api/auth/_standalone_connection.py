"""Connections for a handler that authenticates without a session."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, NoReturn, Self

import httpx

from bitfount_api._core import redaction
from bitfount_api._internal.session_settings import user_agent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api._core.effects import Audience


class StandaloneConnection:
    """Connections with the environment's settings only, for calls without credentials."""

    timeout = 30.0

    def __init__(self) -> None:
        redaction.install_log_filters()
        self._client = httpx.Client(headers={"user-agent": user_agent(None)})

    @property
    def closed(self) -> bool:
        """Whether the connections are closed, so that no more calls can be made."""
        return self._client.is_closed

    def client(self, turn: int) -> httpx.Client:
        """Return the client."""
        del turn
        return self._client

    def async_client(self, turn: int) -> NoReturn:
        """Raise an error, since only sync calls are made.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError

    def credentials(self, audience: Audience, refused: Mapping[str, str] | None) -> NoReturn:
        """Raise an error, since no call needs credentials.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError

    async def acredentials(self, audience: Audience, refused: Mapping[str, str] | None) -> NoReturn:
        """Raise an error, since no call needs credentials.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError

    def turn(self, seconds: float) -> nullcontext[int]:
        """Do not wait, since calls are made one after another."""
        del seconds
        return nullcontext(0)

    def aturn(self, seconds: float) -> NoReturn:
        """Raise an error, since only sync calls are made.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
