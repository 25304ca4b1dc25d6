from typing import Any

from ...models.oidc_access_request import OIDCAccessRequest
from ...models.signature_access_request import SignatureAccessRequest


def build_request(
    *,
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/access",
    }

    if isinstance(body, OIDCAccessRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
