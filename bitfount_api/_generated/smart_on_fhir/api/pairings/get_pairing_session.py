from typing import Any
from urllib.parse import quote


def build_request(
    id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/pairings/{id}/session".format(
            id=quote(str(id), safe=""),
        ),
    }

    return _kwargs
