from typing import Any
from urllib.parse import quote


def build_request(
    project_id: str,
    owner: str,
    model: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/projects/{project_id}/limits/models/{owner}/{model}".format(
            project_id=quote(str(project_id), safe=""),
            owner=quote(str(owner), safe=""),
            model=quote(str(model), safe=""),
        ),
    }

    return _kwargs
