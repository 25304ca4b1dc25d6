from typing import Any
from urllib.parse import quote


def build_request(
    project_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/projects/{project_id}/limits".format(
            project_id=quote(str(project_id), safe=""),
        ),
    }

    return _kwargs
