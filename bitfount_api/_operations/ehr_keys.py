"""Public keys with which electronic health records (EHR) verify this software."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitfount_api import types
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.ehr import upload_public_jwk as _upload_public_jwk
from bitfount_api._generated.hub.models import UploadJWKRequest, UploadJWKRequestJwk
from bitfount_api._internal.plain_values import plain_json
from bitfount_api._internal.validation import non_empty_text
from bitfount_api._operations.other_fields import with_other_fields
from bitfount_api.identifiers import user_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""The members of private and of symmetric keys (RFC 7518, section 6; ``priv`` of ML-DSA keys)."""


def upload(
    hub: ServiceClient, jwk: Mapping[str, Any], issuer: str, client_id: str
) -> Flow[types.JWKUpload]:
    """Publish a public key of the caller.

    Raises:
        ValueError: ``jwk`` is not a public key, or another argument is not valid. Nothing was sent.
        HTTPError: The Hub refused the request.
        InvalidJSONError: The response has no ``jwksUriWellKnown``.
    """
    body = UploadJWKRequest(
        jwk=with_other_fields(UploadJWKRequestJwk(), _public_key(jwk)),
        issuer=non_empty_text(issuer, "issuer"),
        client_id=non_empty_text(client_id, "client_id"),
    )
    request = _upload_public_jwk.build_request(
        user_name((yield from hub.get_username())), body=body
    )
    return (yield from hub.get_json(operations.UPLOAD_PUBLIC_JWK, request, types.JWKUpload))


def _public_key(jwk: Mapping[str, Any]) -> dict[str, Any]:
    # No value is shown in errors: it may be a private key's.
    key = plain_json(jwk, "jwk")
    if not isinstance(key, dict) or not isinstance(key.get("kty"), str):
        raise ValueError("jwk must be a JSON Web Key: a dict with the member 'kty' (RFC 7517)")
    if private := sorted(name for name in key if name.lower() in _PRIVATE_MEMBERS):
        raise ValueError(
            f"jwk has members of a private key ({', '.join(private)}), which must never be "
            "published: pass the public key only"
        )
    return key
