"""Authentication by API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.auth.values import header_value

if TYPE_CHECKING:
    from collections.abc import Mapping


def _checked(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    header_value(value, attribute.alias or attribute.name)


@attrs.frozen(eq=False)
class APIKeysHandler(AuthenticationHandler):
    """Authentication by an API key: nothing to log in to, nothing that expires.

    Args:
        api_key_id: The key's id; it may be a ``core:am`` pair.
        api_key: The key; it may be a ``core:am`` pair. The Hub is given only what stands before
            the ``:``, the access manager both halves.
        username: The user the key belongs to. The services do not tell, so it has to be given.

    Raises:
        AuthenticationError: One of them is empty, or cannot be sent in a header.
    """

    api_key_id: str = attrs.field(validator=_checked, repr=False)
    api_key: str = attrs.field(validator=_checked, repr=False)
    _username: str = attrs.field(alias="username", validator=_checked)

    @property
    def username(self) -> str:
        """The user the key belongs to."""
        return self._username

    @property
    def authenticated(self) -> bool:
        """Always true: a key is good until a service says otherwise."""
        return True

    @property
    def renewable(self) -> bool:
        """Never: a key that was refused will be refused again."""
        return False

    def authenticate(self) -> None:
        """Nothing to do."""

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """The Hub's half of id and key."""
        return {
            "x-api-key-id": self.api_key_id.partition(":")[0],
            "x-api-key": self.api_key.partition(":")[0],
        }

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """Id and key, whole."""
        return {"x-api-key-id": self.api_key_id, "x-api-key": self.api_key}
