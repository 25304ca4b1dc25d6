from typing import Any
from urllib.parse import quote

from ...models.archive_pod_request import ArchivePodRequest


def build_request(
    user_name: str,
    pod_name: str,
    *,
    body: ArchivePodRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/pods/{user_name}/{pod_name}".format(
            user_name=quote(str(user_name), safe=""),
            pod_name=quote(str(pod_name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
