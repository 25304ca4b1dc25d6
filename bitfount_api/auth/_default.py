"""The authentication handler of a session: the given one, or the environment's."""

from __future__ import annotations

from bitfount_api import config
from bitfount_api._internal.official_sdk import of_official_sdk
from bitfount_api.auth.api_keys import APIKeysHandler
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.exceptions import AuthenticationError

_REPLACEMENTS = {
    "DeviceCodeFlowHandler": "DeviceCodeFlowHandler",
    "ExternallyManagedJWTHandler": "ExternallyManagedJWTHandler",
    "JWTHandler": "JWTHandler",
}


def checked_handler(handler: object) -> AuthenticationHandler:
    """Return a handler that a session can use.

    The handler of the official SDK for API keys is converted, since its keys never change.

    Raises:
        TypeError: It is not an ``AuthenticationHandler`` of this library. The text names the class
            to use.
    """
    if isinstance(handler, AuthenticationHandler):
        return handler
    name = of_official_sdk(handler)
    if name == "APIKeysHandler":
        headers = handler.am_request_headers  # type: ignore[attr-defined]
        return APIKeysHandler(headers["x-api-key-id"], headers["x-api-key"], handler.username)  # type: ignore[attr-defined]
    kind = type(handler).__name__
    if name is not None:
        advice = f"use bitfount_api.{_REPLACEMENTS.get(name, 'AuthenticationHandler')}"
        raise TypeError(f"the handler is a {kind} of the official SDK: {advice} instead")
    raise TypeError(
        f"the handler must be a bitfount_api.AuthenticationHandler, such as APIKeysHandler, or be "
        f"derived from it, not a {kind}"
    )


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
