"""Register pods with their schema."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
from bitfount_hub_client.api.pods import register_pod as _register_pod
from bitfount_hub_client.models import FileProcessingMetadata, RegisterPodRequest
from bitfount_hub_client.types import UNSET

from bitfount_api import config, types
from bitfount_api._core import operations
from bitfount_api._core.effects import run_in_thread
from bitfount_api._internal.plain_values import plain_json
from bitfount_api._internal.validation import check_encodable, quote
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

_logger = logging.getLogger(__name__)

_SCHEMA_FILE_NAME = "bitfount_file"
_NEEDED = ("name", "display_name", "description", "schema", "number_of_records")


def register_pod(
    hub: ServiceClient,
    metadata: types.PodPublicMetadata,
    pod_public_key: RSAPublicKey,
    access_manager_key: RSAPublicKey,
    file_processing_metadata: types.FileProcessingMetadata | None,
    options: TransferOptions,
) -> Flow[None]:
    """Register a pod, then upload its schema.

    Raises:
        TypeError: The metadata is not a ``PodPublicMetadata``. Nothing was sent.
        SchemaUploadError: The schema is over 10 MiB as msgpack, or not serializable. Nothing was
            sent.
        HTTPError: The Hub or object storage refused the request.
    """
    _check_metadata(metadata)
    packed = yield from run_in_thread(_packed_schema, metadata)
    processing: FileProcessingMetadata | Any = UNSET
    if file_processing_metadata is not None:
        try:
            plain = plain_json(file_processing_metadata)
            msgspec.convert(plain, types.FileProcessingMetadata)
        except ValueError as error:  # msgspec's is one, too
            raise ValueError(f"file_processing_metadata is not valid: {error}") from None
        processing = FileProcessingMetadata.from_dict(plain)
    request = _register_pod.build_request(
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
    try:
        packed = pack(metadata.schema)
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
