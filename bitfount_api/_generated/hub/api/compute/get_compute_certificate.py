from typing import Any
from urllib.parse import quote


def build_request(
    compute_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/compute/{compute_id}/certificate".format(
            compute_id=quote(str(compute_id), safe=""),
        ),
    }

    return _kwargs
