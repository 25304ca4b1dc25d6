"""Register pods with their schema and the results of processing their files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import attrs

from bitfount_api import config, types
from bitfount_api._core.effects import run_in_thread
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.pods import register_pod as _register_pod
from bitfount_api._generated.hub.models import (
    FileProcessingMetadataAdditionalMetrics,
    FileProcessingMetadataSkipReasons,
    FileProcessingMetadataType0,
    RegisterPodRequest,
)
from bitfount_api._generated.hub.types import UNSET, Unset
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.plain_values import json_of_shape
from bitfount_api._internal.registered_schemas import complete, document_of
from bitfount_api._internal.validation import check_encodable, quote
from bitfount_api._operations.other_fields import with_other_fields
from bitfount_api._operations.uploads import multipart, upload
from bitfount_api._transfer.request_bodies import Source
from bitfount_api.exceptions import SchemaUploadError
from bitfount_api.identifiers import pod_name
from bitfount_api.keys import serialize_public_key
from bitfount_api.schemas import pack

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api.transfers import TransferOptions

_logger = get_logger(__name__)

_SCHEMA_FILE_NAME = "bitfount_file"
_NEEDED = ("name", "display_name", "description", "schema", "number_of_records")


class _FileResults(TypedDict):
    """The JSON of the results of processing files."""

    totalFilesFound: NotRequired[int | None]
    totalFilesSuccessfullyProcessed: NotRequired[int | None]
    totalFilesSkipped: NotRequired[int | None]
    filesWithErrors: NotRequired[int | None]
    skipReasons: NotRequired[dict[str, int] | None]
    additionalMetrics: NotRequired[dict[str, Any] | None]


_FILE_RESULTS: Final = {
    field.name: re.sub("_(.)", lambda letter: letter[1].upper(), field.name)
    for field in attrs.fields(types.FileProcessingMetadata)
}
"""The names of the JSON's fields by those of the attributes."""


def register_pod(
    hub: ServiceClient,
    metadata: types.PodPublicMetadata,
    pod_public_key: RSAPublicKey,
    access_manager_key: RSAPublicKey,
    file_processing_metadata: types.FileProcessingMetadata | Mapping[str, Any] | None,
    options: TransferOptions,
) -> Flow[None]:
    """Register a pod, then upload its schema.

    Raises:
        TypeError: The metadata is not a ``PodPublicMetadata``, or its schema is an object of the
            official SDK that has no document. Nothing was sent.
        ValueError: The results of processing files are given twice, or not valid. Nothing was sent.
        SchemaUploadError: The schema is over 10 MiB as msgpack, or not serializable. Nothing was
            sent.
        HTTPError: The Hub or object storage refused the request.
    """
    _check_metadata(metadata)
    packed = yield from run_in_thread(_packed_schema, metadata)
    # Version 5.x of the official SDK has metadata without this attribute.
    of_pod = getattr(metadata, "file_processing_metadata", None)
    if of_pod is not None and file_processing_metadata is not None:
        raise ValueError("file_processing_metadata is given twice: also in public_metadata")
    results = file_processing_metadata if of_pod is None else of_pod
    request = _register_pod.build_request(
        body=RegisterPodRequest(
            name=pod_name(metadata.name),
            pod_display_name=metadata.display_name,
            pod_public_key=serialize_public_key(pod_public_key, "SSH"),
            access_manager_public_key=serialize_public_key(access_manager_key, "SSH"),
            description=metadata.description,
            schema_size=len(packed),
            number_of_records=metadata.number_of_records,
            file_processing_metadata=UNSET if results is None else _file_results(results),
        ),
        multipart_upload=multipart(len(packed)),
    )
    operation = operations.REGISTER_POD
    answer = yield from hub.submit(operation, request, types.PodRegistration)
    existed = answer.get("alreadyExisted")
    _logger.info("Pod %s is %s", metadata.name, "updated" if existed else "registered")
    yield from upload(
        hub,
        answer,
        Source.from_bytes(packed, _SCHEMA_FILE_NAME),
        object_type="Schema",
        options=options,
    )


def _check_metadata(metadata: types.PodPublicMetadata) -> None:
    """Check the metadata; the official SDK's own has the same attributes.

    Raises:
        TypeError: It is something else.
        ValueError: A text cannot be encoded.
    """
    if not all(hasattr(metadata, name) for name in _NEEDED):
        raise TypeError(
            "public_metadata must be a bitfount_api.PodPublicMetadata, not a "
            f"{type(metadata).__name__}"
        )
    check_encodable("the display name", metadata.display_name)
    check_encodable("the description", metadata.description)


def _packed_schema(metadata: types.PodPublicMetadata) -> bytes:
    document = document_of(metadata.schema)
    try:
        packed = pack(complete(document, metadata.name))
    except (ValueError, TypeError) as error:
        raise SchemaUploadError(
            f"the schema of pod {quote(metadata.name)} cannot be serialized: {error}"
        ) from error
    if len(packed) > config.MAX_SCHEMA_BYTES:
        raise SchemaUploadError(
            f"the schema of pod {quote(metadata.name)} has {len(packed):,} bytes as msgpack; "
            f"the Hub accepts {config.MAX_SCHEMA_BYTES:,} at most"
        )
    return packed


def _file_results(
    given: types.FileProcessingMetadata | Mapping[str, Any],
) -> FileProcessingMetadataType0:
    """Return the JSON of a value, a mapping with the JSON's names, or an SDK's own value."""
    fields: Any = given
    if not isinstance(given, Mapping):
        found = attrs.asdict(given, recurse=False) if attrs.has(type(given)) else None
        found = getattr(given, "__dict__", None) if found is None else found
        if found is not None:
            fields = {_FILE_RESULTS.get(name, name): value for name, value in found.items()}
    problem = "file_processing_metadata is not valid"
    plain: _FileResults = json_of_shape(fields, _FileResults, problem)
    if unknown := sorted(plain.keys() - _FILE_RESULTS.values()):
        raise ValueError(
            f"file_processing_metadata has unknown fields: {', '.join(map(repr, unknown))}; "
            f"the known ones are {', '.join(_FILE_RESULTS.values())}"
        )
    reasons, metrics = plain.get("skipReasons"), plain.get("additionalMetrics")
    return FileProcessingMetadataType0(
        total_files_found=_or_unset(plain.get("totalFilesFound")),
        total_files_successfully_processed=_or_unset(plain.get("totalFilesSuccessfullyProcessed")),
        total_files_skipped=_or_unset(plain.get("totalFilesSkipped")),
        files_with_errors=_or_unset(plain.get("filesWithErrors")),
        skip_reasons=UNSET
        if reasons is None
        else with_other_fields(FileProcessingMetadataSkipReasons(), reasons),
        additional_metrics=UNSET
        if metrics is None
        else with_other_fields(FileProcessingMetadataAdditionalMetrics(), metrics),
    )


def _or_unset(count: int | None) -> int | Unset:
    return UNSET if count is None else count
