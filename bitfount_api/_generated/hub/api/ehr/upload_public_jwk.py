from typing import Any
from urllib.parse import quote

from ...models.upload_jwk_request import UploadJWKRequest


def build_request(
    user_name: str,
    *,
    body: UploadJWKRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/ehr/jwks/{user_name}".format(
            user_name=quote(str(user_name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
