"""The interface between a session and its authentication handler."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from bitfount_api import config

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from pathlib import Path

    from bitfount_api._core.effects import Flow


class AuthenticationHandler(abc.ABC):
    """Base class of authentication handlers; subclass it for a custom one.

    Before each request, a session reads :attr:`authenticated`. If it is true, the session sends the
    handler's headers. If it is false, or if a service has refused the headers with a 401 and
    :attr:`renewable` is true, the session calls :meth:`authenticate` first, from one thread at a
    time.

    Args:
        username: The user whose folder :attr:`user_storage_path` is; default: :attr:`username`.
    """

    _storage_username: str | None = None

    def __init__(self, username: str | None = None) -> None:
        self._storage_username = username

    @property
    def user_storage_path(self) -> Path:
        """The folder of the user in the folder for tokens and keys (``BITFOUNT_STORAGE_PATH``)."""
        return config.storage_path() / (self._storage_username or self.username)

    @property
    @abc.abstractmethod
    def username(self) -> str:
        """The user the credentials belong to.

        Raises:
            AuthenticatedUserError: If the user is not known before :meth:`authenticate`.
        """

    @property
    @abc.abstractmethod
    def authenticated(self) -> bool:
        """Whether the headers can be used now, as far as is known without a request."""

    @property
    def renewable(self) -> bool:
        """Whether :meth:`authenticate` can replace credentials that a service has refused."""
        return True

    @abc.abstractmethod
    def authenticate(self) -> None:
        """Get usable credentials. May take long, and may wait for a user.

        Raises:
            AuthenticationError: If no credentials are available.
        """

    @property
    @abc.abstractmethod
    def hub_request_headers(self) -> Mapping[str, str]:
        """The headers for the Hub and for SMART on FHIR."""

    @property
    @abc.abstractmethod
    def am_request_headers(self) -> Mapping[str, str]:
        """The headers for the access manager."""

    def authentication(
        self, *, refused: bool, loop: asyncio.AbstractEventLoop | None
    ) -> Flow[None] | None:
        """Return :meth:`authenticate` as a flow, for handlers that call a service themselves.

        Args:
            refused: Whether a service has just refused the current credentials, so that new ones
                are needed even if the current ones have not expired.
            loop: Event loop of the caller that needs credentials; None for sync code. The flow runs
                in another thread, so a user's coroutine can run in this loop.

        Returns:
            The flow, which the session runs over its own connections (proxy, certificates); None,
            the default, if the session should call :meth:`authenticate` instead.
        """
        del refused, loop
        return None

    def __reduce__(self) -> Any:
        # A pickle may be sent or stored, and would hold every secret in plain text.
        raise TypeError("an authentication handler holds credentials, and cannot be pickled")
