"""Users' public keys: register them, and show them to any user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.http import Refusal, answer, body, caller, own, query, state_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class FormVersion(msgspec.Struct):
    """Query parameter with the version of the request format."""

    version: Literal["2"]


class RegisterKey(msgspec.Struct):
    """``POST /api/{userName}/keys``."""

    key: str


async def register(request: Request) -> Response:
    """Register a public key of the caller."""
    state, user = state_of(request), own(request, "register their own keys")
    query(request, FormVersion)
    data: RegisterKey = await body(request, RegisterKey)
    try:
        key = state.public_keys.register(user, data.key)
    except ValueError as error:
        raise Refusal(422, f"The key is not valid: {error}") from None
    return answer({"id": key.id}, 201)


async def show(request: Request) -> Response:
    """Show a registered key of any user."""
    state = state_of(request)
    caller(request)
    key = state.public_keys.get(request.path_params["owner"], request.path_params["key_id"])
    if key is None:
        raise Refusal(404, "There is no such key")
    return answer({"public_key": key.pem, "id": key.id, "active": key.active})


ROUTES = [
    Route("/api/{owner}/keys", register, methods=["POST"]),
    Route("/api/{owner}/keys/{key_id}", show, methods=["GET"]),
]
