"""Fault injection, as seen by the client."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from support.sandbox_api import Api, done
from support.sandbox_seeds import project_body, publish

from bitfount_api.sandbox import Fault, RecordedRequest, Sandbox

CODE = b"0123456789" * 100


@pytest.fixture
def link(sandbox: Sandbox, alice: Api) -> str:
    """Return the download URL of a model's code."""
    publish(alice, code=CODE)
    wanted = "/api/models?modellerName=alice&modelName=Net"
    url: str = done(alice.hub("GET", wanted))["modelDownloadUrl"]
    return url


class Wire:
    """One connection from which raw bytes are read."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._target = f"{where.path}?{where.query}"
        self._socket = socket.create_connection((where.hostname or "", where.port or 0))
        self._host = where.netloc

    def ask(self) -> None:
        head = f"GET {self._target} HTTP/1.1\r\nhost: {self._host}\r\n\r\n"
        self._socket.sendall(head.encode())

    def read(self) -> tuple[bytes, bool]:
        """Return all bytes until the server closes the connection, and whether it was reset."""
        received = b""
        try:
            while chunk := self._socket.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received, True
        return received, False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def wire(link: str) -> Iterator[Wire]:
    wire = Wire(link)
    yield wire
    wire.close()


def body(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[2]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check that injected faults cause no warnings or errors in the log."""
    yield
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert [record.getMessage() for record in records if record.levelname != "INFO"] == []


# --- Kinds of faults -----------------------------------------------------------------------------


def test_status_fault_replaces_the_answer_and_the_effect(sandbox: Sandbox, alice: Api) -> None:
    fault = Fault(
        status=503, headers={"Retry-After": "1", "content-type": "text/html"}, body=b"<p>"
    )
    sandbox.fail("/api/projects", fault)
    answer = alice.hub("POST", "/api/projects", project_body())
    assert (answer.status_code, answer.content) == (503, b"<p>")
    assert (answer.headers["retry-after"], answer.headers["content-type"]) == ("1", "text/html")
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 0


@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 418, 599])
def test_any_status_keeps_the_connection_usable(status: int, sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/projects", Fault(status=status))
    large = project_body("n" * 1_000_000)
    answer = alice.hub("POST", "/api/projects", large)
    assert (answer.status_code, answer.content) == (status, b"")
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 0


def test_a_delay_comes_before_the_answer(sandbox: Sandbox, alice: Api) -> None:
    for fault in (Fault(delay=0.2), Fault(delay=0.2, status=200)):
        sandbox.fail("/api/projects", fault)
        begun = time.monotonic()
        assert alice.hub("GET", "/api/projects").status_code == 200
        assert time.monotonic() - begun >= 0.2
    sandbox.fail("/api/projects", Fault(delay=0.2, reset_after=0))
    begun = time.monotonic()
    with pytest.raises(httpx.ReadError):
        alice.hub("GET", "/api/projects")
    assert time.monotonic() - begun >= 0.2


def test_delayed_request_takes_effect_after_a_disconnect(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/projects", Fault(delay=60))
    with pytest.raises(httpx.ReadTimeout):
        alice.hub("POST", "/api/projects", project_body(), timeout=0.2)
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 1


def test_interrupted_request_logs_no_error(sandbox: Sandbox, alice: Api) -> None:
    where = urlsplit(sandbox.hub_url)
    user = sandbox.user("alice")
    head = (
        f"POST /api/projects HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-length: 1000\r\n"
        f"x-api-key-id: {user.api_key_id.split(':')[0]}\r\n"
        f"x-api-key: {user.api_key.split(':')[0]}\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        connection.sendall(head.encode() + json.dumps(project_body()).encode())
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 0


def test_reset_before_the_headers_has_no_effect(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/projects", Fault(reset_after=0))
    # Whether the client sees a reset depends on how much had been sent at that time.
    with pytest.raises(httpx.TransportError):
        alice.hub("POST", "/api/projects", project_body())
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 0


def test_reset_before_the_headers_sends_no_byte(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fail("*", Fault(reset_after=0))
    wire.ask()
    assert wire.read() == (b"", True)


@pytest.mark.parametrize("after", [1, 500, 999])
def test_reset_after_a_number_of_bytes(after: int, sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fail("*", Fault(reset_after=after))
    wire.ask()
    received, reset = wire.read()
    assert reset
    # Bytes in transit may be lost with the connection, but no further bytes arrive.
    assert CODE[:after].startswith(body(received))


@pytest.mark.parametrize("after", [0, 1, 500, 999])
def test_truncation_after_a_number_of_bytes(after: int, sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fail("*", Fault(truncate_after=after))
    wire.ask()
    received, reset = wire.read()
    assert not reset
    assert body(received) == CODE[:after]
    assert b"content-length: 1000\r\n" in received.lower()


def test_clients_notice_a_body_that_ends_early(sandbox: Sandbox, alice: Api, link: str) -> None:
    sandbox.fail("/bitfount/*", Fault(truncate_after=500))
    with pytest.raises(httpx.RemoteProtocolError, match="received 500 bytes, expected 1000"):
        alice.get(link)
    assert alice.get(link).content == CODE


def test_truncation_beyond_the_body_has_no_effect(sandbox: Sandbox, alice: Api, link: str) -> None:
    sandbox.fail("*", Fault(truncate_after=1001, corrupt_at=1000))
    assert alice.get(link).content == CODE


def test_bytes_before_a_truncation_arrive_in_pieces_too(sandbox: Sandbox, alice: Api) -> None:
    sandbox.state.store.put("large", bytes(10_000_000))
    url = sandbox.state.presigner.get("large")
    sandbox.fail("*", Fault(truncate_after=9_000_000))
    with pytest.raises(httpx.RemoteProtocolError, match="received 9000000 bytes"):
        alice.get(url)


@pytest.mark.parametrize("position", [0, 499, 999])
def test_corruption_affects_the_transfer_only(
    position: int, sandbox: Sandbox, alice: Api, link: str
) -> None:
    sandbox.fail("*", Fault(corrupt_at=position))
    received = alice.get(link).content
    differing = [n for n, pair in enumerate(zip(received, CODE, strict=True)) if len({*pair}) == 2]
    assert differing == [position]
    assert alice.get(link).content == CODE


def test_body_of_a_status_fault_is_corrupted_too(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fail("*", Fault(status=500, body=b"failure", corrupt_at=0, truncate_after=4))
    wire.ask()
    received, reset = wire.read()
    assert not reset
    assert received.startswith(b"HTTP/1.1 500 ")
    assert body(received) == b"gail"


def test_reset_during_an_upload_leaves_no_object(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/bitfount", Fault(reset_after=0), method="POST")
    with pytest.raises(httpx.TransportError):
        publish(alice, code=bytes(3_000_000))
    assert sandbox.objects == []


# --- Which requests ------------------------------------------------------------------------------


def test_faults_apply_to_the_given_number_of_requests(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/projects", Fault(status=500), times=2)
    sandbox.fail("/api/projects", Fault(status=502))
    statuses = [alice.hub("GET", "/api/projects").status_code for _ in range(4)]
    assert statuses == [500, 500, 502, 200]


def test_permanent_faults_can_be_cleared(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/projects", Fault(status=500), times=None)
    assert {alice.hub("GET", "/api/projects").status_code for _ in range(5)} == {500}
    sandbox.faults.clear()
    done(alice.hub("GET", "/api/projects"))


def test_faults_match_service_method_and_path(sandbox: Sandbox, alice: Api) -> None:
    sandbox.fail("/api/*", Fault(status=500), times=None, service="hub", method="get")
    assert alice.hub("GET", "/api/projects?limit=1").status_code == 500
    assert alice.hub("GET", "/api/pods/a/b").status_code == 500
    assert alice.hub("POST", "/api/projects", {}).status_code == 422
    assert alice.hub("GET", "/docs").status_code == 200
    assert alice.fhir("GET", "/api/pairings").status_code == 200
    assert alice.am("GET", "/api/access-manager-key").status_code == 200


@pytest.mark.parametrize("times", [0, -1])
def test_a_fault_happens_at_least_once(times: int, sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="times must be at least 1"):
        sandbox.fail("*", Fault(status=500), times=times)


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay": -1.0},
        {"reset_after": -1},
        {"truncate_after": -1},
        {"corrupt_at": -1},
        {"status": 99},
    ],
)
def test_invalid_fault_is_rejected(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        Fault(**wrong)  # type: ignore[arg-type]


def test_fault_of_an_unknown_service_is_rejected(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="service 'Hub' is not one of access_manager, hub, "):
        sandbox.fail("*", Fault(status=500), service="Hub")


def test_recorded_requests_have_no_secrets(sandbox: Sandbox, alice: Api, link: str) -> None:
    sandbox.faults.clear()
    sandbox.fail("*", Fault(status=500))
    alice.get(link)
    alice.am("GET", "/api/access-manager-key")
    assert sandbox.requests == [
        RecordedRequest("storage", "GET", "/bitfount/models/alice/Net/1"),
        RecordedRequest("access_manager", "GET", "/api/access-manager-key"),
    ]


def test_fault_applies_to_one_of_many_concurrent_requests(sandbox: Sandbox) -> None:
    sandbox.fail("/api/projects", Fault(status=500), times=3)
    statuses: list[int] = []

    def ask() -> None:
        api = Api(sandbox, "alice")
        statuses.append(api.hub("GET", "/api/projects").status_code)
        api.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [500] * 3


def test_fault_on_a_reused_connection_affects_one_request(sandbox: Sandbox, alice: Api) -> None:
    where = urlsplit(sandbox.hub_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    sandbox.fail("/docs", Fault(status=500, body=b"x"))
    for status in (500, 200):
        connection.request("GET", "/docs")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()
