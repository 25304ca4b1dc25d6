from typing import Any
from urllib.parse import quote

from ...models.certificate_request import CertificateRequest


def build_request(
    compute_id: str,
    *,
    body: CertificateRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/compute/{compute_id}/certificate".format(
            compute_id=quote(str(compute_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs
