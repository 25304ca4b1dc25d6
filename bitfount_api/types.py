"""The services' JSON responses as ``TypedDict``s, and the value classes of the public API.

Names are those of the services, so that code written against their documentation runs unchanged. A
key that is not ``NotRequired`` is essential to the operation: without it, the response is an
:class:`~bitfount_api.exceptions.InvalidJSONError`. Services add fields over time: those stay in the
``dict`` although no ``TypedDict`` names them. Source: ``openapi/*.yaml``, whose response schemas
have the same names (a test compares the two).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import attrs

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


# --- The Hub -------------------------------------------------------------------------------------


class PodDetails(TypedDict):
    """``GET /api/pods/{userName}/{podName}``: a pod's details."""

    podIdentifier: str
    podName: str
    podDisplayName: NotRequired[str]
    podPublicKey: NotRequired[str | None]
    accessManagerPublicKey: NotRequired[str | None]
    description: NotRequired[str | None]
    schemaStorageKey: NotRequired[str | None]
    isOnline: NotRequired[bool]
    providerUserName: NotRequired[str]
    visibility: NotRequired[str]
    schemaDownloadUrl: NotRequired[str | None]


class Heartbeat(TypedDict):
    """``PATCH /api/pods``: the compute instance's id and domain, if it has them."""

    success: NotRequired[bool]
    computeId: NotRequired[str | None]
    domain: NotRequired[str | None]


class DatasourceHealth(TypedDict):
    """The state of a dataset in a heartbeat; ``status`` is healthy, unhealthy or unknown."""

    name: str
    status: NotRequired[str]
    error_code: NotRequired[str | None]
    message: NotRequired[str | None]


class PodDataset(TypedDict):
    """A dataset linked to the caller's compute: its pod, ``namespace/name``."""

    identifier: str
    configurationLastUpdated: NotRequired[str | None]


class PodDatasetList(TypedDict):
    """``GET /api/compute-clusters/datasets`` or ``…/{clusterId}/datasets``: linked datasets."""

    linkedDatasets: list[PodDataset]


class PodDatasetConfiguration(TypedDict):
    """``GET /api/pods/{userName}/{podName}/configuration``: how to open a pod's dataset."""

    configuration: NotRequired[dict[str, Any] | None]


class DatasetWithConfiguration(PodDataset):
    """A linked dataset together with its configuration."""

    configuration: dict[str, Any]


class _Upload(TypedDict):
    """The destination of an upload: one presigned form, or one presigned URL per part."""

    success: NotRequired[bool]
    alreadyExisted: NotRequired[bool]
    errorMessage: NotRequired[str | None]
    uploadUrl: NotRequired[str | None]
    uploadFields: NotRequired[dict[str, str] | None]
    uploadUrls: NotRequired[list[str] | None]
    chunkSize: NotRequired[int | None]
    uploadId: NotRequired[str | None]
    key: NotRequired[str | None]


class PodRegistration(_Upload):
    """``POST /api/pods``: the pod is registered; the destination of its schema."""

    message: NotRequired[str | None]


class ModelUpload(_Upload):
    """``POST /api/models`` and ``PUT /api/models``: the destination of code or weights."""

    version: NotRequired[int | None]


class ModelDetails(TypedDict):
    """``GET /api/models``: the presigned URLs of a model's code and weights."""

    modelDownloadUrl: NotRequired[str | None]
    modelHash: NotRequired[str | None]
    weightsDownloadUrl: NotRequired[str | None]
    modelVersion: NotRequired[int | None]


class RegisteredKey(TypedDict):
    """``POST /api/{userName}/keys``: the id of the registered key."""

    id: str | int


class PublicKeyDetails(TypedDict):
    """``GET /api/{userName}/keys/{keyId}``: a registered key, as PEM."""

    public_key: str
    id: str | int
    active: bool


class ActivePublicKey(TypedDict):
    """A registered and active key of a user, loaded."""

    public_key: RSAPublicKey
    id: str | int
    active: bool


class ProjectCreated(TypedDict):
    """``POST /api/projects``."""

    projectId: str


class Project(TypedDict):
    """One project, as its members see it.

    Without ``linked_datasets``, the project's datasets are unknown; an empty list means none.
    """

    id: str
    name: NotRequired[str]
    role: NotRequired[str]
    created_at: NotRequired[str]
    updated_at: NotRequired[str]
    status: NotRequired[str]
    isDemo: NotRequired[bool]
    linked_datasets: NotRequired[list[ProjectDataset] | None]
    linked_datasets_count: NotRequired[int | None]


class ProjectDataset(TypedDict):
    """A dataset of a project: the pod that holds it, and its owner."""

    ownerId: NotRequired[str | int]
    ownerUsername: NotRequired[str]
    name: NotRequired[str]
    podDisplayName: NotRequired[str | None]
    lastOnline: NotRequired[str | None]


class ProjectsPage(TypedDict):
    """``GET /api/projects``: one page of the caller's projects."""

    totalProjects: int
    projects: list[Project]


class SimpleUsage(TypedDict):
    """A project resource's usage and its limit."""

    resourceType: NotRequired[str]
    resourceName: str
    limit: NotRequired[int | None]
    totalUsage: int


class GranteeUsage(SimpleUsage):
    """A project member's usage of a resource."""

    granteeUsername: NotRequired[str]
    role: NotRequired[str]


class ProjectModelLimits(TypedDict):
    """``GET /api/projects/{projectId}/limits/models/{owner}/{model}``."""

    default: NotRequired[int | None]
    totalGrantees: NotRequired[int]
    usage: list[GranteeUsage]


class ComputeRegistration(TypedDict):
    """``PUT /api/compute/instances/{instanceId}``: the compute instance's id and domain."""

    computeId: str
    domain: NotRequired[str | None]


class RequestedCertificate(TypedDict):
    """``POST /api/compute/{computeId}/certificate``: the state of the requested certificate."""

    domain: NotRequired[str | None]
    status: str


class ComputeCertificate(TypedDict):
    """``GET /api/compute/{computeId}/certificate``: the certificate, once it is issued.

    ``expires`` is ISO 8601; the certificates are PEM.
    """

    domain: NotRequired[str | None]
    status: str
    certificatePem: NotRequired[str | None]
    caBundlePem: NotRequired[str | None]
    expires: NotRequired[str | None]


class ClusterCreated(TypedDict):
    """``POST /api/compute-clusters``: the id of the cluster."""

    id: NotRequired[str | int | None]


class JWKUpload(TypedDict):
    """``PUT /api/ehr/jwks/{userName}``: the URL of the published key set."""

    jwksUriWellKnown: str


class ProgressUpdate(TypedDict):
    """The progress of an activity, in ``unit``s."""

    value: float
    total: NotRequired[float | None]
    estimated_total: NotRequired[float | None]
    unit: NotRequired[str | None]


class MonitorUpdate(TypedDict):
    """``POST /api/ingest``: an update about a task for the monitor service.

    ``timestamp`` is ISO 8601; ``privacy`` is PRIVATE, MODELLER or ALL_PARTICIPANTS; ``type`` is
    open (TASK_CONFIG, TASK_STATUS_UPDATE, the names of messages).
    """

    taskId: str
    senderId: str
    recipientId: NotRequired[str | None]
    timestamp: str
    privacy: str
    type: str
    message: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    progress: NotRequired[dict[str, ProgressUpdate] | None]
    resourceUsage: NotRequired[dict[str, float] | None]


# --- The access manager --------------------------------------------------------------------------


class AccessManagerKey(TypedDict):
    """``GET /api/access-manager-key``."""

    accessManagerPublicKey: str


class AccessLimit(SimpleUsage):
    """A usage limit with the resource's download URLs, as the access manager returns it."""

    modelDownloadUrl: NotRequired[str | None]
    weightsDownloadUrl: NotRequired[str | None]


class AccessDecision(TypedDict):
    """``POST /api/access``: the response body."""

    code: NotRequired[str | None]
    limits: NotRequired[list[AccessLimit] | None]


class SerializedProtocol(TypedDict):
    """The protocol a modeller asks to run. Sent unchanged, with any further fields."""

    class_name: str
    algorithm: dict[str, Any] | list[dict[str, Any]]
    aggregator: NotRequired[dict[str, Any] | None]
    primary_results_path: NotRequired[str | None]


class PodResponseType(enum.Enum):
    """The response of a pod, or of the access manager for it, to a modeller's request."""

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


# --- SMART on FHIR -------------------------------------------------------------------------------


class NextGenContext(TypedDict):
    """The organisation that a session belongs to in a NextGen system."""

    enterpriseId: NotRequired[str | None]
    practiceId: NotRequired[str | None]
    locationId: NotRequired[str | None]
    providerId: NotRequired[str | None]


class Pairing(TypedDict):
    """A user's pairing with an EHR; ``state`` is ``initialised`` or ``paired``."""

    id: str
    state: str
    ownerUsername: NotRequired[str]
    createdAt: NotRequired[str]
    updatedAt: NotRequired[str]
    expiresAt: NotRequired[str]
    clientPublicKey: NotRequired[str | None]
    clientIpAddress: NotRequired[str | None]
    pairingCode: NotRequired[str]
    resourceServer: NotRequired[str]
    remoteUser: NotRequired[str | None]


class PairingsPage(TypedDict):
    """``GET /api/pairings``."""

    results: list[Pairing]


class _PairingContext(TypedDict):
    nextgen: NotRequired[NextGenContext | None]


class PairingSession(TypedDict):
    """``GET /api/pairings/{id}/session``."""

    type: NotRequired[str]
    accessToken: str
    context: NotRequired[_PairingContext | None]


# --- OAuth ---------------------------------------------------------------------------------------


class DeviceCode(TypedDict):
    """``POST /oauth/device/code`` (RFC 8628, section 3.2); times in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: NotRequired[str]
    expires_in: float
    interval: NotRequired[float]


class TokenGrant(TypedDict):
    """``POST /oauth/token``: a successful response; ``expires_in`` in seconds."""

    access_token: str
    id_token: NotRequired[str]
    refresh_token: NotRequired[str]
    scope: NotRequired[str]
    expires_in: float
    token_type: NotRequired[str]


# --- Values of the public API --------------------------------------------------------------------


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
class SMARTOnFHIRAccessToken:
    """A clinical access token, with its context.

    Args:
        token: The bearer token for the FHIR resource server. Not shown in the repr.
        valid_until: The expiry time as POSIX time in seconds; None if the service does not say.
        context: The NextGen context; None if there is no such context.
    """

    token: str = attrs.field(repr=False)
    valid_until: float | None = None
    context: NextGenContext | None = None
