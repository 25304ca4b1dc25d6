from typing import Any
from urllib.parse import quote

from ...models.register_key_request import RegisterKeyRequest
from ...types import UNSET


def build_request(
    user_name: str,
    *,
    body: RegisterKeyRequest,
    version: int,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["version"] = version

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/{user_name}/keys".format(
            user_name=quote(str(user_name), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
