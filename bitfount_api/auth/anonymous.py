"""No authentication, for calls that need no credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.exceptions import AuthenticatedUserError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnonymousHandler(AuthenticationHandler):
    """No credentials, for public endpoints and presigned URLs."""

    @property
    def username(self) -> str:
        """Raise an error, since there is no user.

        Raises:
            AuthenticatedUserError: Always.
        """
        raise AuthenticatedUserError(
            "no user is authenticated; use a session with credentials for this"
        )

    @property
    def authenticated(self) -> bool:
        """Always True, since no credentials are needed."""
        return True

    @property
    def renewable(self) -> bool:
        """Always False, since there are no credentials to refresh."""
        return False

    def authenticate(self) -> None:
        """Do nothing."""

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """No headers."""
        return {}

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """No headers."""
        return {}
