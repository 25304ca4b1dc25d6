"""Public JSON Web Keys: upload them, and serve them to clinical systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.http import NotEmpty, Refusal, answer, body, own, state_of
from bitfount_api.sandbox.state.jwks import PrivateKeyError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class UploadJwk(msgspec.Struct, rename="camel"):
    """``PUT /api/ehr/jwks/{userName}``."""

    jwk: dict[str, Any]
    issuer: NotEmpty
    client_id: NotEmpty


async def upload(request: Request) -> Response:
    """Store a public key of the caller for a client of a clinical system."""
    state, user = state_of(request), own(request, "upload their own keys")
    data: UploadJwk = await body(request, UploadJwk)
    try:
        jwk_set = state.jwk_sets.put(user, data.issuer, data.client_id, data.jwk)
    except PrivateKeyError as error:
        raise Refusal(400, f"jwk must be a public key: {error}") from None
    except ValueError as error:
        raise Refusal(422, f"jwk must be a public key: {error}") from None
    address = f"{request.base_url}api/ehr/jwks/{user}/{jwk_set}/.well-known/jwks.json"
    return answer({"success": True, "jwksUriWellKnown": address})


async def serve(request: Request) -> Response:
    """Serve a set of public keys, without credentials."""
    owner, jwk_set = request.path_params["owner"], request.path_params["jwk_set"]
    keys = state_of(request).jwk_sets.get(owner, jwk_set)
    if not keys:
        raise Refusal(404, "There is no such set of keys")
    return answer({"keys": keys})


ROUTES = [
    Route("/api/ehr/jwks/{owner}", upload, methods=["PUT"]),
    Route("/api/ehr/jwks/{owner}/{jwk_set}/.well-known/jwks.json", serve, methods=["GET"]),
]
