from typing import Any
from urllib.parse import quote


def build_request(
    user_name: str,
    pod_name: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/pods/{user_name}/{pod_name}/configuration".format(
            user_name=quote(str(user_name), safe=""),
            pod_name=quote(str(pod_name), safe=""),
        ),
    }

    return _kwargs
