"""No authentication, for calls that need none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.exceptions import AuthenticatedUserError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnonymousHandler(AuthenticationHandler):
    """Nobody: what is public, and what presigned URLs open, can be had without credentials."""

    @property
    def username(self) -> str:
        """There is none.

        Raises:
            AuthenticatedUserError: Always.
        """
        raise AuthenticatedUserError("nobody is authenticated: this needs a user")

    @property
    def authenticated(self) -> bool:
        """Always true: there is nothing to wait for."""
        return True

    @property
    def renewable(self) -> bool:
        """Never."""
        return False

    def authenticate(self) -> None:
        """Nothing to do."""

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """None."""
        return {}
