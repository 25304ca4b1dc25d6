"""No secret appears in a log at DEBUG, a repr, an error, a traceback, a pickle or a warning."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from security.canaries import KEYS, MARK, QUERY, CanaryService, Spoil, tokens
from support.faults.cases import ROWS
from support.faults.legs import Row
from support.http_server import Answer, ReceivedRequest

from bitfount_api import (
    AsyncBitfountHub,
    AuthenticationError,
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
)
from bitfount_api.auth.token_store import Token
from bitfount_api.config import APIKeySettings


def _quoted(request: ReceivedRequest) -> str:
    """Return all that a service received, as a service that quotes requests in errors would."""
    return f"{request.method} {request.target} {request.headers} {request.body[:300]!r}"


def _refusing(status: int) -> Spoil:
    def spoil(request: ReceivedRequest) -> Answer:
        headers = {"x-request-id": MARK.lower(), "content-type": "application/json"}
        quoted = request.headers.get("x-api-key", "") + request.target
        return status, headers, b'{"errorMessage": "no: ' + quoted.encode() + b'"}'

    return spoil


def _redirecting(request: ReceivedRequest) -> Answer:
    return 302, {"location": f"https://elsewhere.test/?{QUERY}"}, b""


def _html(request: ReceivedRequest) -> Answer:
    return 502, {"content-type": "text/html"}, f"<html>{_quoted(request)}</html>".encode()


def _not_json(request: ReceivedRequest) -> Answer:
    key = request.headers.get("x-api-key", "text/plain")
    return 200, {"content-type": key, "set-cookie": f"s={MARK}"}, _quoted(request).encode()


def _wrong_shape(request: ReceivedRequest) -> Answer:
    return 200, {}, b'[{"' + request.headers.get("x-api-key", "a").encode() + b'": 1}]'


def _xml(request: ReceivedRequest) -> Answer:
    message = f"{request.target} {request.headers.get('x-api-key')}"
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    return 403, {"x-amz-request-id": "r1"}, body.replace("&", "&amp;").encode()


def _broken(request: ReceivedRequest) -> Answer:
    raise ConnectionError  # which makes the server close the connection


SPOILS: dict[str, Spoil] = {
    "nothing": lambda _: None,
    "401": _refusing(401),
    "403": _refusing(403),
    "503": _refusing(503),
    "redirect": _redirecting,
    "html": _html,
    "not json": _not_json,
    "wrong shape": _wrong_shape,
    "xml": _xml,
    "broken": _broken,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CanaryService]:
    with CanaryService(tmp_path_factory.mktemp("files")).running() as service:
        yield service


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_output_contains_a_canary(service: CanaryService, row: Row, asynchronous: bool) -> None:
    leaks = {}
    for index, leg in enumerate(row.legs):
        for name, spoil in SPOILS.items():
            found = service.call(row, index, spoil, asynchronous=asynchronous).leaks()
            if found:
                leaks[f"{name} ({leg.method} {leg.path})"] = found
    assert leaks == {}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_frames_of_user_code_stay_in_tracebacks(asynchronous: bool) -> None:
    def own_get_token() -> tuple[str, datetime]:
        raise LookupError("no token in the vault")

    handler = ExternallyManagedJWTHandler(None, None, own_get_token, "alice")
    session = BitfountSession(handler, transport=httpx.MockTransport(lambda _: httpx.Response(200)))

    def ask() -> object:
        if asynchronous:
            return asyncio.run(AsyncBitfountHub(session).get_projects())
        return BitfountHub(session).get_projects()

    with pytest.raises(AuthenticationError) as caught:
        ask()
    output = "".join(traceback.format_exception(caught.value))
    assert "in own_get_token" in output
    assert "no token in the vault" in output


@pytest.mark.parametrize(
    "holder",
    [
        KEYS,
        tokens(),
        BitfountSession(KEYS),
        BitfountHub(BitfountSession(KEYS)),
        Token(access_token=MARK, id_token=MARK, expires_at=1.0, refresh_token=MARK),
        APIKeySettings(MARK, MARK),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_secret_objects_have_safe_reprs_and_no_pickle(holder: object) -> None:
    assert MARK not in f"{holder!r} {holder} {[holder]!r}"
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(holder)
    assert MARK not in str(caught.value)


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


@pytest.mark.parametrize(
    ("name", "attribute", "stand_in", "where"),
    [
        ("403", "bitfount_api._core.responses.redact", lambda text, *_, **__: text, "the error"),
        ("403", "bitfount_api._core.responses.strip_query", str, "the error"),
        ("nothing", "bitfount_api._io.driver.strip_query", str, "log"),
        ("redirect", "bitfount_api._core.redaction._event_name", lambda r: r.getMessage(), "log"),
        (
            "broken",
            "bitfount_api._io.sync_driver.strip_tracebacks",
            lambda _: None,
            "the variables of downloads.py",
        ),
    ],
)
def test_canary_search_finds_canaries(
    service: CanaryService,
    name: str,
    attribute: str,
    stand_in: object,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attribute, stand_in)
    leaks = service.call(_row("get_weights"), 1, SPOILS[name], asynchronous=False).leaks()
    assert any(key.startswith(where) for key in leaks)
