"""Pods: registered, shown, kept online, and their schemas."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from bitfount_hub_client.api.pods import do_pod_heartbeat as _do_pod_heartbeat
from bitfount_hub_client.api.pods import get_pod as _get_pod
from bitfount_hub_client.api.pods import get_project_pod as _get_project_pod
from bitfount_hub_client.api.pods import register_pod as _register_pod
from bitfount_hub_client.models import (
    FileProcessingMetadata,
    HeartbeatRequest,
    RegisterPodRequest,
)
from bitfount_hub_client.types import UNSET

from bitfount_api import config, types
from bitfount_api._call import Work
from bitfount_api._decode import check_status, parse
from bitfount_api._files import Source
from bitfount_api._flows import operations
from bitfount_api._flows.downloads import fetch
from bitfount_api._flows.uploads import TransferOptions, upload
from bitfount_api.exceptions import InvalidJSONError, RequestException, SchemaUploadError
from bitfount_api.identifiers import PodIdentifier, path_part, pod_name
from bitfount_api.keys import serialize_public_key
from bitfount_api.schemas import BitfountSchema, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api._call import Flow
    from bitfount_api._flows.remote import Remote

_log = logging.getLogger(__name__)

_SCHEMA_FILE_NAME = "bitfount_file"


def get_pod(
    hub: Remote, pod: PodIdentifier, project_id: str | None
) -> Flow[types.PodDetails | None]:
    """The pod's details; None, and a warning in the log, when they cannot be retrieved."""
    try:
        return (yield from _retrieve(hub, pod, project_id))
    except InvalidJSONError:
        raise
    except RequestException as error:
        _log.warning("Pod %s could not be retrieved: %s", pod, error)
        return None


def get_pod_key(hub: Remote, pod: PodIdentifier, project_id: str | None) -> Flow[str | None]:
    """The pod's public key as the Hub gives it; None when there is none."""
    details = yield from get_pod(hub, pod, project_id)
    if details is None:
        return None
    key = details.get("podPublicKey")
    if not key:
        _log.warning("Pod %s has no public key", pod)
        return None
    return key


def get_pod_schema(hub: Remote, pod: PodIdentifier, project_id: str | None) -> Flow[BitfountSchema]:
    """The pod's schema, as it is stored.

    Raises:
        InvalidJSONError: The pod cannot be retrieved, it has no schema, or that is none.
        HTTPError: Object storage refused the schema.
    """
    operation = "get_pod_schema"
    try:
        details = yield from _retrieve(hub, pod, project_id)
    except InvalidJSONError:
        raise
    except RequestException as error:
        raise InvalidJSONError(
            f"{operation}: pod {pod} could not be retrieved: {error}", operation=operation
        ) from error
    url = details.get("schemaDownloadUrl")
    if not url:
        raise InvalidJSONError(
            f"{operation}: the Hub gives no schemaDownloadUrl for pod {pod}: its schema has not "
            "been uploaded, or these credentials may not see it",
            operation=operation,
        )
    packed = yield from fetch(hub, url, most=config.MAX_SCHEMA_BYTES)
    try:
        schema: BitfountSchema = yield Work(partial(BitfountSchema.unpack, packed))
    except ValueError as error:
        raise InvalidJSONError(
            f"{operation}: what is stored for pod {pod} is no schema: {error}", operation=operation
        ) from error
    return schema


def _retrieve(hub: Remote, pod: PodIdentifier, project_id: str | None) -> Flow[types.PodDetails]:
    # A pod of one's own is seen without going through a project, whether or not it is in one.
    if project_id is None or pod.namespace == hub.username:
        request = _get_pod._get_kwargs(pod.namespace, pod.name)
        return (yield from hub.ask_json(operations.GET_POD, request, types.PodDetails))
    request = _get_project_pod._get_kwargs(
        path_part(project_id, "project id"), pod.namespace, pod.name
    )
    return (yield from hub.ask_json(operations.GET_PROJECT_POD, request, types.PodDetails))


def register_pod(
    hub: Remote,
    metadata: types.PodPublicMetadata,
    pod_public_key: RSAPublicKey,
    access_manager_key: RSAPublicKey,
    file_processing_metadata: types.FileProcessingMetadata | None,
    options: TransferOptions,
) -> Flow[None]:
    """Make the pod known, then upload its schema.

    Raises:
        SchemaUploadError: The packed schema is over 10 MiB. Nothing was sent.
        HTTPError: The Hub, or object storage, refused.
    """
    packed: bytes = yield Work(partial(_packed_schema, metadata))
    processing: FileProcessingMetadata | Any = UNSET
    if file_processing_metadata is not None:
        processing = FileProcessingMetadata.from_dict(file_processing_metadata)
    request = _register_pod._get_kwargs(
        body=RegisterPodRequest(
            name=pod_name(metadata.name),
            pod_display_name=metadata.display_name,
            pod_public_key=serialize_public_key(pod_public_key, "SSH"),
            access_manager_public_key=serialize_public_key(access_manager_key, "SSH"),
            description=metadata.description,
            schema_size=len(packed),
            number_of_records=metadata.number_of_records,
            file_processing_metadata=processing,
        ),
        multipart_upload=in_parts(len(packed)),
    )
    operation = operations.REGISTER_POD
    answer = yield from hub.ask_to_take(operation, request, types.PodRegistration)
    existed = answer.get("alreadyExisted")
    _log.info("Pod %s is %s", metadata.name, "updated" if existed else "registered")
    yield from upload(
        hub,
        answer,
        Source.of_bytes(packed, _SCHEMA_FILE_NAME),
        object_type="Schema",
        options=options,
    )


def _packed_schema(metadata: types.PodPublicMetadata) -> bytes:
    try:
        packed = pack(metadata.schema)
    except (ValueError, TypeError) as error:
        raise SchemaUploadError(
            f"the schema of pod {metadata.name!r} cannot be packed: {error}"
        ) from error
    if len(packed) > config.MAX_SCHEMA_BYTES:
        raise SchemaUploadError(
            f"the schema of pod {metadata.name!r} has {len(packed):,} bytes packed; "
            f"the Hub takes {config.MAX_SCHEMA_BYTES:,} at most"
        )
    return packed


def in_parts(size: int) -> Literal[True] | Any:
    """The query parameter that lets the Hub answer with an upload in parts."""
    return True if size >= config.MULTIPART_THRESHOLD_BYTES else UNSET


def do_pod_heartbeat(hub: Remote, pod_names: Sequence[str], key: RSAPublicKey) -> Flow[None]:
    """Say that these pods are online.

    Raises:
        HTTPError: The Hub refused.
    """
    if isinstance(pod_names, str):
        raise ValueError("pod_names must be a list of names, not one text")
    request = _do_pod_heartbeat._get_kwargs(
        body=HeartbeatRequest(
            names=[pod_name(name) for name in pod_names],
            pod_public_key=serialize_public_key(key, "SSH"),
        )
    )
    operation = operations.DO_POD_HEARTBEAT
    response = yield from hub.ask(operation, request)
    check_status(response, operation, hub.service)
    try:
        parse(response, operation, hub.service)
    except InvalidJSONError as error:
        _log.warning("The heartbeat was taken, but its answer is odd: %s", error)
