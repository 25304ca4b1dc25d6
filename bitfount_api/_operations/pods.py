"""The details and public keys of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api._core.responses import check_status
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.pods import get_pod as _get_pod
from bitfount_api._generated.hub.api.pods import get_project_pod as _get_project_pod
from bitfount_api._generated.types.hub import PodDetails
from bitfount_api._internal.logs import get_logger
from bitfount_api.exceptions import (
    HTTPError,
    InvalidJSONError,
    PodDoesNotExistError,
    RequestException,
)
from bitfount_api.identifiers import PodIdentifier, path_part, pod_name, user_name

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


def get_pod(
    hub: ServiceClient, pod: PodIdentifier, project_id: str | None
) -> Flow[PodDetails | None]:
    """Return the pod's details, or log a warning and return None if they cannot be retrieved."""
    try:
        return (yield from retrieve(hub, pod, project_id))
    except InvalidJSONError:
        raise
    except RequestException as error:
        _logger.warning("Pod %s could not be retrieved: %s", pod, error)
        return None


def get_pod_key(hub: ServiceClient, pod: PodIdentifier, project_id: str | None) -> Flow[str | None]:
    """Return the pod's public key as the Hub returns it, or None if there is no key."""
    details = yield from get_pod(hub, pod, project_id)
    if details is None:
        return None
    key = details.get("podPublicKey")
    if not key:
        _logger.warning("Pod %s has no public key", pod)
        return None
    return key


def retrieve(hub: ServiceClient, pod: PodIdentifier, project_id: str | None) -> Flow[PodDetails]:
    """Return the pod's details.

    Raises:
        PodDoesNotExistError: The pod does not exist, or is not visible with these credentials.
        RequestException: The details cannot be retrieved for another reason.
    """
    # The caller's own pods are visible without a project, whether or not they belong to one.
    if project_id is None or pod.namespace == (yield from hub.get_username()):
        operation = operations.GET_POD
        request = _get_pod.build_request(pod.namespace, pod.name)
    else:
        operation = operations.GET_PROJECT_POD
        project_id = path_part(project_id, "project id")
        request = _get_project_pod.build_request(project_id, pod.namespace, pod.name)
    try:
        return (yield from hub.get_json(operation, request, PodDetails))
    except HTTPError as error:
        if error.status_code != 404:
            raise
        raise _no_such_pod(error) from None


def archive(hub: ServiceClient, name: str) -> Flow[None]:
    """Archive a pod of the caller.

    Raises:
        HTTPError: The Hub refused the request.
    """
    # Imported here, so that get_pod does not wait for the model.
    from bitfount_api._generated.hub.api.pods import archive_pod as _archive_pod
    from bitfount_api._generated.hub.models import ArchivePodRequest

    name = pod_name(name)
    request = _archive_pod.build_request(
        user_name((yield from hub.get_username())), name, body=ArchivePodRequest(archive=True)
    )
    operation = operations.ARCHIVE_POD
    check_status((yield from hub.send(operation, request)), operation, hub.service)
    _logger.info("Pod %s is archived", name)


def _no_such_pod(refusal: HTTPError) -> PodDoesNotExistError:
    return PodDoesNotExistError(
        str(refusal),
        status_code=refusal.status_code,
        request_id=refusal.request_id,
        response=refusal.response,
        advice=refusal.advice,
        operation=refusal.operation,
        url=refusal.url,
        request=refusal.request,
    )
