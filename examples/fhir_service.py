"""A FastAPI dependency that provides clinical access tokens, and a service that uses it.

    pip install fastapi uvicorn
    export SMART_ON_FHIR_RESOURCE_SERVER_URL=https://fhir.clinic.example/r4
    uvicorn fhir_service:app

A token is cached for a minute, and fetched by one request while the others wait. Tokens are never
sent to the service's callers.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request

from bitfount_api import (
    AsyncSMARTOnFHIR,
    BitfountError,
    BitfountSession,
    SMARTOnFHIRAccessToken,
    SMARTOnFHIRError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RESOURCE_SERVER = os.environ.get("SMART_ON_FHIR_RESOURCE_SERVER_URL", "https://fhir.example/r4")


class Tokens:
    """A cache for the current token, which is replaced after a minute or after it was refused."""

    def __init__(self, fhir: AsyncSMARTOnFHIR, seconds: float = 60) -> None:
        self._fhir = fhir
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._token: SMARTOnFHIRAccessToken | None = None
        self._fetched = 0.0

    async def get(self, refused: SMARTOnFHIRAccessToken | None = None) -> SMARTOnFHIRAccessToken:
        """Return a token that is not known to be invalid, and is not ``refused``."""
        async with self._lock:
            old = time.monotonic() - self._fetched > self._seconds
            if self._token is None or old or self._token is refused:
                self._token = await self._fhir.get_access_token()
                self._fetched = time.monotonic()
            return self._token


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one session and one set of connections open while the service runs."""
    async with BitfountSession() as session, httpx.AsyncClient(timeout=10) as clinic:
        app.state.tokens = Tokens(AsyncSMARTOnFHIR(session, resource_server_url=RESOURCE_SERVER))
        app.state.clinic = clinic
        yield


async def fhir_token(request: Request) -> SMARTOnFHIRAccessToken:
    """Return a clinical access token, or raise an ``HTTPException`` with the reason."""
    tokens: Tokens = request.app.state.tokens
    try:
        return await tokens.get()
    except SMARTOnFHIRError as error:
        raise HTTPException(409, str(error)) from error
    except BitfountError as error:
        # The details are for the log, not for the caller.
        raise HTTPException(503, "no clinical token is available right now") from error


FHIRToken = Annotated[SMARTOnFHIRAccessToken, Depends(fhir_token)]

app = FastAPI(title="Clinical data", lifespan=lifespan)


@app.get("/context")
async def context(token: FHIRToken) -> dict[str, Any]:
    """Return the token's context in the clinical system."""
    return dict(token.context or {})


@app.get("/patients/{patient_id}")
async def patient(patient_id: str, token: FHIRToken, request: Request) -> Any:
    """Return a patient's record from the clinical system."""
    if not patient_id.replace("-", "").isalnum():
        raise HTTPException(422, "a patient's id consists of letters, digits and hyphens")
    clinic: httpx.AsyncClient = request.app.state.clinic
    tokens: Tokens = request.app.state.tokens
    response = await _get_patient(clinic, patient_id, token)
    if response.status_code == 401:  # the cached token has expired early
        response = await _get_patient(clinic, patient_id, await tokens.get(refused=token))
    if response.status_code != 200:
        raise HTTPException(502, f"the clinical system answered {response.status_code}")
    return response.json()


async def _get_patient(
    clinic: httpx.AsyncClient, patient_id: str, token: SMARTOnFHIRAccessToken
) -> httpx.Response:
    headers = {"authorization": f"Bearer {token.token}"}
    try:
        return await clinic.get(f"{RESOURCE_SERVER}/Patient/{patient_id}", headers=headers)
    except httpx.HTTPError as error:
        raise HTTPException(502, "the clinical system cannot be reached") from error
