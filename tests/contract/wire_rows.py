"""The operations list of the wire contract as data: what the specs have to state, row by row.

Copied from the wire contract by hand, so that a mistake in a spec shows as a difference.
"""

from __future__ import annotations

import attrs
from support.places import place

OK = frozenset({"200"})
OK_OR_CREATED = frozenset({"200", "201"})
ANY_SUCCESS = frozenset({"2XX"})


@attrs.frozen
class Row:
    """The requests that one row names, and their parameters and fields.

    Args:
        requests: Methods and paths.
        query: Query parameters; optional ones have a question mark.
        body: Fields of the body, with question marks as for ``query``; None for no body.
        success: Statuses of a success.
        answer: Fields of the successful answer, or of its entries if it is a list.
        timeout: Timeout in seconds, if the row states one.
        secured: Whether credentials are sent.
        once: Whether the request creates or counts something, so that it is not repeated.
    """

    requests: tuple[str, ...]
    query: str = ""
    body: str | None = None
    success: frozenset[str] = OK
    answer: str | None = None
    timeout: int | None = None
    secured: bool = True
    once: bool = False


_UPLOAD = (
    "success alreadyExisted errorMessage uploadUrl uploadFields uploadUrls chunkSize uploadId key"
)
_PROJECT = "id name role created_at updated_at status isDemo linked_datasets linked_datasets_count"
_USAGE = "resourceType resourceName limit totalUsage"
_PAIRING = (
    "id ownerUsername createdAt updatedAt expiresAt clientPublicKey clientIpAddress state "
    "pairingCode resourceServer remoteUser"
)

ROWS = {
    "Hub: get_pod": Row(
        (
            "GET /api/pods/{userName}/{podName}",
            "GET /api/projects/{projectId}/pods/{userName}/{podName}",
        ),
        answer="podIdentifier podName podDisplayName podPublicKey accessManagerPublicKey "
        "description schemaStorageKey isOnline providerUserName visibility schemaDownloadUrl",
    ),
    "Hub: register_pod": Row(
        ("POST /api/pods",),
        query="multipartUpload?",
        body="name podDisplayName podPublicKey accessManagerPublicKey description schemaSize "
        "numberOfRecords fileProcessingMetadata?",
        success=OK_OR_CREATED,
        answer=f"message {_UPLOAD}",
        timeout=10,
        once=True,
    ),
    "Hub: do_pod_heartbeat": Row(("PATCH /api/pods",), body="names podPublicKey", timeout=10),
    "Hub: do_pod_heartbeat, 13.0": Row(
        ("PATCH /api/pods",),
        body="instanceId isBusy isEhrConfigured isEhrConnected clusterId? privateIpAddress? "
        "datasourceHealth?",
        answer="success computeId domain",
        timeout=10,
    ),
    "Hub: archive_pod": Row(
        ("POST /api/pods/{userName}/{podName}",),
        body="archive",
        success=ANY_SUCCESS,
        timeout=10,
        once=True,
    ),
    "Hub: get_model, get_weights": Row(
        ("GET /api/models",),
        query="modellerName modelName modelVersion? projectId?",
        answer="modelDownloadUrl modelHash weightsDownloadUrl modelVersion",
    ),
    "Hub: send_model": Row(
        ("POST /api/models",),
        query="multipartUpload?",
        body="modelName modelSize modelHash privateModel modelDescription?",
        answer=f"version {_UPLOAD}",
        once=True,
    ),
    "Hub: send_weights": Row(
        ("PUT /api/models",),
        query="multipartUpload?",
        body="modelName modelVersion weightSize",
        answer=f"version {_UPLOAD}",
    ),
    "Hub: register_user_public_key": Row(
        ("POST /api/{userName}/keys",),
        query="version",
        body="key",
        success=ANY_SUCCESS,
        answer="id",
        timeout=10,
        once=True,
    ),
    "Hub: check_public_key_registered_and_active": Row(
        ("GET /api/{userName}/keys/{keyId}",), answer="public_key id active"
    ),
    "Hub: create_project": Row(
        ("POST /api/projects",),
        body="name metadata",
        success=OK_OR_CREATED,
        answer="projectId",
        once=True,
    ),
    "Hub: get_projects": Row(
        ("GET /api/projects",), query="limit? offset?", answer="totalProjects projects"
    ),
    "Hub: add_dataset_to_project_for_user": Row(
        ("PUT /api/projects/{projectId}/pod",), body="podName", success=OK_OR_CREATED
    ),
    "Hub: get_usage_limits": Row(("GET /api/projects/{projectId}/limits",), answer=_USAGE),
    "Hub: get_usage_limits with model_id": Row(
        ("GET /api/projects/{projectId}/limits/models/{owner}/{model}",),
        answer="default totalGrantees usage",
    ),
    "Hub: send_monitor_update": Row(
        ("POST /api/ingest",),
        body="taskId senderId recipientId? timestamp privacy type message? metadata? progress? "
        "resourceUsage?",
        success=ANY_SUCCESS,
        timeout=5,
        once=True,
    ),
    "Hub: register_compute": Row(
        ("PUT /api/compute/instances/{instanceId}",),
        body="privateIpAddress clusterId?",
        answer="computeId domain",
        timeout=10,
    ),
    "Hub: request_compute_certificate": Row(
        ("POST /api/compute/{computeId}/certificate",),
        body="csrPem",
        answer="domain status",
        timeout=10,
        once=True,
    ),
    "Hub: get_compute_certificate": Row(
        ("GET /api/compute/{computeId}/certificate",),
        answer="domain status certificatePem caBundlePem expires",
        timeout=10,
    ),
    "Hub: get_project_name": Row(("GET /api/projects/{projectId}",), answer=_PROJECT, timeout=10),
    "Hub: upload_public_jwk": Row(
        ("PUT /api/ehr/jwks/{userName}",),
        body="jwk issuer clientId",
        answer="jwksUriWellKnown",
        timeout=60,
    ),
    "Hub: create_compute_cluster": Row(
        ("POST /api/compute-clusters",),
        body="name datasetNames?",
        success=OK_OR_CREATED,
        answer="id",
        timeout=10,
        once=True,
    ),
    "Hub: compute_cluster_exists": Row(
        ("GET /api/compute-clusters/{clusterId}/datasets",), timeout=10
    ),
    "Hub: link_datasets_to_compute_cluster": Row(
        ("POST /api/compute-clusters/{clusterId}/datasets",),
        body="datasetNames",
        success=OK_OR_CREATED,
        timeout=10,
        once=True,
    ),
    "Hub: get_pod_dataset_list": Row(
        (
            "GET /api/compute-clusters/datasets",
            "GET /api/compute-clusters/{clusterId}/datasets",
        ),
        answer="linkedDatasets",
        timeout=10,
    ),
    "Hub: get_pod_dataset_configuration": Row(
        ("GET /api/pods/{userName}/{podName}/configuration",), answer="configuration", timeout=10
    ),
    "Hub: 13.0 multipart": Row(
        ("POST /api/upload",), body="objectType key uploadId parts", once=True
    ),
    "Access Manager: get_access_manager_key": Row(
        ("GET /api/access-manager-key",), answer="accessManagerPublicKey", timeout=5, secured=False
    ),
    "Access Manager: check_oidc_access_request": Row(
        ("POST /api/access",),
        body="podIdentifier modellerProtocolRequest modellerName modellerToken identityProvider "
        "projectId",
        answer="code limits",
        timeout=10,
        once=True,
    ),
    "Access Manager: check_signature_based_access_request": Row(
        ("POST /api/access",),
        body="podIdentifier modellerProtocolRequest modellerName unsignedTask taskSignature "
        "identityProvider projectId publicKeyId",
        answer="code limits",
        timeout=10,
        once=True,
    ),
    "SMART on FHIR: GET /api/pairings": Row(("GET /api/pairings",), answer="results"),
    "SMART on FHIR: GET /api/pairings/{id}/session": Row(
        ("GET /api/pairings/{id}/session",), answer="type accessToken context"
    ),
    "Authentication: Device code": Row(
        ("POST /oauth/device/code",),
        body="audience scope client_id",
        answer="device_code user_code verification_uri verification_uri_complete expires_in "
        "interval",
        timeout=10,
        secured=False,
    ),
    "Authentication: Device code, poll": Row(
        ("POST /oauth/token",),
        body="grant_type client_id device_code",
        answer="access_token id_token refresh_token scope expires_in token_type",
        timeout=10,
        secured=False,
        once=True,
    ),
    "Authentication: Refresh": Row(
        ("POST /oauth/token",),
        body="grant_type client_id refresh_token",
        answer="access_token id_token refresh_token scope expires_in token_type",
        timeout=10,
        secured=False,
        once=True,
    ),
}

NESTED = {
    ("hub", "Project"): _PROJECT,
    ("hub", "ProjectDataset"): "ownerId ownerUsername name podDisplayName lastOnline",
    ("hub", "PodDataset"): "identifier configurationLastUpdated",
    ("hub", "DatasourceHealth"): "name status? error_code? message?",
    ("hub", "SimpleUsage"): _USAGE,
    ("hub", "GranteeUsage"): f"{_USAGE} granteeUsername role",
    ("hub", "ProgressUpdate"): "value total? estimated_total? unit?",
    ("hub", "UploadedPart"): "ETag PartNumber",
    ("hub", "FileProcessingMetadata"): "totalFilesFound? totalFilesSuccessfullyProcessed? "
    "totalFilesSkipped? filesWithErrors? skipReasons? additionalMetrics?",
    ("hub", "ServiceError"): "success errorMessage",
    ("access_manager", "AccessLimit"): f"{_USAGE} modelDownloadUrl weightsDownloadUrl",
    ("access_manager", "SerializedProtocol"): "class_name algorithm aggregator? "
    "primary_results_path?",
    ("access_manager", "ServiceError"): "success errorMessage",
    ("smart_on_fhir", "Pairing"): _PAIRING,
    ("smart_on_fhir", "NextGenContext"): "enterpriseId practiceId locationId providerId",
    ("smart_on_fhir", "ServiceError"): "success errorMessage",
    ("oauth", "OAuthError"): "error error_description",
}
"""The fields of schemas that the rows only mention; question marks as for bodies."""

SINCE_13 = {
    *(
        f"hub: operation {name}"
        for name in (
            "archive_pod",
            "complete_upload",
            "register_compute",
            "request_compute_certificate",
            "get_compute_certificate",
            "get_project",
            "upload_public_jwk",
            "create_compute_cluster",
            "get_compute_cluster_datasets",
            "link_datasets_to_compute_cluster",
            "get_pod_dataset_list",
            "get_pod_dataset_configuration",
        )
    ),
    "hub: parameter multipartUpload",
    "hub: CompleteUploadRequest",
    "hub: FileProcessingMetadata",
    "hub: UploadedPart",
    *(
        f"hub: {schema}"
        for schema in (
            "InstanceHeartbeatRequest",
            "DatasourceHealth",
            "ArchivePodRequest",
            "RegisterComputeRequest",
            "ComputeRegistration",
            "CertificateRequest",
            "RequestedCertificate",
            "ComputeCertificate",
            "CreateClusterRequest",
            "ClusterCreated",
            "LinkDatasetsRequest",
            "PodDatasetList",
            "PodDataset",
            "PodDatasetConfiguration",
            "UploadJWKRequest",
            "JWKUpload",
            "ProjectDataset",
        )
    ),
    "hub: Heartbeat.computeId",
    "hub: Heartbeat.domain",
    "hub: Project.linked_datasets",
    "hub: Project.linked_datasets_count",
    "access_manager: SerializedProtocol.primary_results_path",
    "hub: ModelUploadRequest.modelDescription",
    *(
        f"hub: {schema}.{field}"
        for schema in ("ModelUpload", "PodRegistration")
        for field in ("uploadUrls", "chunkSize", "uploadId", "key")
    ),
}
"""What only the newest SDK does; nothing else is marked as such."""

ROWS_PLACE = place("tests/contract/wire_rows.py", "ROWS = {")
"""Where a missing row is added, for the messages of tests."""

UPLOADED = frozenset({200, 201, 203, 204})
"""The statuses with which object storage accepts a form."""
