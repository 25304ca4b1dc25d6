from typing import Any


def build_request() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/compute-clusters/datasets",
    }

    return _kwargs
