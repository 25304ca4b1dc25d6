"""The authentication handler of a session: the given one, or the environment's."""

from __future__ import annotations

from typing import Any

from bitfount_api import config
from bitfount_api._internal.official_sdk import derives_from_official_sdk, of_official_sdk
from bitfount_api.auth.api_keys import APIKeysHandler
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.exceptions import AuthenticationError

_REPLACEMENTS = {
    "APIKeysHandler": "APIKeysHandler",
    "BitfountSession": "BitfountSession",
    "DeviceCodeFlowHandler": "DeviceCodeFlowHandler",
    "ExternallyManagedJWTHandler": "ExternallyManagedJWTHandler",
    "JWTHandler": "JWTHandler",
}


def checked_handler(handler: object) -> AuthenticationHandler:
    """Return a handler that a session can use.

    The handler of the official SDK for API keys is converted, since its keys never change. One
    derived from it is not: its code would be lost.

    Raises:
        TypeError: It is not an ``AuthenticationHandler`` of this library. The text names the class
            to use.
    """
    if isinstance(handler, AuthenticationHandler):
        return handler
    name = of_official_sdk(handler)
    derived = derives_from_official_sdk(handler)
    if name == "APIKeysHandler" and not derived:
        headers = handler.am_request_headers  # type: ignore[attr-defined]
        return APIKeysHandler(headers["x-api-key-id"], headers["x-api-key"], handler.username)  # type: ignore[attr-defined]
    kind = type(handler).__name__
    if name is not None:
        use = f"bitfount_api.{_REPLACEMENTS.get(name, 'AuthenticationHandler')} instead"
        if derived:
            raise TypeError(f"{kind} derives from {name} of the official SDK: derive it from {use}")
        raise TypeError(f"the handler is a {kind} of the official SDK: use {use}")
    raise TypeError(
        f"the handler must be a bitfount_api.AuthenticationHandler, such as APIKeysHandler, or be "
        f"derived from it, not a {kind}"
    )


def default_handler(username: str | None = None) -> AuthenticationHandler:
    """Return a handler for the environment's API keys, or else for the device-code flow.

    Args:
        username: The user who owns the API keys, or logs in; default: the environment's.

    Raises:
        AuthenticationError: If the environment holds only some of the settings for API keys.
    """
    try:
        keys = config.api_keys()
    except ValueError as error:
        raise AuthenticationError(str(error)) from None
    if keys is None:
        from bitfount_api.auth.device_code import DeviceCodeFlowHandler

        return DeviceCodeFlowHandler(username=username or config.login_username())
    username = username or config.username()
    if username is None:
        raise AuthenticationError(
            "BITFOUNT_API_KEY_ID and BITFOUNT_API_KEY are set but BITFOUNT_USERNAME is not: "
            "set it to the user the key belongs to, which the services do not report"
        )
    return APIKeysHandler(keys.api_key_id, keys.api_key, username)


def handler_for(username: str | None, secrets: Any) -> AuthenticationHandler:
    """Return a handler for a user, with the given credentials or else the environment's.

    Args:
        username: The user; None for the environment's.
        secrets: A handler, or an object such as the official SDK's ``APIKeys`` or ``JWT``; None for
            the environment's API keys or the device-code flow.

    Raises:
        TypeError: The secrets are of another type.
        AuthenticationError: The username is missing, or the secrets are not valid.
    """
    if secrets is None:
        return default_handler(username)
    if isinstance(secrets, AuthenticationHandler):
        return secrets
    keys = hasattr(secrets, "access_key_id") and hasattr(secrets, "access_key")
    if not keys and not hasattr(secrets, "get_token"):
        raise TypeError(
            "the secrets must be a bitfount_api.AuthenticationHandler, or have access_key_id and "
            f"access_key, or jwt, expires and get_token; not a {type(secrets).__name__}"
        )
    username = username or config.username()
    if username is None:
        raise AuthenticationError(
            "the username of the secrets is missing: pass username, or set BITFOUNT_USERNAME"
        )
    if keys:
        return APIKeysHandler(secrets.access_key_id, secrets.access_key, username)
    from bitfount_api.auth.external_jwt import ExternallyManagedJWTHandler

    return ExternallyManagedJWTHandler(secrets.jwt, secrets.expires, secrets.get_token, username)
