"""The services' JSON as ``TypedDict``s, and the value classes of the public API.

Names are those of the services, so that code written against their documentation runs unchanged. A
key that is not ``NotRequired`` is essential to the operation: without it, the response is an
:class:`~bitfount_api.exceptions.InvalidJSONError`. Services add fields over time: those stay in the
``dict`` although no ``TypedDict`` names them.

The imports from ``_wire`` are the table of the types that ``make generate`` makes from the schemas
of the same names in ``openapi/``. The other types have no schema, because no service sends them.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from bitfount_api._generated.types.access_manager import (
    AccessDecision,
    AccessLimit,
    AccessManagerKey,
    SerializedProtocol,
)
from bitfount_api._generated.types.hub import (
    ClusterCreated,
    ComputeCertificate,
    ComputeRegistration,
    DatasourceHealth,
    GranteeUsage,
    Heartbeat,
    JWKUpload,
    ModelDetails,
    ModelUpload,
    MonitorUpdate,
    PodDataset,
    PodDatasetConfiguration,
    PodDatasetList,
    PodDetails,
    PodRegistration,
    ProgressUpdate,
    Project,
    ProjectCreated,
    ProjectDataset,
    ProjectModelLimits,
    ProjectsPage,
    PublicKeyDetails,
    RegisteredKey,
    RequestedCertificate,
    SimpleUsage,
)
from bitfount_api._generated.types.oauth import (
    DeviceCode,
    TokenGrant,
)
from bitfount_api._generated.types.smart_on_fhir import (
    NextGenContext,
    Pairing,
    PairingContext,
    PairingSession,
    PairingsPage,
)
from bitfount_api._internal.pydantic_fields import TokenField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = [
    "AccessCheckResult",
    "AccessDecision",
    "AccessLimit",
    "AccessManagerKey",
    "ActivePublicKey",
    "ClusterCreated",
    "ComputeCertificate",
    "ComputeRegistration",
    "DatasetWithConfiguration",
    "DatasourceHealth",
    "DeviceCode",
    "FileProcessingMetadata",
    "GranteeUsage",
    "Heartbeat",
    "JWKUpload",
    "ModelDetails",
    "ModelUpload",
    "MonitorUpdate",
    "NextGenContext",
    "Pairing",
    "PairingContext",
    "PairingSession",
    "PairingsPage",
    "PodDataset",
    "PodDatasetConfiguration",
    "PodDatasetList",
    "PodDetails",
    "PodPublicMetadata",
    "PodRegistration",
    "PodResponseType",
    "ProgressUpdate",
    "Project",
    "ProjectCreated",
    "ProjectDataset",
    "ProjectModelLimits",
    "ProjectsPage",
    "PublicKeyDetails",
    "RegisteredKey",
    "RequestedCertificate",
    "SMARTOnFHIRAccessToken",
    "SerializedProtocol",
    "SimpleUsage",
    "TokenGrant",
]


class ActivePublicKey(TypedDict):
    """A registered and active key of a user, loaded."""

    public_key: RSAPublicKey
    id: str | int
    active: bool


class DatasetWithConfiguration(PodDataset):
    """A linked dataset together with its configuration."""

    configuration: dict[str, Any]


class PodResponseType(str, enum.Enum):  # noqa: UP042 - str() of a StrEnum's member is its value
    """The response of a pod, or of the access manager for it, to a modeller's request.

    Members are also text, so that ``json.dumps`` writes them.
    """

    ACCEPT = "ACCEPT"
    NO_ACCESS = "NO_ACCESS"
    INVALID_PROOF_OF_IDENTITY = "INVALID_PROOF_OF_IDENTITY"
    UNAUTHORISED = "UNAUTHORISED"
    NO_PROOF_OF_IDENTITY = "NO_PROOF_OF_IDENTITY"
    NO_DATA = "NO_DATA"
    INCOMPATIBLE_DATASOURCE = "INCOMPATIBLE_DATASOURCE"
    TASK_SETUP_ERROR = "TASK_SETUP_ERROR"
    TASK_TIMEOUT = "TASK_TIMEOUT"
    MISSING_EHR_CONNECTION = "MISSING_EHR_CONNECTION"
    DATASOURCE_INACCESSIBLE = "DATASOURCE_INACCESSIBLE"


class AccessCheckResult(TypedDict):
    """The access manager's decision; an absent or unknown code is ``NO_ACCESS``."""

    response_type: PodResponseType
    limits: list[AccessLimit] | None


@attrs.define
class FileProcessingMetadata:
    """The results of processing the files of a pod's data. What is None is not sent.

    Args:
        total_files_found: The number of files.
        total_files_successfully_processed: The number of files that became part of the data.
        total_files_skipped: The number of files that were left out.
        files_with_errors: The number of files that could not be processed.
        skip_reasons: The number of skipped files by reason.
        additional_metrics: Other results, by name; values that JSON has.
    """

    total_files_found: int | None = None
    total_files_successfully_processed: int | None = None
    total_files_skipped: int | None = None
    files_with_errors: int | None = None
    skip_reasons: Mapping[str, int] | None = None
    additional_metrics: Mapping[str, Any] | None = None


@attrs.define
class PodPublicMetadata:
    """Data about the pod which is publicly visible on the Hub.

    Args:
        name: The pod's name, unique among its owner's pods.
        display_name: The name that people see.
        description: The contents of the pod, in a sentence or two.
        schema: The pod's schema as JSON, such as ``BitfountSchema.to_json()`` returns.
        number_of_records: The number of records in the pod, if it may be published.
        file_processing_metadata: The results of processing the files of the pod's data, if they
            may be published; or a mapping with the names of their JSON, such as
            ``{"totalFilesFound": 3}``.
    """

    name: str
    display_name: str
    description: str
    schema: Mapping[str, Any]
    number_of_records: int | None = None
    file_processing_metadata: FileProcessingMetadata | Mapping[str, Any] | None = None


@attrs.frozen
class SMARTOnFHIRAccessToken(TokenField):
    """A clinical access token, with its context.

    Args:
        token: The bearer token for the FHIR resource server. Not shown in the repr.
        valid_until: The expiry time as POSIX time in seconds; None if the service does not say.
        context: The NextGen context; None if there is no such context.
    """

    token: str = attrs.field(repr=False)
    valid_until: float | None = None
    context: NextGenContext | None = None


# The public place of the generated types: in their repr, when pickled, and in error messages.
for _name in __all__:
    globals()[_name].__module__ = __name__
