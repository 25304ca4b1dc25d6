from typing import Any
from urllib.parse import quote


def build_request(
    project_id: str,
    user_name: str,
    pod_name: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/projects/{project_id}/pods/{user_name}/{pod_name}".format(
            project_id=quote(str(project_id), safe=""),
            user_name=quote(str(user_name), safe=""),
            pod_name=quote(str(pod_name), safe=""),
        ),
    }

    return _kwargs
