"""Pods: show them, register them, and keep them online."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from starlette.routing import Route

from bitfount_api.sandbox.services.computes import check_address, check_cluster
from bitfount_api.sandbox.services.http import (
    NotEmpty,
    PodName,
    Refusal,
    answer,
    body,
    caller,
    converted,
    own,
    query,
    state_of,
)
from bitfount_api.sandbox.services.uploads import Multipart, destination
from bitfount_api.sandbox.state import public_keys

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.pods import Pod
    from bitfount_api.sandbox.state.state import State

MAX_SCHEMA_BYTES = 10 * 1024 * 1024
Count = Annotated[int, msgspec.Meta(ge=0)]
# SQLite's integers have 64 bits.
Records = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class FileProcessing(msgspec.Struct, rename="camel"):
    """Statistics on the processing of the files behind a pod's data."""

    total_files_found: int | UnsetType = UNSET
    total_files_successfully_processed: int | UnsetType = UNSET
    total_files_skipped: int | UnsetType = UNSET
    files_with_errors: int | UnsetType = UNSET
    skip_reasons: dict[str, int] | UnsetType = UNSET
    additional_metrics: dict[str, Any] | UnsetType = UNSET


class RegisterPod(msgspec.Struct, rename="camel"):
    """``POST /api/pods``."""

    name: PodName
    pod_display_name: str
    pod_public_key: str
    access_manager_public_key: str
    description: str
    schema_size: Count
    number_of_records: Records | None
    file_processing_metadata: FileProcessing | None = None


class Heartbeat(msgspec.Struct, rename="camel"):
    """``PATCH /api/pods`` with the names of pods."""

    names: list[PodName]
    pod_public_key: str


class Health(msgspec.Struct, omit_defaults=True):
    """Health of a dataset."""

    name: PodName
    status: Literal["healthy", "unhealthy", "unknown"]
    error_code: str | None = None
    message: str | None = None


class InstanceHeartbeat(msgspec.Struct, rename="camel"):
    """``PATCH /api/pods`` with the state of a compute instance."""

    instance_id: NotEmpty
    is_busy: bool
    is_ehr_configured: bool
    is_ehr_connected: bool
    cluster_id: NotEmpty | None = None
    private_ip_address: NotEmpty | None = None
    datasource_health: list[Health] | None = None


class Archive(msgspec.Struct):
    """``POST /api/pods/{userName}/{podName}``."""

    archive: bool


async def show(request: Request) -> Response:
    """Show a pod that the caller may see without a project."""
    state, user = state_of(request), caller(request)
    pod = state.pods.visible(user, request.path_params["owner"], request.path_params["name"])
    return _details(state, pod)


async def show_in_project(request: Request) -> Response:
    """Show a pod that the caller may see through a project."""
    state, user = state_of(request), caller(request)
    project = request.path_params["project"]
    owner, name = request.path_params["owner"], request.path_params["name"]
    if state.projects.role(project, user) is None:
        raise Refusal(404, "There is no such project")
    listed = state.projects.has_pod(project, owner, name)
    return _details(state, state.pods.get(owner, name) if listed else None)


def _details(state: State, pod: Pod | None) -> Response:
    if pod is None:
        raise Refusal(404, "There is no such pod")
    details = {
        "podIdentifier": pod.identifier,
        "podName": pod.name,
        "podDisplayName": pod.display_name,
        "podPublicKey": pod.public_key,
        "accessManagerPublicKey": pod.access_manager_key,
        "description": pod.description,
        "schemaStorageKey": pod.schema_key,
        "isOnline": pod.online,
        "providerUserName": pod.owner,
        "visibility": pod.visibility,
    }
    url = state.link(pod.schema_key)
    return answer(details if url is None else {**details, "schemaDownloadUrl": url})


async def register(request: Request) -> Response:
    """Register or update one of the caller's pods."""
    state, user = state_of(request), caller(request)
    multipart = query(request, Multipart)
    data: RegisterPod = await body(request, RegisterPod)
    if data.schema_size > MAX_SCHEMA_BYTES:
        raise Refusal(413, f"The schema has more than {MAX_SCHEMA_BYTES} bytes")
    for key in (data.pod_public_key, data.access_manager_public_key):
        _check_key(key)
    files = data.file_processing_metadata
    existed = state.pods.register(
        user,
        data.name,
        display_name=data.pod_display_name,
        description=data.description,
        public_key=data.pod_public_key,
        access_manager_key=data.access_manager_public_key,
        number_of_records=data.number_of_records,
        schema_size=data.schema_size,
        files=None if files is None else msgspec.to_builtins(files),
    )
    pod = state.pods.get(user, data.name)
    assert pod is not None
    registration = {
        "success": True,
        "alreadyExisted": existed,
        "message": "updated" if existed else "registered",
        **destination(
            state,
            user,
            "Schema",
            pod.schema_key,
            data.schema_size,
            multipart=multipart.supported,
        ),
    }
    return answer(registration, 200 if existed else 201)


async def heartbeat(request: Request) -> Response:
    """Keep the caller's pods online."""
    state, user = state_of(request), caller(request)
    sent: dict[str, Any] = await body(request, dict[str, Any])
    if "instanceId" in sent:
        return _instance_heartbeat(state, user, converted(sent, InstanceHeartbeat))
    data = converted(sent, Heartbeat)
    _check_key(data.pod_public_key)
    unknown = state.pods.record_heartbeat(user, data.names, data.pod_public_key)
    if unknown:
        raise Refusal(404, f"{user} has no pod named {', '.join(unknown)} with that key")
    return answer({"success": True})


def _instance_heartbeat(state: State, user: str, data: InstanceHeartbeat) -> Response:
    if data.datasource_health is not None and not data.datasource_health:
        raise Refusal(400, "datasourceHealth must name a dataset, or be left out")
    check_address(data.private_ip_address)
    check_cluster(state, user, data.cluster_id)
    with state.database.transaction():
        unknown = state.pods.record_health(user, _health(state, user, data))
        if unknown:
            raise Refusal(404, f"{user} has no pod named {', '.join(unknown)}")
        instance = state.computes.see(
            user,
            data.instance_id,
            cluster=data.cluster_id,
            private_ip_address=data.private_ip_address,
            busy=data.is_busy,
            ehr_configured=data.is_ehr_configured,
            ehr_connected=data.is_ehr_connected,
        )
    return answer(instance.registration)


def _health(state: State, user: str, data: InstanceHeartbeat) -> dict[str, dict[str, str] | None]:
    """Return the health of each dataset; without a report, all of the cluster's are healthy."""
    if data.datasource_health is not None:
        return {
            health.name: {
                name: value for name, value in msgspec.to_builtins(health).items() if name != "name"
            }
            for health in data.datasource_health
        }
    datasets = (
        state.datasets.of(user)
        if data.cluster_id is None
        else state.clusters.datasets(data.cluster_id)
    )
    names = (dataset.identifier.partition("/")[2] for dataset in datasets)
    return dict.fromkeys(name for name in names if state.pods.get(user, name) is not None)


async def archive(request: Request) -> Response:
    """Archive one of the caller's pods; archiving it again changes nothing."""
    state, user = state_of(request), own(request, "archive their own pods")
    data: Archive = await body(request, Archive)
    if not data.archive:
        raise Refusal(422, "archive must be true: register the pod again to restore it")
    if not state.pods.archive(user, request.path_params["name"]):
        raise Refusal(404, "There is no such pod")
    return answer({"success": True})


async def configuration(request: Request) -> Response:
    """Show the configuration of one of the caller's datasets."""
    state, user = state_of(request), own(request, "read the configurations of their own datasets")
    try:
        found = state.datasets.configuration(user, request.path_params["name"])
    except KeyError:
        raise Refusal(404, "There is no such dataset") from None
    return answer({"configuration": found})


def _check_key(text: str) -> None:
    try:
        public_keys.load(text)
    except ValueError as error:
        raise Refusal(422, f"A public key is not valid: {error}") from None


ROUTES = [
    Route("/api/pods", register, methods=["POST"]),
    Route("/api/pods", heartbeat, methods=["PATCH"]),
    Route("/api/pods/{owner}/{name}", show, methods=["GET"]),
    Route("/api/pods/{owner}/{name}", archive, methods=["POST"]),
    Route("/api/pods/{owner}/{name}/configuration", configuration, methods=["GET"]),
    Route("/api/projects/{project}/pods/{owner}/{name}", show_in_project, methods=["GET"]),
]
