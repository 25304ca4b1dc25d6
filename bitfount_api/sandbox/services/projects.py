"""Projects: create and list them, add datasets, and show the usage of their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.http import (
    Digits,
    NotEmpty,
    PodName,
    Refusal,
    answer,
    body,
    caller,
    query,
    state_of,
)
from bitfount_api.sandbox.state.projects import CUSTODIAN, OWNER
from bitfount_api.sandbox.state.tokens import subject

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.pods import Pod
    from bitfount_api.sandbox.state.projects import Project, Usage
    from bitfount_api.sandbox.state.state import State

MAX_PAGE = 100
"""The maximum number of projects on a page, regardless of the requested number."""

NO_PROJECT = "There is no such project"

# SQLite's integers have 64 bits; larger offsets give an empty page as well.
_MAX_OFFSET = 2**62


class Page(msgspec.Struct):
    """``GET /api/projects``."""

    limit: Digits = "12"
    offset: Digits = "0"


class CreateProject(msgspec.Struct):
    """``POST /api/projects``."""

    name: NotEmpty
    metadata: dict[str, Any]


class Dataset(msgspec.Struct, rename="camel"):
    """One item of ``PUT /api/projects/{projectId}/pod``."""

    pod_name: PodName


Datasets = Annotated[list[Dataset], msgspec.Meta(min_length=1)]


async def page(request: Request) -> Response:
    """List a page of the caller's projects."""
    state, user = state_of(request), caller(request)
    params = query(request, Page)
    limit, offset = min(int(params.limit), MAX_PAGE), min(int(params.offset), _MAX_OFFSET)
    projects = state.projects.page(user, offset, limit)
    return answer(
        {
            "totalProjects": state.projects.count(user),
            "projects": [_details(state, project) for project in projects],
        }
    )


async def show(request: Request) -> Response:
    """Show a project to its members."""
    state, user = state_of(request), caller(request)
    project = state.projects.get(request.path_params["project"], user)
    if project is None:
        raise Refusal(404, NO_PROJECT)
    return answer(_details(state, project))


def _details(state: State, project: Project) -> dict[str, Any]:
    pods = [state.pods.get(owner, name) for owner, name in state.projects.pods(project.id)]
    linked = [_linked(pod) for pod in pods if pod is not None]
    return {
        "id": project.id,
        "name": project.name,
        "role": project.role,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "status": project.status,
        "isDemo": bool(project.demo),
        "linked_datasets": linked,
        "linked_datasets_count": len(linked),
    }


def _linked(pod: Pod) -> dict[str, Any]:
    return {
        "ownerId": subject(pod.owner),
        "ownerUsername": pod.owner,
        "name": pod.name,
        "podDisplayName": pod.display_name,
        "lastOnline": pod.last_online,
    }


async def create(request: Request) -> Response:
    """Create a project owned by the caller."""
    state, user = state_of(request), caller(request)
    data: CreateProject = await body(request, CreateProject)
    return answer({"projectId": state.projects.create(user, data.name, data.metadata)}, 201)


async def add_pods(request: Request) -> Response:
    """Add some of the caller's datasets to a project."""
    state, user = state_of(request), caller(request)
    data: list[Dataset] = await body(request, Datasets)
    project = request.path_params["project"]
    if _role(state, project, user) not in (OWNER, CUSTODIAN):
        raise Refusal(403, "Only the owner and custodians of a project may add datasets to it")
    names = [dataset.pod_name for dataset in data]
    for name in names:
        if state.pods.get(user, name) is None:
            raise Refusal(404, f"{user} has no pod {name}")
    return answer({"success": True}, 201 if state.projects.add_pods(project, user, names) else 200)


async def limits(request: Request) -> Response:
    """Show the caller's usage of each of a project's models."""
    state, user = state_of(request), caller(request)
    project = request.path_params["project"]
    _role(state, project, user)
    return answer(
        [
            simple(usage)
            for owner, name, version, _ in state.projects.models(project)
            for usage in state.projects.usages(project, owner, name, version)
            if usage.username == user
        ]
    )


async def model_limits(request: Request) -> Response:
    """Show the usage of one model: of all members to the project's owner, else the caller's."""
    state, user = state_of(request), caller(request)
    project, owner = request.path_params["project"], request.path_params["owner"]
    role = _role(state, project, user)
    name, _, version = request.path_params["model"].rpartition(":")
    listed = [
        row
        for row in state.projects.models(project)
        if (row["owner"], row["name"]) == (owner, name)
        and version in ("latest", str(row["version"]))
    ]
    if not listed:
        raise Refusal(404, "There is no such model in the project")
    newest = listed[-1]
    usages = state.projects.usages(project, owner, name, newest["version"])
    shown = [usage for usage in usages if role == OWNER or usage.username == user]
    return answer(
        {
            "default": newest["default_limit"],
            "totalGrantees": len(usages),
            "usage": [
                {**simple(usage), "granteeUsername": usage.username, "role": usage.role}
                for usage in shown
            ],
        }
    )


def simple(usage: Usage) -> dict[str, Any]:
    """Return a usage in the services' format."""
    return {
        "resourceType": "MODEL_INFERENCE",
        "resourceName": usage.resource,
        "limit": usage.limit,
        "totalUsage": usage.used,
    }


def _role(state: State, project: str, user: str) -> str:
    role = state.projects.role(project, user)
    if role is None:
        # Users who are not members must not learn whether the project exists.
        raise Refusal(404, NO_PROJECT)
    return role


ROUTES = [
    Route("/api/projects", page, methods=["GET"]),
    Route("/api/projects", create, methods=["POST"]),
    Route("/api/projects/{project}", show, methods=["GET"]),
    Route("/api/projects/{project}/pod", add_pods, methods=["PUT"]),
    Route("/api/projects/{project}/limits", limits, methods=["GET"]),
    Route("/api/projects/{project}/limits/models/{owner}/{model}", model_limits, methods=["GET"]),
]
