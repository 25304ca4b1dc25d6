from typing import Any
from urllib.parse import quote


def build_request(
    user_name: str,
    key_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/{user_name}/keys/{key_id}".format(
            user_name=quote(str(user_name), safe=""),
            key_id=quote(str(key_id), safe=""),
        ),
    }

    return _kwargs
