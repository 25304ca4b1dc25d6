"""Authentication with API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitfount_api._internal.tracebacks import without_variables
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.auth.validation import header_value

if TYPE_CHECKING:
    from collections.abc import Mapping


def _check_header_value(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    header_value(value, attribute.alias or attribute.name)


@attrs.frozen(eq=False, init=False)
class APIKeysHandler(AuthenticationHandler):
    """Authentication with an API key, which needs no login and does not expire.

    Args:
        api_key_id: Id of the key; may be a ``core:am`` pair.
        api_key: API key; may be a ``core:am`` pair. The Hub receives only the part before the
            ``:``, the access manager receives both parts.
        username: User the key belongs to. Required, since the services do not report it.

    Raises:
        AuthenticationError: If an argument is empty, or cannot be sent in a header.
    """

    api_key_id: str = attrs.field(validator=_check_header_value, repr=False)
    api_key: str = attrs.field(validator=_check_header_value, repr=False)
    _username: str = attrs.field(alias="username", validator=_check_header_value)

    if TYPE_CHECKING:

        def __attrs_init__(self, api_key_id: str, api_key: str, username: str) -> None: ...

    @without_variables
    def __init__(self, api_key_id: str, api_key: str, username: str) -> None:
        self.__attrs_init__(api_key_id, api_key, username)

    @property
    def username(self) -> str:
        """The user the key belongs to."""
        return self._username

    @property
    def authenticated(self) -> bool:
        """Always True: a key is valid until a service refuses it."""
        return True

    @property
    def renewable(self) -> bool:
        """Always False: a key that was refused would be refused again."""
        return False

    def authenticate(self) -> None:
        """Do nothing."""

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """The headers with the Hub's part of id and key."""
        return {
            "x-api-key-id": self.api_key_id.partition(":")[0],
            "x-api-key": self.api_key.partition(":")[0],
        }

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """The headers with the complete id and key."""
        return {"x-api-key-id": self.api_key_id, "x-api-key": self.api_key}
