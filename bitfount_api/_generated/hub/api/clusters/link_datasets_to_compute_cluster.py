from typing import Any
from urllib.parse import quote

from ...models.link_datasets_request import LinkDatasetsRequest


def build_request(
    cluster_id: str,
    *,
    body: LinkDatasetsRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/compute-clusters/{cluster_id}/datasets".format(
            cluster_id=quote(str(cluster_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
