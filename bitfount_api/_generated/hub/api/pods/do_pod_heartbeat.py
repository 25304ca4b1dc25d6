from typing import Any

from ...models.heartbeat_request import HeartbeatRequest
from ...models.instance_heartbeat_request import InstanceHeartbeatRequest


def build_request(
    *,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/pods",
    }

    if isinstance(body, HeartbeatRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
