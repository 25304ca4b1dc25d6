"""Clinical access tokens from SMART on FHIR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import types
from bitfount_api._generated import operations
from bitfount_api._generated.smart_on_fhir.api.pairings import (
    get_pairing_session as _get_pairing_session,
)
from bitfount_api._generated.smart_on_fhir.api.pairings import get_pairings as _get_pairings
from bitfount_api.exceptions import InvalidJSONError, SMARTOnFHIRError
from bitfount_api.identifiers import path_part

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient


def get_access_token(
    fhir: ServiceClient, resource_server_url: str | None
) -> Flow[types.SMARTOnFHIRAccessToken]:
    """Get a token of the caller's first pairing with a resource server, or with any.

    Raises:
        SMARTOnFHIRError: There is no such pairing.
        HTTPError: SMART on FHIR refused the request.
    """
    page = yield from fhir.get_json(
        operations.GET_PAIRINGS, _get_pairings.build_request(), types.PairingsPage
    )
    pairing_id = _find_pairing(page["results"], resource_server_url)
    if pairing_id is None:
        where = f" with {resource_server_url}" if resource_server_url else ""
        username = yield from fhir.get_username()
        count = len(page["results"])
        raise SMARTOnFHIRError(
            f"{username} is not paired{where}: checked {count} "
            f"{'pairing' if count == 1 else 'pairings'}. "
            "Pair in the Bitfount Hub, then try again."
        )
    operation = operations.GET_PAIRING_SESSION
    try:
        part = path_part(pairing_id, "pairing id")
    except ValueError as error:
        raise InvalidJSONError(f"{operation.name}: {error}", operation=operation.name) from None
    session = yield from fhir.get_json(
        operation, _get_pairing_session.build_request(part), types.PairingSession
    )
    context = session.get("context")
    return types.SMARTOnFHIRAccessToken(
        token=session["accessToken"], context=context.get("nextgen") if context else None
    )


def _find_pairing(pairings: list[types.Pairing], resource_server_url: str | None) -> str | None:
    for pairing in pairings:
        if pairing["state"] != "paired":
            continue
        server = pairing.get("resourceServer")
        if not resource_server_url or (
            server is not None and server.rstrip("/") == resource_server_url.rstrip("/")
        ):
            return pairing["id"]
    return None
