"""Download the schemas of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import config
from bitfount_api._core.effects import run_in_thread
from bitfount_api._operations.downloads import fetch
from bitfount_api._operations.pods import retrieve
from bitfount_api.exceptions import InvalidJSONError, RequestException, of_same_request
from bitfount_api.schemas import BitfountSchema

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api.identifiers import PodIdentifier


def get_pod_schema(
    hub: ServiceClient, pod: PodIdentifier, project_id: str | None
) -> Flow[BitfountSchema]:
    """Get a pod's schema from object storage.

    Raises:
        InvalidJSONError: The pod cannot be retrieved, or has no valid schema.
        HTTPError: Object storage refused the request.
    """
    operation = "get_pod_schema"
    try:
        details = yield from retrieve(hub, pod, project_id)
    except InvalidJSONError:
        raise
    except RequestException as error:
        # The documented API raises this error whenever the pod cannot be retrieved.
        text = f"{operation}: pod {pod} could not be retrieved: {error}"
        raise of_same_request(InvalidJSONError(text, operation=operation), error) from error
    url = details.get("schemaDownloadUrl")
    if not url:
        raise InvalidJSONError(
            f"{operation}: the Hub gives no URL of the schema of pod {pod}: it has not been "
            "uploaded, or these credentials may not see it",
            operation=operation,
        )
    packed = yield from fetch(hub, url, limit=config.MAX_SCHEMA_BYTES)
    try:
        return (yield from run_in_thread(BitfountSchema.unpack, packed))
    except ValueError as error:
        raise InvalidJSONError(
            f"{operation}: the stored schema of pod {pod} is not valid: {error}",
            operation=operation,
        ) from error
