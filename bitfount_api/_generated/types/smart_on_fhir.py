"""Generated from openapi/smart_on_fhir.yaml by `make generate`: do not edit."""

from typing import NotRequired, TypedDict


class Pairing(TypedDict):
    """
    A user's pairing with a clinical system. With the state `initialised`, the pairing has a
    `pairingCode`; with `paired`, a `resourceServer`.
    """

    id: str
    state: str
    """`initialised` or `paired`."""
    ownerUsername: NotRequired[str]
    createdAt: NotRequired[str]
    """Time in ISO 8601 format."""
    updatedAt: NotRequired[str]
    """Time in ISO 8601 format."""
    expiresAt: NotRequired[str]
    """Time in ISO 8601 format."""
    clientPublicKey: NotRequired[str | None]
    clientIpAddress: NotRequired[str | None]
    pairingCode: NotRequired[str]
    resourceServer: NotRequired[str]
    remoteUser: NotRequired[str | None]


class NextGenContext(TypedDict):
    """The organisation that a session belongs to in a NextGen system."""

    enterpriseId: NotRequired[str | None]
    practiceId: NotRequired[str | None]
    locationId: NotRequired[str | None]
    providerId: NotRequired[str | None]


class PairingsPage(TypedDict):
    """
    The caller's pairings.

    Endpoint: ``GET /api/pairings``.
    """

    results: list[Pairing]


class PairingContext(TypedDict):
    """The context of a session, by the kind of the clinical system."""

    nextgen: NotRequired[NextGenContext | None]


class PairingSession(TypedDict):
    """
    An access token for a clinical system, with its context.

    Endpoint: ``GET /api/pairings/{id}/session``.
    """

    type: NotRequired[str]
    """`confidentialClient`."""
    accessToken: str
    context: NotRequired[PairingContext | None]
