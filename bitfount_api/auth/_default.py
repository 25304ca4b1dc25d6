"""The authentication handler of sessions for which no handler is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import config
from bitfount_api.auth.api_keys import APIKeysHandler
from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from bitfount_api.auth.handler import AuthenticationHandler


def default_handler() -> AuthenticationHandler:
    """Return a handler for the environment's API keys, or else for the device-code flow.

    Raises:
        AuthenticationError: If the environment holds only some of the settings for API keys.
    """
    try:
        keys = config.api_keys()
    except ValueError as error:
        raise AuthenticationError(str(error)) from None
    if keys is None:
        from bitfount_api.auth.device_code import DeviceCodeFlowHandler

        return DeviceCodeFlowHandler()
    username = config.username()
    if username is None:
        raise AuthenticationError(
            "BITFOUNT_API_KEY_ID and BITFOUNT_API_KEY are set but BITFOUNT_USERNAME is not: "
            "set it to the user the key belongs to, which the services do not report"
        )
    return APIKeysHandler(keys.api_key_id, keys.api_key, username)
