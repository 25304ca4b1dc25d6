"""Retries and refreshed credentials against scripted answers: no server, no clock."""

from __future__ import annotations

from email.utils import formatdate
from time import time
from typing import Any

import httpx
import pytest
from support.flows import received

from bitfount_api._core.effects import Flow, GetCredentials, Send, Service, Sleep
from bitfount_api._core.messages import HTTPResponse
from bitfount_api._core.retrying import send_with_retries
from bitfount_api._internal.operation import Operation, Retry
from bitfount_api.exceptions import ConnectError, InvalidJSONError, RequestTimeout
from bitfount_api.retries import RetryPolicy

HUB = Service("the Hub", "https://hub.test", "hub")
READ = Operation("get_pod")
CREATE = Operation("create_project", Retry.IF_UNSENT)
POLICY = RetryPolicy(retries=2)


def call(operation: Operation = READ, service: Service = HUB) -> Send:
    return Send(operation, service, {"method": "get", "url": "/x"})


def answer(status: int, **headers: str) -> HTTPResponse:
    request = httpx.Request("GET", "https://hub.test/x")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return received(httpx.Response(status, headers=named, request=request))


KEYS = {"k": "1"}
FRESH = {"k": "2"}


def run(
    flow: Flow[Any], *outcomes: Any, refreshed: dict[str, str] = FRESH
) -> tuple[Any, list[Any]]:
    """Send a flow these outcomes of its calls; return its result and the effects it yielded.

    Credentials are ``KEYS``, and once those are refused, ``refreshed``.
    """
    steps = [next(flow)]
    left = list(outcomes)
    try:
        while True:
            step = steps[-1]
            if isinstance(step, GetCredentials):
                outcome: Any = KEYS if step.refused is None else refreshed
            else:
                outcome = None if isinstance(step, Sleep) else left.pop(0)
            if isinstance(outcome, Exception):
                steps.append(flow.throw(outcome))
            else:
                steps.append(flow.send(outcome))
    except StopIteration as stop:
        assert not left, "not all outcomes were used"
        return stop.value, steps


def calls(steps: list[Any]) -> int:
    return sum(isinstance(step, Send) for step in steps)


def test_successful_response_is_returned() -> None:
    result, steps = run(send_with_retries(call(), POLICY), answer(200))
    assert result.status_code == 200
    assert calls(steps) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 418, 422, 501])
def test_client_errors_are_not_retried(status: int) -> None:
    result, steps = run(send_with_retries(call(), POLICY), answer(status))
    assert (result.status_code, calls(steps)) == (status, 1)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_transient_errors_are_retried(status: int) -> None:
    result, steps = run(
        send_with_retries(call(), POLICY), answer(status), answer(status), answer(200)
    )
    assert (result.status_code, calls(steps)) == (200, 3)
    assert all(0 <= step.seconds <= 1 for step in steps if isinstance(step, Sleep))


def test_last_response_is_returned_after_all_retries() -> None:
    result, steps = run(send_with_retries(call(), POLICY), answer(503), answer(502), answer(500))
    assert (result.status_code, calls(steps)) == (500, 3)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_creating_request_is_never_sent_twice(status: int) -> None:
    result, steps = run(send_with_retries(call(CREATE), POLICY), answer(status))
    assert (result.status_code, calls(steps)) == (status, 1)


@pytest.mark.parametrize("kind", [ConnectError, RequestTimeout])
def test_creating_request_is_retried_if_unsent(kind: type[ConnectError]) -> None:
    result, steps = run(
        send_with_retries(call(CREATE), POLICY), kind("no", sent=False), answer(200)
    )
    assert (result.status_code, calls(steps)) == (200, 2)
    with pytest.raises(kind):
        run(send_with_retries(call(CREATE), POLICY), kind("no", sent=True))


def test_connection_error_is_retried_and_then_raised() -> None:
    failures = [ConnectError(str(number)) for number in range(3)]
    with pytest.raises(ConnectError, match="2"):
        run(send_with_retries(call(), POLICY), *failures)
    result, steps = run(send_with_retries(call(), POLICY), *failures[:2], answer(200))
    assert (result.status_code, calls(steps)) == (200, 3)


def test_other_errors_are_not_retried() -> None:
    with pytest.raises(InvalidJSONError):
        run(send_with_retries(call(), POLICY), InvalidJSONError("too large"))


def test_not_found_is_retried_only_if_the_policy_says_so() -> None:
    policy = RetryPolicy(retries=2, retry_not_found=True)
    result, steps = run(send_with_retries(call(), policy), answer(404), answer(200))
    assert (result.status_code, calls(steps)) == (200, 2)


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("0", 0), ("3600", 30)])
def test_retry_after_is_honoured_up_to_max_backoff(text: str, expected: float) -> None:
    _, steps = run(send_with_retries(call(), POLICY), answer(429, retry_after=text), answer(200))
    assert [step.seconds for step in steps if isinstance(step, Sleep)] == [expected]


def test_retry_after_accepts_a_date() -> None:
    date = formatdate(time() + 10, usegmt=True)
    _, steps = run(send_with_retries(call(), POLICY), answer(503, retry_after=date), answer(200))
    (pause,) = [step for step in steps if isinstance(step, Sleep)]
    assert 5 < pause.seconds <= 10


@pytest.mark.parametrize("last", [answer(503), ConnectError("the connection broke")])
def test_deadline_during_a_pause_gives_the_last_failure(last: Any) -> None:
    flow = send_with_retries(call(service=Service("storage")), POLICY)
    next(flow)
    step = flow.throw(last) if isinstance(last, Exception) else flow.send(last)
    assert isinstance(step, Sleep)
    if isinstance(last, Exception):
        with pytest.raises(ConnectError, match="broke"):
            flow.throw(RequestTimeout("would pass"))
    else:
        with pytest.raises(StopIteration) as stop:
            flow.throw(RequestTimeout("would pass"))
        assert stop.value.value is last


@pytest.mark.parametrize("operation", [READ, CREATE])
def test_refused_credentials_are_renewed_once(operation: Operation) -> None:
    result, steps = run(send_with_retries(call(operation), POLICY), answer(401), answer(200))
    assert result.status_code == 200
    assert [step.refused for step in steps if isinstance(step, GetCredentials)] == [None, KEYS]
    assert [step.credentials for step in steps if isinstance(step, Send)] == [KEYS, FRESH]
    result, steps = run(send_with_retries(call(operation), POLICY), answer(401), answer(401))
    assert (result.status_code, calls(steps)) == (401, 2)


def test_credentials_that_cannot_be_renewed_return_the_401() -> None:
    result, steps = run(send_with_retries(call(), POLICY), answer(401), refreshed=KEYS)
    assert (result.status_code, calls(steps)) == (401, 1)


def test_service_without_credentials_gets_no_second_request() -> None:
    result, steps = run(send_with_retries(call(service=Service("storage")), POLICY), answer(401))
    assert (result.status_code, calls(steps)) == (401, 1)
