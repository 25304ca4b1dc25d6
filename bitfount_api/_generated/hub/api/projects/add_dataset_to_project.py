from typing import Any
from urllib.parse import quote

from ...models.dataset_reference import DatasetReference


def build_request(
    project_id: str,
    *,
    body: list[DatasetReference],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/projects/{project_id}/pod".format(
            project_id=quote(str(project_id), safe=""),
        ),
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item = body_item_data.to_dict()
        _kwargs["json"].append(body_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
