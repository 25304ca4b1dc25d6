"""Projects, their datasets, and their usage limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import types
from bitfount_api._core.responses import check_status, parse_json
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.projects import (
    add_dataset_to_project as _add_dataset_to_project,
)
from bitfount_api._generated.hub.api.projects import create_project as _create_project
from bitfount_api._generated.hub.api.projects import (
    get_model_usage_limits as _get_model_usage_limits,
)
from bitfount_api._generated.hub.api.projects import get_project as _get_project
from bitfount_api._generated.hub.api.projects import get_projects as _get_projects
from bitfount_api._generated.hub.api.projects import get_usage_limits as _get_usage_limits
from bitfount_api._generated.hub.models import (
    CreateProjectRequest,
    CreateProjectRequestMetadata,
    DatasetReference,
)
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.validation import non_empty_text, number_of_text, whole_number
from bitfount_api.exceptions import BitfountError, InvalidJSONError
from bitfount_api.identifiers import ModelIdentifier, path_part, pod_name

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


def create_project(hub: ServiceClient, name: str) -> Flow[str]:
    """Create a project and return its id.

    Raises:
        HTTPError: The Hub refused the request.
    """
    non_empty_text(name, "the project's name")
    request = _create_project.build_request(
        body=CreateProjectRequest(name=name, metadata=CreateProjectRequestMetadata())
    )
    answer = yield from hub.get_json(operations.CREATE_PROJECT, request, types.ProjectCreated)
    return answer["projectId"]


def get_project_name(hub: ServiceClient, project_id: str) -> Flow[str | None]:
    """Return a project's name, or log a warning and return None if it cannot be retrieved."""
    try:
        return (yield from retrieve_project_name(hub, project_id))
    except (BitfountError, ValueError) as error:
        _logger.warning("The name of project %r could not be retrieved: %s", project_id, error)
        return None


def retrieve_project_name(hub: ServiceClient, project_id: str) -> Flow[str]:
    """Return a project's name.

    Raises:
        HTTPError: The Hub refused the request.
        InvalidJSONError: The Hub returned no name.
    """
    operation = operations.GET_PROJECT
    request = _get_project.build_request(path_part(project_id, "project id"))
    response = yield from hub.send(operation, request)
    check_status(response, operation, hub.service)
    project = parse_json(response, operation, hub.service)
    # Only the name is needed: the rest of the response may be of any form.
    name = project.get("name") if isinstance(project, dict) else None
    if isinstance(name, str) and name:
        return name
    raise InvalidJSONError(
        f"{operation.name}: the Hub returned no name of project {project_id!r}",
        operation=operation.name,
    )


def get_projects(
    hub: ServiceClient, offset: int | None, limit: int | None
) -> Flow[types.ProjectsPage]:
    """Get one page of the caller's projects.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _get_projects.build_request(
        offset=UNSET if offset is None else whole_number(number_of_text(offset), "offset"),
        limit=UNSET if limit is None else whole_number(number_of_text(limit), "limit"),
    )
    return (yield from hub.get_json(operations.GET_PROJECTS, request, types.ProjectsPage))


def add_dataset(hub: ServiceClient, project_id: str, dataset_name: str) -> Flow[None]:
    """Add one of the caller's datasets to one of the caller's projects.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _add_dataset_to_project.build_request(
        path_part(project_id, "project id"),
        body=[DatasetReference(pod_name=pod_name(dataset_name, "dataset name"))],
    )
    operation = operations.ADD_DATASET_TO_PROJECT
    check_status((yield from hub.send(operation, request)), operation, hub.service)


def get_usage_limits(hub: ServiceClient, project_id: str) -> Flow[list[types.SimpleUsage]]:
    """Get the caller's usage of each model of a project.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _get_usage_limits.build_request(path_part(project_id, "project id"))
    return (yield from hub.get_json(operations.GET_USAGE_LIMITS, request, list[types.SimpleUsage]))


def get_model_usage_limits(
    hub: ServiceClient, project_id: str, model_id: str
) -> Flow[types.ProjectModelLimits]:
    """Get the usage of one model of a project, ``owner/ModelName:version``.

    Raises:
        HTTPError: The Hub refused the request.
    """
    model = ModelIdentifier.parse(model_id)
    request = _get_model_usage_limits.build_request(
        path_part(project_id, "project id"), model.owner, model.model
    )
    return (
        yield from hub.get_json(
            operations.GET_MODEL_USAGE_LIMITS, request, types.ProjectModelLimits
        )
    )


class Pages:
    """The state of reading a paginated list.

    Pages are offsets from the start of the list, so a project that is created meanwhile shifts the
    rest. Each project is still returned only once, and reading stops at the first page without
    new projects, so that a faulty list cannot go on forever.
    """

    def __init__(self, page_size: int) -> None:
        self.more = True
        self._page_size = whole_number(page_size, "page_size", 1)
        self._offset = 0
        self._seen: set[str] = set()

    def next_page(self, hub: ServiceClient) -> Flow[types.ProjectsPage]:
        """Request the next page."""
        return get_projects(hub, self._offset, self._page_size)

    def take(self, page: types.ProjectsPage) -> list[types.Project]:
        """Return the new projects of a page, and set ``more`` if there is another page."""
        news = [project for project in page["projects"] if project["id"] not in self._seen]
        self._seen.update(project["id"] for project in news)
        self._offset += len(page["projects"])
        self.more = bool(news) and self._offset < page["totalProjects"]
        return news
