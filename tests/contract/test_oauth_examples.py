"""The device-code flow and ``oauth.yaml``: its requests conform, each example has its outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from contract import matching, specs
from support.flows import FakeDriver
from support.oauth import DAY, FakeAuthority, HandlerFactory, answer

from bitfount_api import AuthenticationError

SPEC = specs.load("oauth")

CONTINUES = {"authorization_pending", "slow_down", "too_many_requests", "server_error"}
CONTINUES |= {"temporarily_unavailable"}
"""The errors after which polling continues, and a later refresh may succeed."""


def shown(operation: str) -> dict[int, list[Any]]:
    """Return the examples of an operation's answers, by status."""
    [place] = [p for p in specs.operations(SPEC) if p.operation["operationId"] == operation]
    contents = specs.response_contents(SPEC, place)
    return {int(content.name[:3]): content.examples for content in contents}


def errors(operation: str) -> list[Any]:
    return [
        pytest.param(status, example, id=f"{status} {example['error']}")
        for status, examples in shown(operation).items()
        if status >= 400
        for example in examples
    ]


[CODE] = shown("request_device_code")[200]
[GRANT] = shown("request_token")[200]


@pytest.fixture
def authority(tmp_path: Path) -> FakeAuthority:
    return HandlerFactory(tmp_path, FakeDriver([]))()


def login(authority: FakeAuthority, *polls: httpx.Response) -> None:
    authority.authenticate(answer(200, CODE), *polls)


def expired(authority: FakeAuthority) -> None:
    """Log in, and wait until the access token has expired."""
    login(authority, answer(200, GRANT))
    authority.driver.now += DAY + 1


def conforming(authority: FakeAuthority) -> int:
    """Check all requests that were sent, and return their number."""
    for call in authority.driver.calls:
        request = call.request
        body = ("application/x-www-form-urlencoded", dict(request["data"]))
        sent = (request["method"].upper(), request["url"], (), body, ())
        assert matching.violations(SPEC, *sent) == []
    return len(authority.driver.calls)


def test_examples_of_answers_log_in(authority: FakeAuthority) -> None:
    login(authority, answer(200, GRANT))
    assert authority.access_token == GRANT["access_token"]
    assert authority.handler.username == "alice"
    [prompt] = authority.prompts
    assert prompt.user_code == CODE["user_code"]
    assert conforming(authority) == 2


def test_example_of_a_grant_refreshes(authority: FakeAuthority) -> None:
    expired(authority)
    authority.authenticate(answer(200, {**GRANT, "access_token": "another"}))
    assert authority.access_token == "another"
    assert authority.forms[0]["refresh_token"] == GRANT["refresh_token"]
    assert conforming(authority) == 1


@pytest.mark.parametrize(("status", "example"), errors("request_device_code"))
def test_example_of_an_error_ends_the_start(
    authority: FakeAuthority, status: int, example: Any
) -> None:
    attempts = 3 if status in (429, 500, 503) else 1  # with the two retries of the handler
    with pytest.raises(AuthenticationError, match=example["error_description"]):
        authority.authenticate(*[answer(status, example)] * attempts)
    assert conforming(authority) == attempts


@pytest.mark.parametrize(("status", "example"), errors("request_token"))
def test_example_of_an_error_has_its_outcome(
    authority: FakeAuthority, status: int, example: Any
) -> None:
    refusal = answer(status, example)
    if example["error"] in CONTINUES:
        login(authority, refusal, answer(200, GRANT))
        assert authority.handler.authenticated
        assert conforming(authority) == 3
    else:
        with pytest.raises(AuthenticationError, match=example["error_description"]):
            login(authority, refusal)
        assert conforming(authority) == 2


@pytest.mark.parametrize("field", SPEC["components"]["schemas"]["DeviceCode"]["required"])
def test_null_in_a_device_code_is_our_error(authority: FakeAuthority, field: str) -> None:
    with pytest.raises(AuthenticationError, match=field):
        authority.authenticate(answer(200, {**CODE, field: None}))


@pytest.mark.parametrize("field", SPEC["components"]["schemas"]["TokenGrant"]["required"])
def test_null_in_a_grant_is_our_error(authority: FakeAuthority, field: str) -> None:
    with pytest.raises(AuthenticationError, match=field):
        login(authority, answer(200, {**GRANT, field: None}))
