"""What a session tells: events of responses and retries, and log lines."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    AuthenticationHandler,
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
    HTTPError,
    ResponseEvent,
    RetryEvent,
    RetryPolicy,
)
from bitfount_api._io import connections
from bitfount_api.pytest_plugin import SandboxClients

HUB = "https://hub.test"
PROJECTS = {"totalProjects": 0, "projects": []}
FAST = RetryPolicy(retries=2, backoff=0)


class Service:
    """A transport with queued responses, for a sync or async client of the Hub."""

    def __init__(
        self,
        *responses: httpx.Response,
        asynchronous: bool,
        handler: AuthenticationHandler | None = None,
        **options: Any,
    ) -> None:
        self.requests: list[httpx.Request] = []
        self.asynchronous = asynchronous
        self._responses = [*responses]
        transport = httpx.MockTransport(self._ahandle if asynchronous else self._handle)
        handler = handler or APIKeysHandler("id-hub:id-am", "key-hub:key-am", "alice")
        self.session = BitfountSession(handler, transport=transport, retry=FAST, **options)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._responses.pop(0)

    async def _ahandle(self, request: httpx.Request) -> httpx.Response:
        return self._handle(request)

    def call(self, name: str, *args: Any, options: dict[str, Any] | None = None) -> Any:
        if self.asynchronous:
            hub = AsyncBitfountHub(self.session, HUB).with_options(**options or {})
            return asyncio.run(getattr(hub, name)(*args))
        return getattr(BitfountHub(self.session, HUB).with_options(**options or {}), name)(*args)


def renewing() -> AuthenticationHandler:
    """Return a handler whose tokens differ each time that it is asked for one."""
    tokens = (f"token-{number}" for number in range(9))
    end = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    return ExternallyManagedJWTHandler(None, None, lambda: (next(tokens), end), "alice")


def answer(status: int = 200, json: Any = PROJECTS, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=json, headers=named)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_response_event_has_the_request_id_and_headers(asynchronous: bool) -> None:
    of_session: list[ResponseEvent] = []
    of_call: list[ResponseEvent] = []
    response = answer(x_request_id="r-1", x_ward="7", set_cookie="session=secret-cookie")
    service = Service(response, asynchronous=asynchronous, on_response=of_session.append)
    service.call("get_projects", options={"on_response": of_call.append})
    [event] = of_call
    assert of_session == of_call
    assert (event.operation, event.service, event.method) == ("get_projects", "the Hub", "GET")
    assert (event.status_code, event.request_id, event.attempt) == (200, "r-1", 1)
    assert event.url == f"{HUB}/api/projects"  # without its query
    assert event.headers["x-ward"] == "7"
    assert event.seconds > 0
    assert "secret" not in repr(event)


def test_response_event_hides_headers_named_as_secrets(asynchronous: bool) -> None:
    names = ("x-auth-token", "x-amz-signature", "x-vault-secret", "cookie", "set-cookie2")
    headers = dict.fromkeys(names, "of another") | {"access-control-allow-credentials": "true"}
    response = httpx.Response(200, json=PROJECTS, headers=headers)
    seen: list[ResponseEvent] = []
    service = Service(response, asynchronous=asynchronous, on_response=seen.append)
    service.call("get_projects")
    assert {seen[0].headers[name] for name in names} == {"[hidden]"}
    assert seen[0].headers["access-control-allow-credentials"] == "true"


def test_hooks_of_one_call_are_not_those_of_the_next(asynchronous: bool) -> None:
    seen: list[ResponseEvent] = []
    service = Service(answer(), answer(), asynchronous=asynchronous)
    service.call("get_projects", options={"on_response": seen.append})
    service.call("get_projects")
    assert len(seen) == 1


def test_retries_are_told_with_their_attempts(asynchronous: bool) -> None:
    responses: list[ResponseEvent] = []
    retries: list[RetryEvent] = []
    service = Service(
        answer(503), answer(502), answer(), asynchronous=asynchronous,
        on_response=responses.append, on_retry=retries.append,
    )  # fmt: skip
    service.call("get_projects")
    assert [(each.status_code, each.attempt) for each in responses] == [
        (503, 1),
        (502, 2),
        (200, 3),
    ]
    assert [each.attempt for each in retries] == [1, 2]
    assert retries[0].operation == "get_projects"
    assert retries[0].reason == "get_projects: the Hub answered 503"


def test_request_after_refused_credentials_is_a_second_attempt(asynchronous: bool) -> None:
    seen: list[ResponseEvent] = []
    service = Service(answer(401), answer(), asynchronous=asynchronous, handler=renewing())
    service.call("get_projects", options={"on_response": seen.append})
    assert [(each.status_code, each.attempt) for each in seen] == [(401, 1), (200, 2)]


@pytest.mark.parametrize("name", ["on_response", "on_retry"])
def test_failing_hook_is_logged_and_ignored(
    asynchronous: bool, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(_: object) -> None:
        raise RuntimeError("of the hook")

    options: dict[str, Any] = {name: hook}
    service = Service(answer(503), answer(), asynchronous=asynchronous, **options)
    assert service.call("get_projects") == PROJECTS
    [record] = [each for each in caplog.records if "its failure is ignored" in each.message][:1]
    assert name in record.message


@pytest.mark.parametrize("name", ["on_response", "on_retry"])
def test_hook_that_cannot_be_called_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: "print"}
    with pytest.raises(TypeError, match=f"{name} must be a function"):
        BitfountSession(APIKeysHandler("a:b", "c:d", "alice"), **wrong)
    hub = BitfountHub(BitfountSession(APIKeysHandler("a:b", "c:d", "alice")))
    with pytest.raises(TypeError, match=f"{name} must be a function"):
        hub.with_options(**wrong)


async def unawaited(_: object) -> None:
    """A hook that nothing would await."""


async def unread(_: object) -> Any:
    """A hook that nothing would iterate over."""
    yield


class Unawaited:
    async def __call__(self, _: object) -> None:
        """See above."""


@pytest.mark.parametrize("name", ["on_response", "on_retry"])
@pytest.mark.parametrize("hook", [unawaited, functools.partial(unawaited), Unawaited(), unread])
def test_async_hook_is_refused(name: str, hook: Any) -> None:
    wrong: dict[str, Any] = {name: hook}
    with pytest.raises(TypeError, match=f"{name} is an async function"):
        BitfountSession(APIKeysHandler("a:b", "c:d", "alice"), **wrong)
    hub = BitfountHub(BitfountSession(APIKeysHandler("a:b", "c:d", "alice")))
    with pytest.raises(TypeError, match=f"{name} is an async function"):
        hub.with_options(**wrong)


def test_hook_that_returns_a_coroutine_is_logged(
    asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(answer(), asynchronous=asynchronous, on_response=lambda e: unawaited(e))
    assert service.call("get_projects") == PROJECTS
    assert "on_response returned a coroutine, which nothing awaits" in caplog.messages


def test_calls_of_a_hook_are_told_to_no_hook() -> None:
    def call_again(event: ResponseEvent) -> None:
        seen.append(event)
        assert BitfountHub(service.session, HUB).get_projects() == PROJECTS

    seen: list[ResponseEvent] = []
    service = Service(answer(), answer(), answer(), asynchronous=False, on_response=call_again)
    service.call("get_projects", options={"on_response": seen.append})
    assert len(seen) == 2  # once for each of the two functions
    assert len(service.requests) == 2
    service.call("get_projects")
    assert len(seen) == 3


async def test_tasks_of_a_hook_are_told_to_no_hook() -> None:
    def start(event: ResponseEvent) -> None:
        seen.append(event)
        tasks.append(asyncio.create_task(hub.get_projects()))

    seen: list[ResponseEvent] = []
    tasks: list[asyncio.Task[Any]] = []
    service = Service(answer(), answer(), asynchronous=True, on_response=start)
    hub = AsyncBitfountHub(service.session, HUB)
    await hub.get_projects()
    assert await asyncio.gather(*tasks) == [PROJECTS]
    assert len(seen) == 1


def test_hook_makes_a_call_with_the_only_connection(
    bitfount_sandbox: SandboxClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    found: list[Any] = []
    hub = bitfount_sandbox.hub("alice")
    options: dict[str, Any] = {"timeout": 0.5, "retry": RetryPolicy(retries=0)}
    inner = hub.with_options(**options)
    hub.with_options(on_response=lambda _: found.append(inner.get_projects())).get_projects()
    assert len(found) == 1


def test_events_of_objects_hold_no_presigned_url(
    bitfount_sandbox: SandboxClients, tmp_path: Path
) -> None:
    code = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
    (tmp_path / "Net.py").write_text(code)
    seen: list[ResponseEvent] = []
    hub = bitfount_sandbox.hub("alice").with_options(on_response=seen.append)
    hub.send_model(tmp_path / "Net.py")
    assert hub.get_model_code("alice", "Net") == code
    names = [each.operation for each in seen]
    assert names == ["send_model", "upload_object", "get_model", "download_object"]
    assert all("?" not in each.url for each in seen)
    assert "Signature" not in repr(seen)


def test_refused_call_is_told_before_its_error(asynchronous: bool) -> None:
    seen: list[ResponseEvent] = []
    service = Service(answer(403, {"errorMessage": "No"}), asynchronous=asynchronous)
    with pytest.raises(HTTPError):
        service.call("get_projects", options={"on_response": seen.append})
    assert [each.status_code for each in seen] == [403]


# --- Headers -------------------------------------------------------------------------------------


def test_extra_headers_are_sent_with_one_call(asynchronous: bool) -> None:
    service = Service(
        answer(), answer(), asynchronous=asynchronous, default_headers={"x-ward": "7", "x-a": "b"}
    )
    service.call("get_projects", options={"extra_headers": {"X-Ward": "8", "x-task": "t"}})
    service.call("get_projects")
    first, second = ({**each.headers} for each in service.requests)
    assert (first["x-ward"], first["x-a"], first["x-task"]) == ("8", "b", "t")
    assert (second["x-ward"], second["x-a"], "x-task" in second) == ("7", "b", False)


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "Cookie", "host"])
def test_headers_with_credentials_are_refused(name: str) -> None:
    handler = APIKeysHandler("a:b", "c:d", "alice")
    with pytest.raises(ValueError, match=name.lower()):
        BitfountSession(handler, default_headers={name: "x"})
    with pytest.raises(ValueError, match=name.lower()):
        BitfountHub(BitfountSession(handler)).with_options(extra_headers={name: "x"})


@pytest.mark.parametrize("headers", ["x-a: b", [("x-a", "b")]])
def test_headers_that_are_no_mapping_are_refused(headers: Any) -> None:
    handler = APIKeysHandler("id", "key", "alice")
    with pytest.raises(TypeError, match="default_headers must map names to values"):
        BitfountSession(handler, default_headers=headers)
    with pytest.raises(TypeError, match="extra_headers must map names to values"):
        BitfountHub(BitfountSession(handler)).with_options(extra_headers=headers)


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "not None; to send no such header, leave it out"), (b"b", "not bytes$")],
)
def test_header_that_is_no_text_is_refused(value: Any, words: str) -> None:
    handler = APIKeysHandler("id", "key", "alice")
    with pytest.raises(ValueError, match=words):
        BitfountSession(handler, default_headers={"x-a": value})


# --- The log -------------------------------------------------------------------------------------


def test_each_response_is_one_line_of_the_log(
    asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bitfount_api.http")
    service = Service(answer(503), answer(x_request_id="r-2"), asynchronous=asynchronous)
    service.call("get_projects")
    lines = [each.message for each in caplog.records if each.name == "bitfount_api.http"]
    assert len(lines) == 2
    assert re.fullmatch(rf"get_projects: GET {HUB}/api/projects answered 503 in \d+ ms", lines[0])
    assert re.search(r"answered 200 in \d+ ms, attempt 2, request id r-2$", lines[1])


PROGRAM = """
import logging, sys
import httpx
from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession, RetryPolicy
if "set-up" in sys.argv:
    logging.basicConfig(format="mine: %(message)s", level=logging.WARNING)
transport = httpx.MockTransport(lambda request: httpx.Response(404, json={}))
for _ in range(2):
    session = BitfountSession(APIKeysHandler("id:id", "key:key", "alice"), transport=transport)
    if "set-up-later" in sys.argv:
        logging.basicConfig(format="mine: %(message)s", level=logging.WARNING)
    BitfountHub(session, "https://hub.test").get_pod("alice/scans")
"""


def printed(tmp_path: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run the program, and return its status and what it wrote."""
    environment = {**os.environ, **variables}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


def test_nothing_is_written_without_logging_set_up(tmp_path: Path) -> None:
    assert printed(tmp_path) == (0, "")


def test_log_variable_writes_to_standard_error(tmp_path: Path) -> None:
    status, text = printed(tmp_path, BITFOUNT_LOG="Debug")
    assert status == 0
    assert len(re.findall(r" DEBUG bitfount_api.http: get_pod: GET ", text)) == 2
    assert len(re.findall(r" WARNING bitfount_api", text)) == 2


@pytest.mark.parametrize("when", ["set-up", "set-up-later"])
def test_log_variable_leaves_the_handlers_of_a_program(tmp_path: Path, when: str) -> None:
    _, text = printed(tmp_path, when, BITFOUNT_LOG="debug")
    lines = text.splitlines()
    assert all(line.startswith("mine: ") for line in lines)
    assert len(lines) == 4


def test_unknown_level_is_refused(tmp_path: Path) -> None:
    status, text = printed(tmp_path, BITFOUNT_LOG="loud")
    assert status == 1
    assert "BITFOUNT_LOG is 'loud'; set it to debug, info or warning" in text
