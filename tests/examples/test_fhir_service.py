"""Test the FastAPI dependency with real requests to a sandbox and to a small clinical system."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from support.examples import EXAMPLES
from support.http_server import Answer, ReceivedRequest, serving

from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Fault

Service = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


class Clinic:
    """A clinical system with one patient, which refuses a number of requests first."""

    def __init__(self) -> None:
        self.refuse = 0
        self.tokens: list[str] = []

    def __call__(self, request: ReceivedRequest) -> Answer:
        self.tokens.append(request.headers.get("authorization", ""))
        if self.refuse:
            self.refuse -= 1
            return 401, {}, b""
        if request.target != "/r4/Patient/17":
            return 404, {}, b""
        return 200, {"content-type": "application/fhir+json"}, json.dumps({"id": "17"}).encode()


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture
def service(
    clinic: Clinic, bitfount_sandbox: SandboxClients, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    sandbox = bitfount_sandbox.sandbox
    for name, value in sandbox.environment("alice").items():
        monkeypatch.setenv(name, value)
    with serving(clinic) as url:
        monkeypatch.setenv("SMART_ON_FHIR_RESOURCE_SERVER_URL", f"{url}/r4")
        spec = importlib.util.spec_from_file_location("fhir_service", EXAMPLES / "fhir_service.py")
        assert spec is not None
        assert spec.loader is not None
        example = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "fhir_service", example)
        spec.loader.exec_module(example)

        @asynccontextmanager
        async def running() -> AsyncIterator[httpx.AsyncClient]:
            transport = httpx.ASGITransport(app=example.app)
            async with (
                example.lifespan(example.app),
                httpx.AsyncClient(transport=transport, base_url="http://service") as client,
            ):
                yield client

        yield running


@pytest.fixture
def paired(service: Service, bitfount_sandbox: SandboxClients) -> Service:
    url = os.environ["SMART_ON_FHIR_RESOURCE_SERVER_URL"]
    bitfount_sandbox.sandbox.pair("alice", url, nextgen={"practiceId": "2"})
    return service


def sessions_asked(clients: SandboxClients) -> int:
    return sum(seen.path.endswith("/session") for seen in clients.sandbox.requests)


async def test_a_patient_is_read_with_the_token(
    paired: Service, clinic: Clinic, bitfount_sandbox: SandboxClients
) -> None:
    async with paired() as client:
        answer = await client.get("/patients/17")
        assert (answer.status_code, answer.json()) == (200, {"id": "17"})
        assert (await client.get("/context")).json() == {"practiceId": "2"}
        assert (await client.get("/patients/18")).status_code == 502
        assert (await client.get("/patients/..%2F17")).status_code in (404, 422)
    assert clinic.tokens[0].startswith("Bearer ")
    assert clinic.tokens[0].removeprefix("Bearer ") not in answer.text


async def test_concurrent_requests_share_one_token(
    paired: Service, clinic: Clinic, bitfount_sandbox: SandboxClients
) -> None:
    async with paired() as client:
        answers = await asyncio.gather(*(client.get("/patients/17") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert sessions_asked(bitfount_sandbox) == 1
    assert len(set(clinic.tokens)) == 1


async def test_rejected_token_is_replaced_once(
    paired: Service, clinic: Clinic, bitfount_sandbox: SandboxClients
) -> None:
    clinic.refuse = 1
    async with paired() as client:
        assert (await client.get("/patients/17")).status_code == 200
    assert sessions_asked(bitfount_sandbox) == 2
    assert len(clinic.tokens) == 2


async def test_user_without_a_pairing_gets_a_clear_error(service: Service) -> None:
    async with service() as client:
        answer = await client.get("/context")
    assert answer.status_code == 409
    assert "not paired" in answer.json()["detail"]


async def test_internal_errors_are_not_shown_to_clients(
    paired: Service, bitfount_sandbox: SandboxClients
) -> None:
    bitfount_sandbox.sandbox.fail("*", Fault(status=403), service="smart_on_fhir", times=None)
    async with paired() as client:
        answer = await client.get("/context")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "no clinical token is available right now"}
