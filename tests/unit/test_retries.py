"""Retries and deadlines are set per session, per client and per call."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSession,
    ConnectError,
    HTTPError,
    RequestTimeout,
    RetryPolicy,
)
from bitfount_api.retries import parse_http_date, parse_retry_after

HUB = "https://hub.test"
PAGE = {"totalProjects": 0, "projects": []}
QUICK: dict[str, Any] = {"backoff": 0.001, "max_backoff": 0.002}


class FakeHub:
    """A Hub with these answers, the last one repeated, and a counter of requests."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, type):
            raise answer("no", request=request)
        if isinstance(answer, int):
            return httpx.Response(answer, headers={"retry-after": "3600"})
        return httpx.Response(200, json=answer)

    def session(self, **more: Any) -> BitfountSession:
        handler = APIKeysHandler("id", "key", "alice")
        return BitfountSession(handler, transport=httpx.MockTransport(self), **more)


def call(session: BitfountSession, name: str = "get_projects", *given: Any, **options: Any) -> Any:
    return getattr(BitfountHub(session, HUB).with_options(**options), name)(*given)


def acall(session: BitfountSession, name: str = "get_projects", *given: Any, **options: Any) -> Any:
    hub = AsyncBitfountHub(session, HUB).with_options(**options)
    return asyncio.run(getattr(hub, name)(*given))


twins = pytest.mark.parametrize("ask", [call, acall], ids=["sync", "async"])


@twins
@pytest.mark.parametrize("retries", [0, 1, 4])
def test_session_sets_the_number_of_retries(ask: Any, retries: int) -> None:
    fake_hub = FakeHub(503)
    with pytest.raises(HTTPError):
        ask(fake_hub.session(retry=RetryPolicy(retries, **QUICK)))
    assert len(fake_hub.requests) == 1 + retries


@twins
def test_call_overrides_the_number_of_retries(ask: Any) -> None:
    fake_hub = FakeHub(503)
    session = fake_hub.session(retry=RetryPolicy(0))
    with pytest.raises(HTTPError):
        ask(session, retry=RetryPolicy(3, **QUICK))
    assert len(fake_hub.requests) == 4
    with pytest.raises(HTTPError):
        ask(session)
    assert len(fake_hub.requests) == 5


@twins
@pytest.mark.parametrize("retries", [0, 3, True, "3"])
def test_retry_that_is_no_policy_is_refused(ask: Any, retries: Any) -> None:
    fake_hub = FakeHub(PAGE)
    words = r"retry must be a RetryPolicy, such as RetryPolicy\(retries=3\), not "
    with pytest.raises(TypeError, match=words):
        fake_hub.session(retry=retries)
    with fake_hub.session() as session, pytest.raises(TypeError, match=words):
        ask(session, retry=retries)
    assert fake_hub.requests == []


@twins
@pytest.mark.parametrize("retries", [0, 2, 5])
def test_environment_sets_the_default_number_of_retries(
    ask: Any, retries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITFOUNT_WEB_MAX_RETRIES", str(retries))
    fake_hub = FakeHub(503)
    with pytest.raises(HTTPError):
        ask(fake_hub.session(retry=RetryPolicy(**QUICK)))
    assert len(fake_hub.requests) == 1 + retries
    with pytest.raises(HTTPError):
        ask(fake_hub.session(retry=RetryPolicy(1, **QUICK)))
    assert len(fake_hub.requests) == 3 + retries


@twins
def test_default_is_three_retries(ask: Any) -> None:
    fake_hub = FakeHub(httpx.ReadError)
    with pytest.raises(ConnectError):
        ask(fake_hub.session(retry=RetryPolicy(**QUICK)))
    assert len(fake_hub.requests) == 4


@twins
@pytest.mark.parametrize("value", ["-1", "three", "1.5", "101", "٣"])
def test_invalid_setting_is_reported(ask: Any, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITFOUNT_WEB_MAX_RETRIES", value)
    with pytest.raises(ValueError, match="BITFOUNT_WEB_MAX_RETRIES"):
        ask(FakeHub(503).session())


@twins
def test_missing_pod_is_requested_once(ask: Any) -> None:
    fake_hub = FakeHub(404)
    assert ask(fake_hub.session(), "get_pod", "bob/scans") is None
    assert ask(fake_hub.session(), "get_weights", "bob", "Net", 1) is None
    assert len(fake_hub.requests) == 2


@twins
def test_missing_pod_is_retried_with_retry_not_found(ask: Any) -> None:
    fake_hub = FakeHub(404, 404, {"podIdentifier": "bob/scans", "podName": "scans"})
    patient = RetryPolicy(retry_not_found=True, **QUICK)
    assert ask(fake_hub.session(), "get_pod", "bob/scans", retry=patient)["podName"] == "scans"
    assert len(fake_hub.requests) == 3


@twins
def test_creating_call_is_not_retried_with_retry_not_found(ask: Any) -> None:
    fake_hub = FakeHub(404)
    with pytest.raises(HTTPError):
        ask(
            fake_hub.session(retry=RetryPolicy(retry_not_found=True, **QUICK)),
            "create_project",
            "n",
        )
    assert len(fake_hub.requests) == 1


@twins
@pytest.mark.parametrize("failure", [503, 429, httpx.ReadError, httpx.ReadTimeout])
def test_pause_beyond_the_deadline_is_not_started(
    ask: Any, failure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)
    fake_hub = FakeHub(failure)
    slow = RetryPolicy(3, backoff=1000, max_backoff=1000)
    begun = time.monotonic()
    with pytest.raises((HTTPError, ConnectError, RequestTimeout)) as caught:
        ask(fake_hub.session(retry=slow, deadline=20))
    # The error is the failure itself, not the lack of time for another retry.
    assert "would pass" not in str(caught.value)
    assert time.monotonic() - begun < 20
    assert len(fake_hub.requests) == 1


@twins
def test_retry_after_is_limited_by_the_policy(ask: Any) -> None:
    fake_hub = FakeHub(429, 503, PAGE)  # each requests a pause of an hour
    assert ask(fake_hub.session(retry=RetryPolicy(**QUICK)))["totalProjects"] == 0
    assert len(fake_hub.requests) == 3


@twins
def test_raw_requests_are_retried_by_method(ask: Any) -> None:
    def own(session: BitfountSession, method: str) -> httpx.Response:
        if ask is call:
            return session.request(method, f"{HUB}/x")
        return asyncio.run(session.arequest(method, f"{HUB}/x"))

    for method, times in [("GET", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1), ("PATCH", 1)]:
        fake_hub = FakeHub(503)
        assert own(fake_hub.session(retry=RetryPolicy(1, **QUICK)), method).status_code == 503
        assert len(fake_hub.requests) == times, method


# --- Policies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["soon", "", "-1", "1.5", "٣", "Tue, 99 Foo", "9" * 400])
def test_invalid_retry_after_is_ignored(text: str) -> None:
    assert RetryPolicy(max_backoff=30).pause(1, text) <= 30


def test_retry_after_in_the_past_is_zero() -> None:
    assert parse_retry_after(formatdate(0, usegmt=True)) == 0


ODD_DATES = [
    "Fri, 31 Dec 9999 23:59:59 -0000",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0001 00:00:00 -0000",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Thu, 01 Jan 0000 00:00:00 GMT",
    "Thu, 01 Jan 2032 00:00:00 +9999",
    "Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Thu, 01 Jan 2032 00:00:00 +" + "9" * 5000,
]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_odd_dates_are_read_or_ignored_in_every_zone(
    zone: str, set_zone: Callable[[str], None]
) -> None:
    set_zone(zone)
    for date in ODD_DATES:
        assert (parse_retry_after(date) or 0) >= 0
    assert parse_http_date("Thu, 01 Jan 1970 00:00:01 -0000") == 1
    assert parse_http_date("Thu, 01 Jan 1970 00:00:01") == 1
    assert parse_http_date("Thu, 01 Jan 1970 01:00:01 +0100") == 1


@twins
@pytest.mark.parametrize("date", ODD_DATES)
def test_odd_retry_after_raises_only_our_error(
    ask: Any, date: str, set_zone: Callable[[str], None]
) -> None:
    set_zone("Pacific/Auckland")

    def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, headers={"retry-after": date})

    handler = APIKeysHandler("id", "key", "alice")
    session = BitfountSession(
        handler, transport=httpx.MockTransport(busy), retry=RetryPolicy(1, **QUICK)
    )
    with pytest.raises(HTTPError, match="503"):
        ask(session)


def test_policy_reads_retries_from_the_environment(monkeypatch: Any) -> None:
    assert RetryPolicy().max_retries() == 3
    monkeypatch.setenv("BITFOUNT_WEB_MAX_RETRIES", "1")
    assert RetryPolicy().max_retries() == 1
    assert RetryPolicy(retries=0).max_retries() == 0


def test_pauses_grow_with_jitter_up_to_max_backoff() -> None:
    policy = RetryPolicy(backoff=1, max_backoff=5)
    for failures, ceiling in [(1, 1), (2, 2), (3, 4), (4, 5), (5000, 5)]:
        pauses = [policy.pause(failures) for _ in range(200)]
        assert 0.5 * ceiling < max(pauses) <= ceiling
        assert min(pauses) < 0.5 * ceiling


@pytest.mark.parametrize(
    "arguments",
    [{"retries": -1}, {"backoff": -0.1}, {"max_backoff": float("inf")}, {"retries": "3"}],
)
def test_invalid_policy_is_rejected(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        RetryPolicy(**arguments)
