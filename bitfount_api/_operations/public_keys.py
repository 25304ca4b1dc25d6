"""The public keys that users register, to verify their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import types
from bitfount_api._core.responses import decode_json
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.keys import get_user_public_key as _get_user_public_key
from bitfount_api._generated.hub.api.keys import (
    register_user_public_key as _register_user_public_key,
)
from bitfount_api._generated.hub.models import RegisterKeyRequest
from bitfount_api._internal.logs import get_logger
from bitfount_api.exceptions import InvalidJSONError
from bitfount_api.identifiers import path_part, user_name
from bitfount_api.keys import parse_public_key, serialize_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


def register(hub: ServiceClient, key: RSAPublicKey) -> Flow[str | int]:
    """Register a key for the caller and return its id.

    Raises:
        HTTPError: The Hub refused the request.
    """
    body = RegisterKeyRequest(key=serialize_public_key(key, "SSH"))
    request = _register_user_public_key.build_request(
        user_name((yield from hub.get_username())),
        body=body,
        version=2,
    )
    operation = operations.REGISTER_USER_PUBLIC_KEY
    return (yield from hub.get_json(operation, request, types.RegisteredKey))["id"]


def check(
    hub: ServiceClient, key_id: str, username: str | None
) -> Flow[types.ActivePublicKey | None]:
    """Get a registered key; return None if there is no such key, or it is no longer active.

    Raises:
        HTTPError: The Hub refused the request.
        InvalidJSONError: The response has no RSA key.
    """
    owner = user_name((yield from hub.get_username()) if username is None else username)
    request = _get_user_public_key.build_request(owner, path_part(key_id, "key id"))
    operation = operations.GET_USER_PUBLIC_KEY
    response = yield from hub.send(operation, request)
    if response.status_code == 404:
        _logger.info("%s has no key %s", owner, key_id)
        return None
    details = decode_json(response, types.PublicKeyDetails, operation, hub.service)
    if not details["active"]:
        _logger.info("The key %s of %s is not active", key_id, owner)
        return None
    try:
        key = parse_public_key(details["public_key"])
    except ValueError as error:
        raise InvalidJSONError(
            f"{operation.name}: the Hub's public_key is not a valid key: {error}",
            operation=operation.name,
        ) from None
    return {"public_key": key, "id": details["id"], "active": True}
