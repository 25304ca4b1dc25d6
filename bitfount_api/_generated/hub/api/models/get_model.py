from typing import Any

from ...types import UNSET, Unset


def build_request(
    *,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["modellerName"] = modeller_name

    params["modelName"] = model_name

    params["modelVersion"] = model_version

    params["projectId"] = project_id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/models",
        "params": params,
    }

    return _kwargs
