from typing import Any

from ...models.weights_upload_request import WeightsUploadRequest
from ...types import UNSET, Unset


def build_request(
    *,
    body: WeightsUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["multipartUpload"] = multipart_upload

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/models",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
