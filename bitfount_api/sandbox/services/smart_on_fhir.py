"""SMART on FHIR: the caller's pairings and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from bitfount_api.sandbox.services.http import Refusal, answer, caller, state_of
from bitfount_api.sandbox.state.pairings import NotPairedError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def pairings(request: Request) -> Response:
    """List the caller's pairings."""
    return answer({"results": state_of(request).pairings.of(caller(request))})


async def session(request: Request) -> Response:
    """Show the session of one of the caller's pairings."""
    try:
        found = state_of(request).pairings.session(caller(request), request.path_params["pairing"])
    except NotPairedError:
        raise Refusal(409, "The pairing is not paired yet") from None
    if found is None:
        raise Refusal(404, "There is no such pairing")
    return answer(found)


ROUTES = [
    Route("/api/pairings", pairings, methods=["GET"]),
    Route("/api/pairings/{pairing}/session", session, methods=["GET"]),
]
