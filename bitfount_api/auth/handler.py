"""What a session needs of a way to authenticate."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from bitfount_api._call import Flow


class AuthenticationHandler(abc.ABC):
    """A way to authenticate; subclass it for one of your own.

    A session asks :attr:`authenticated` before each request, takes the headers if it is true, and
    calls :meth:`authenticate` (one thread at a time) if it is not, or if a service has refused the
    headers with a 401 and :attr:`renewable` is true.
    """

    @property
    @abc.abstractmethod
    def username(self) -> str:
        """The user these credentials belong to.

        Raises:
            AuthenticatedUserError: That is not known before :meth:`authenticate`.
        """

    @property
    @abc.abstractmethod
    def authenticated(self) -> bool:
        """Whether the headers can be used now, as far as that is known without asking."""

    @property
    def renewable(self) -> bool:
        """Whether :meth:`authenticate` can replace credentials that a service has refused."""
        return True

    @abc.abstractmethod
    def authenticate(self) -> None:
        """Get usable credentials. May take long, and wait for a person.

        Raises:
            AuthenticationError: None could be had.
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
        """:meth:`authenticate` as a flow, for handlers that speak to a service themselves.

        Args:
            refused: A service has just refused the current credentials, so new ones are needed
                even where they do not look expired.
            loop: The event loop of the caller that found them wanting; None for sync code. The
                flow runs in another thread, so a coroutine of the user's can be run there.

        Returns:
            The flow, which the session then drives over its own connections (proxy, certificates);
            None, as here, to have :meth:`authenticate` called instead.
        """
        del refused, loop
        return None

    def __reduce__(self) -> Any:
        # A pickle travels, and would hold every secret in plain text.
        raise TypeError("an authentication handler holds credentials, and cannot be pickled")
