"""The device-code flow against its spec: the requests it sends, and every documented answer."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
from contract import matching, specs
from support.flows import FakeDriver
from support.oauth import ISSUER, answer

from bitfount_api import AuthenticationError, RetryPolicy, config
from bitfount_api._core.effects import Send
from bitfount_api._generated import operations
from bitfount_api.auth import _device_flow
from bitfount_api.auth.oauth import Authority, Clock

OAUTH = specs.load("oauth")
AUTHORITY = Authority("https://auth.test", ISSUER, RetryPolicy(retries=1))


def example(path: str, status: str, name: str | None = None) -> httpx.Response:
    """Return an answer with an example of the spec."""
    response = specs.follow(OAUTH, OAUTH["paths"][path]["post"]["responses"][status])
    media = response["content"]["application/json"]
    return answer(
        int(status), media["example"] if name is None else media["examples"][name]["value"]
    )


def examples(path: str) -> list[tuple[str, str | None]]:
    """Return the status and the name of each answer that is an error."""
    return [
        (status, name)
        for status, node in OAUTH["paths"][path]["post"]["responses"].items()
        if status != "200"
        for name in specs.follow(OAUTH, node)["content"]["application/json"].get("examples", [None])
    ]


def sent(call: Send) -> list[str]:
    """Return what is wrong with a request of the flow."""
    request = httpx.Request(call.request["method"], "https://x/", data=call.request["data"])
    kind = request.headers["content-type"]
    form = dict(call.request["data"])
    return matching.violations(OAUTH, request.method, call.request["url"], (), (kind, form), ())


@pytest.fixture
def driver() -> FakeDriver:
    return FakeDriver([])


def log_in(driver: FakeDriver, *outcomes: Any) -> Any:
    driver.outcomes = list(outcomes)
    authority = attrs.evolve(AUTHORITY, clock=Clock(driver.clock, driver.clock))
    return driver.run(_device_flow.log_in(authority, lambda prompt: None))


CODE = example("/oauth/device/code", "200")
GRANT = example("/oauth/token", "200")


def test_login_requests_match_the_spec(driver: FakeDriver) -> None:
    assert log_in(driver, CODE, GRANT) == GRANT.json()
    assert [call.request["url"] for call in driver.calls] == ["/oauth/device/code", "/oauth/token"]
    assert [sent(call) for call in driver.calls] == [[], []]


def test_refresh_request_matches_the_spec(driver: FakeDriver) -> None:
    driver.outcomes = [GRANT]
    assert driver.run(_device_flow.refresh(AUTHORITY, "a-refresh-token")) == GRANT.json()
    assert [sent(call) for call in driver.calls] == [[]]


GOES_ON = {
    ("403", "pending"),
    ("429", "slowDown"),
    ("429", "tooMany"),
    ("500", None),
    ("503", None),
}


@pytest.mark.parametrize(("status", "name"), examples("/oauth/token"))
def test_each_documented_poll_answer_is_handled(
    driver: FakeDriver, status: str, name: str | None
) -> None:
    refusal = example("/oauth/token", status, name)
    if (status, name) in GOES_ON:
        assert log_in(driver, CODE, refusal, GRANT) == GRANT.json()
    else:
        with pytest.raises(AuthenticationError, match=refusal.json()["error_description"]):
            log_in(driver, CODE, refusal)


def test_continuing_errors_are_in_the_spec() -> None:
    assert set(examples("/oauth/token")) >= GOES_ON


@pytest.mark.parametrize(("status", "name"), examples("/oauth/device/code"))
def test_each_documented_code_error_ends_the_login(
    driver: FakeDriver, status: str, name: str | None
) -> None:
    refusal = example("/oauth/device/code", status, name)
    repeated = [refusal] * 2 if status in ("429", "500", "503") else [refusal]
    with pytest.raises(AuthenticationError, match=refusal.json()["error"]):
        log_in(driver, *repeated)


def test_operations_are_named_as_in_the_spec() -> None:
    ids = {place.operation["operationId"] for place in specs.operations(OAUTH)}
    assert ids == {operations.REQUEST_DEVICE_CODE.name, operations.REQUEST_TOKEN.name}


def test_example_has_the_defaults_of_the_config() -> None:
    media = OAUTH["paths"]["/oauth/device/code"]["post"]["requestBody"]["content"]
    [content] = media.values()
    assert content["example"] == {
        "audience": config.OAUTH_AUDIENCE,
        "scope": config.OAUTH_SCOPES,
        "client_id": config.environment().client_id,
    }
