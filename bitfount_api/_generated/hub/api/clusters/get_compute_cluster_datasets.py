from typing import Any
from urllib.parse import quote


def build_request(
    cluster_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/compute-clusters/{cluster_id}/datasets".format(
            cluster_id=quote(str(cluster_id), safe=""),
        ),
    }

    return _kwargs
