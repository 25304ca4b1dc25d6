"""How to authenticate where nothing is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import config
from bitfount_api.auth.api_keys import APIKeysHandler
from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from bitfount_api.auth.handler import AuthenticationHandler


def default_handler() -> AuthenticationHandler:
    """API keys where the environment holds them, else the environment's device-code flow.

    Raises:
        AuthenticationError: The environment holds half of what API keys need.
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
            "the services do not tell whose a key is"
        )
    return APIKeysHandler(keys.api_key_id, keys.api_key, username)
