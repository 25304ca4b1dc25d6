from typing import Any


def build_request() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/access-manager-key",
    }

    return _kwargs
