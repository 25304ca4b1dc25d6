"""Generated from openapi/hub.yaml by `make generate`: do not edit."""

from typing import Any, NotRequired, TypedDict


class DatasourceHealth(TypedDict):
    """The state of a dataset in a heartbeat."""

    name: str
    status: NotRequired[str]
    """Open enumeration: healthy, unhealthy or unknown."""
    error_code: NotRequired[str | None]
    message: NotRequired[str | None]


class ProgressUpdate(TypedDict):
    """The progress of an activity."""

    value: float
    total: NotRequired[float | None]
    estimated_total: NotRequired[float | None]
    unit: NotRequired[str | None]
    """Unit of `value`, `total` and `estimated_total`."""


class PodDetails(TypedDict):
    """
    A pod's details.

    Endpoints: ``GET /api/pods/{userName}/{podName}``,
    ``GET /api/projects/{projectId}/pods/{userName}/{podName}``.
    """

    podIdentifier: str
    """`namespace/name`."""
    podName: str
    podDisplayName: NotRequired[str]
    podPublicKey: NotRequired[str | None]
    """Public key in PEM or OpenSSH format."""
    accessManagerPublicKey: NotRequired[str | None]
    """Public key in PEM or OpenSSH format."""
    description: NotRequired[str | None]
    schemaStorageKey: NotRequired[str | None]
    isOnline: NotRequired[bool]
    providerUserName: NotRequired[str]
    visibility: NotRequired[str]
    """`public` or `private`."""
    schemaDownloadUrl: NotRequired[str | None]
    """Presigned URL."""


class Upload(TypedDict):
    """The target of an upload: one presigned form, or one presigned URL for each part."""

    success: NotRequired[bool]
    alreadyExisted: NotRequired[bool]
    errorMessage: NotRequired[str | None]
    uploadUrl: NotRequired[str | None]
    """URL to send the presigned form to."""
    uploadFields: NotRequired[dict[str, str] | None]
    uploadUrls: NotRequired[list[str] | None]
    chunkSize: NotRequired[int | None]
    """Size of each part in bytes, except the last part."""
    uploadId: NotRequired[str | None]
    key: NotRequired[str | None]


class PodRegistration(Upload):
    """
    The registered pod, with the upload target of its schema.

    Endpoint: ``POST /api/pods``.
    """

    message: NotRequired[str | None]


class ModelUpload(Upload):
    """
    The upload target of a model's code or weights.

    Endpoints: ``POST /api/models``,
    ``PUT /api/models``.
    """

    version: int
    """Number of the model's version."""


class ModelDetails(TypedDict):
    """
    The presigned URLs of a model's code and weights.

    Endpoint: ``GET /api/models``.
    """

    modelDownloadUrl: NotRequired[str | None]
    """Presigned URL."""
    modelHash: NotRequired[str | None]
    weightsDownloadUrl: NotRequired[str | None]
    """Presigned URL."""
    modelVersion: NotRequired[int | None]


class RegisteredKey(TypedDict):
    """
    The id of the registered key.

    Endpoint: ``POST /api/{userName}/keys``.
    """

    id: str | int


class PublicKeyDetails(TypedDict):
    """
    A registered key.

    Endpoint: ``GET /api/{userName}/keys/{keyId}``.
    """

    public_key: str
    """Public key in PEM format."""
    id: str | int
    active: bool


class ProjectCreated(TypedDict):
    """
    The id of the new project.

    Endpoint: ``POST /api/projects``.
    """

    projectId: str


class ProjectDataset(TypedDict):
    """A dataset of a project, with the pod that holds it and the pod's owner."""

    ownerId: NotRequired[str | int]
    ownerUsername: NotRequired[str]
    name: NotRequired[str]
    podDisplayName: NotRequired[str | None]
    lastOnline: NotRequired[str | None]
    """Time in ISO 8601 format."""


class SimpleUsage(TypedDict):
    """
    The usage of a project's resource, and its limit.

    Endpoint: ``GET /api/projects/{projectId}/limits``.
    """

    resourceType: NotRequired[str]
    """`MODEL_INFERENCE`."""
    resourceName: str
    limit: NotRequired[int | None]
    """Null means unlimited."""
    totalUsage: int


class GranteeUsage(TypedDict):
    """A project member's usage of a resource, and its limit."""

    resourceType: NotRequired[str]
    """`MODEL_INFERENCE`."""
    resourceName: str
    limit: NotRequired[int | None]
    """Null means unlimited."""
    totalUsage: int
    granteeUsername: NotRequired[str]
    role: NotRequired[str]


class ProjectModelLimits(TypedDict):
    """
    A model's usage in a project, and its limits.

    Endpoint: ``GET /api/projects/{projectId}/limits/models/{owner}/{model}``.
    """

    default: NotRequired[int | None]
    """Limit for members that have no individual limit."""
    totalGrantees: NotRequired[int]
    usage: list[GranteeUsage]


class Heartbeat(TypedDict):
    """
    The compute instance's id and domain, if it has them.

    Endpoint: ``PATCH /api/pods``.
    """

    success: NotRequired[bool]
    computeId: NotRequired[str | None]
    domain: NotRequired[str | None]


class ComputeRegistration(TypedDict):
    """
    The compute instance's id and domain.

    Endpoint: ``PUT /api/compute/instances/{instanceId}``.
    """

    computeId: str
    domain: NotRequired[str | None]


class RequestedCertificate(TypedDict):
    """
    The state of the requested certificate.

    Endpoint: ``POST /api/compute/{computeId}/certificate``.
    """

    domain: NotRequired[str | None]
    status: str
    """Open enumeration, such as `pending` and `issued`."""


class ComputeCertificate(TypedDict):
    """
    A compute instance's certificate, once it is issued.

    Endpoint: ``GET /api/compute/{computeId}/certificate``.
    """

    domain: NotRequired[str | None]
    status: str
    """Open enumeration, such as `pending` and `issued`."""
    certificatePem: NotRequired[str | None]
    """Certificate in PEM format."""
    caBundlePem: NotRequired[str | None]
    """Certificates of the issuers in PEM format."""
    expires: NotRequired[str | None]
    """Time in ISO 8601 format."""


class ClusterCreated(TypedDict):
    """
    The id of the new cluster.

    Endpoint: ``POST /api/compute-clusters``.
    """

    id: NotRequired[str | int | None]


class PodDataset(TypedDict):
    """A dataset that is linked to a compute or a cluster."""

    identifier: str
    """`namespace/name`."""
    configurationLastUpdated: NotRequired[str | None]
    """Time in ISO 8601 format."""


class PodDatasetConfiguration(TypedDict):
    """
    How to open a pod's dataset.

    Endpoint: ``GET /api/pods/{userName}/{podName}/configuration``.
    """

    configuration: NotRequired[dict[str, Any] | None]


class JWKUpload(TypedDict):
    """
    The public key set with the uploaded key.

    Endpoint: ``PUT /api/ehr/jwks/{userName}``.
    """

    jwksUriWellKnown: str
    """URL of the published key set."""


class MonitorUpdate(TypedDict):
    """
    An update about a task, for the monitor service.

    Endpoint: ``POST /api/ingest``.
    """

    taskId: str
    senderId: str
    recipientId: NotRequired[str | None]
    timestamp: str
    """Time in ISO 8601 format."""
    privacy: str
    """PRIVATE, MODELLER or ALL_PARTICIPANTS."""
    type: str
    """Open enumeration: TASK_CONFIG, TASK_STATUS_UPDATE, or the name of a message."""
    message: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    progress: NotRequired[dict[str, ProgressUpdate] | None]
    resourceUsage: NotRequired[dict[str, float] | None]


class Project(TypedDict):
    """
    A project, as its members see it.

    Endpoint: ``GET /api/projects/{projectId}``.
    """

    id: str
    name: NotRequired[str]
    role: NotRequired[str]
    created_at: NotRequired[str]
    """Time in ISO 8601 format."""
    updated_at: NotRequired[str]
    """Time in ISO 8601 format."""
    status: NotRequired[str]
    """`PUBLISHED` or `ARCHIVED`."""
    isDemo: NotRequired[bool]
    linked_datasets: NotRequired[list[ProjectDataset] | None]
    """The project's datasets; without this field, they are unknown."""
    linked_datasets_count: NotRequired[int | None]


class PodDatasetList(TypedDict):
    """
    The datasets that are linked to a compute or a cluster.

    Endpoints: ``GET /api/compute-clusters/datasets``,
    ``GET /api/compute-clusters/{clusterId}/datasets``.
    """

    linkedDatasets: list[PodDataset]


class ProjectsPage(TypedDict):
    """
    One page of the caller's projects.

    Endpoint: ``GET /api/projects``.
    """

    totalProjects: int
    projects: list[Project]
