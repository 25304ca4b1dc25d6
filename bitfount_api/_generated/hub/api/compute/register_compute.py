from typing import Any
from urllib.parse import quote

from ...models.register_compute_request import RegisterComputeRequest


def build_request(
    instance_id: str,
    *,
    body: RegisterComputeRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/compute/instances/{instance_id}".format(
            instance_id=quote(str(instance_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
