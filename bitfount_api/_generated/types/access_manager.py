"""Generated from openapi/access_manager.yaml by `make generate`: do not edit."""

from typing import Any, NotRequired, TypedDict


class SerializedProtocol(TypedDict):
    """The protocol that the modeller requests to run, passed on unchanged."""

    class_name: str
    algorithm: dict[str, Any] | list[dict[str, Any]]
    aggregator: NotRequired[dict[str, Any] | None]
    primary_results_path: NotRequired[str | None]


class AccessManagerKey(TypedDict):
    """
    The access manager's public key.

    Endpoint: ``GET /api/access-manager-key``.
    """

    accessManagerPublicKey: str
    """Public key in PEM or OpenSSH format."""


class AccessLimit(TypedDict):
    """The usage of a resource, its limit, and the resource's download URLs."""

    resourceType: NotRequired[str]
    """`MODEL_INFERENCE`."""
    resourceName: str
    limit: NotRequired[int | None]
    """Null means unlimited."""
    totalUsage: int
    modelDownloadUrl: NotRequired[str | None]
    """Presigned URL."""
    weightsDownloadUrl: NotRequired[str | None]
    """Presigned URL."""


class AccessDecision(TypedDict):
    """
    The decision about an access request.

    Endpoint: ``POST /api/access``.
    """

    code: NotRequired[str | None]
    """
    ACCEPT, NO_ACCESS, INVALID_PROOF_OF_IDENTITY, UNAUTHORISED or NO_PROOF_OF_IDENTITY; absent
    or unknown means NO_ACCESS.
    """
    limits: NotRequired[list[AccessLimit] | None]
