"""Refreshing the tokens of the device-code flow, alone and with other processes."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from support.oauth import (
    CODE,
    DAY,
    PENDING,
    FakeAuthority,
    HandlerFactory,
    answer,
    error,
    grant,
    id_token,
)

from bitfount_api import (
    AuthenticationError,
    ConnectError,
    RequestTimeout,
)
from bitfount_api._core.effects import Send
from bitfount_api._internal.operation import Retry
from bitfount_api.auth.token_store import TokenFile

# --- Refreshing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "fresh"), [(601, True), (600, False), (599, False), (-5, False)])
def test_token_expires_ten_minutes_early(
    authority: FakeAuthority, left: float, fresh: bool
) -> None:
    authority.store(1, left)
    authority.authenticate(*([] if fresh else [grant(2)]))
    assert authority.access_token == f"SECRET-access-{1 if fresh else 2}"
    authority.driver.now += DAY - 601
    assert authority.handler.authenticated is (not fresh)


def test_refresh_tokens_rotate(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant(1))
    for number in (2, 3):
        authority.driver.now += DAY
        authority.authenticate(grant(number))
        assert authority.forms == [
            {
                "client_id": "client",
                "grant_type": "refresh_token",
                "refresh_token": f"SECRET-refresh-{number - 1}",
            }
        ]
        stored = authority.stored()
        assert stored is not None
        assert stored.refresh_token == f"SECRET-refresh-{number}"
        assert stored.expires_at == authority.driver.now + DAY
    assert len(authority.prompts) == 1


def test_refresh_is_retried_only_if_unsent(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant(1))
    authority.authenticate(ConnectError("refused", sent=False), grant(2), refused=True)
    assert authority.driver.calls[0].operation.retry is Retry.IF_UNSENT
    for trouble in (ConnectError("reset"), RequestTimeout("silent"), answer(503), answer(500)):
        with pytest.raises(AuthenticationError):
            authority.authenticate(trouble, refused=True)
    authority.authenticate(answer(429), error("too_many_requests", 429), grant(3), refused=True)
    with pytest.raises(AuthenticationError, match="429"):
        authority.authenticate(*[answer(429)] * 3, refused=True)
    assert len(authority.prompts) == 1


def test_refresh_keeps_the_id_token_missing_in_the_answer(authority: FakeAuthority) -> None:
    authority.store(1, 60)
    authority.authenticate(grant(2, id_token=...))
    stored = authority.stored()
    assert stored is not None
    assert (stored.access_token, stored.refresh_token) == ("SECRET-access-2", "SECRET-refresh-2")
    assert stored.id_token == id_token()


@pytest.mark.parametrize("value", [..., ""])
@pytest.mark.parametrize("from_file", [False, True])
def test_used_refresh_token_is_never_sent_again(
    authority: FakeAuthority, value: Any, from_file: bool
) -> None:
    if from_file:
        authority.store(1, 60)
    else:
        authority.authenticate(answer(200, CODE), grant(1))
        authority.driver.now += DAY
    authority.authenticate(grant(2, refresh_token=value))
    stored = authority.stored()
    assert stored is not None
    assert (stored.access_token, stored.refresh_token) == ("SECRET-access-2", None)
    authority.driver.now += DAY
    authority.authenticate(answer(200, CODE), grant(3))
    assert [form.get("refresh_token") for form in authority.forms] == [None] * 2


@pytest.mark.parametrize(
    "refusal",
    [error("invalid_grant", status) for status in (400, 401, 403, 429)]
    + [error("unauthorized_client"), error("something_new", 400)],
)
def test_rejected_refresh_token_starts_a_login(
    authority: FakeAuthority, refusal: httpx.Response
) -> None:
    authority.store(1, 60)
    authority.authenticate(refusal, answer(200, CODE), PENDING, grant(2))
    assert authority.access_token == "SECRET-access-2"
    assert len(authority.prompts) == 1


def test_token_without_refresh_token_starts_a_login(authority: FakeAuthority) -> None:
    authority.store(1, 60, refresh_token=None)
    authority.authenticate(answer(200, CODE), grant(2, refresh_token=...))
    stored = authority.stored()
    assert stored is not None
    assert stored.refresh_token is None


AWAY = [
    answer(500),
    answer(503, text="<html>"),
    answer(403, text="<html>blocked by proxy</html>"),
    answer(200, text="<html>captive portal</html>"),
    answer(302, headers={"location": "https://portal.test"}),
    ConnectError("reset"),
    RequestTimeout("silent"),
]


@pytest.mark.parametrize("trouble", AWAY, ids=repr)
def test_unreachable_service_starts_no_login(authority: FakeAuthority, trouble: Any) -> None:
    authority.store(1, -1)
    with pytest.raises(AuthenticationError) as caught:
        authority.authenticate(trouble)
    assert "SECRET" not in str(caught.value)
    assert authority.prompts == []
    authority.authenticate(grant(2))  # nothing is lost
    assert authority.forms[0]["refresh_token"] == "SECRET-refresh-1"


@pytest.mark.parametrize("trouble", AWAY, ids=repr)
@pytest.mark.parametrize("from_file", [False, True])
def test_unreachable_service_keeps_an_unexpired_token(
    authority: FakeAuthority, trouble: Any, from_file: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if from_file:
        authority.store(1, 300)
    else:
        authority.authenticate(answer(200, CODE), grant(1))
        authority.driver.now += DAY - 300
    authority.authenticate(trouble)
    assert authority.handler.authenticated
    assert authority.access_token == "SECRET-access-1"
    assert "stays in use" in caplog.text
    assert "SECRET" not in caplog.text
    authority.driver.now += 60
    assert not authority.handler.authenticated
    authority.driver.now += 220  # so that 15 seconds are left
    with pytest.raises(AuthenticationError):
        authority.authenticate(trouble)


def test_refresh_token_quoted_by_the_service_is_hidden(authority: FakeAuthority) -> None:
    authority.store(1, -1, refresh_token="SECRET/+=1")
    quoted = "SECRET/+=1 (sent as SECRET%2F%2B%3D1) is odd"
    with pytest.raises(AuthenticationError, match=r"\[hidden\] \(sent as \[hidden\]\) is odd"):
        authority.authenticate(answer(500, {"error": "odd", "error_description": quoted}))


def test_rejected_token_is_not_used_again(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant(1))
    with pytest.raises(AuthenticationError):
        authority.authenticate(answer(503), refused=True)


def test_short_lived_token_is_used_for_half_its_lifetime(
    authority: FakeAuthority,
) -> None:
    authority.authenticate(answer(200, CODE), grant(1, expires_in=300))
    authority.driver.now += 140
    assert authority.handler.authenticated
    authority.driver.now += 20
    assert not authority.handler.authenticated


BAD_REFRESH = [
    grant(2, username="bob"),
    grant(2, id_token="rubbish"),
    grant(2, access_token=""),
    grant(2, access_token=...),
    grant(2, refresh_token=7),
    grant(2, refresh_token=["a"]),
    grant(2, expires_in="soon"),
    grant(2, expires_in=-1),
    grant(2, token_type="mac"),
    answer(200, {}),
    *(
        answer(200, content=content, headers={"content-type": kind})
        for kind, content in [
            ("application/json", b'{"access_token":"SECRET-access-2","refresh_tok'),
            ("Application/JSON; charset=utf-8", b""),
            ("application/json", '{"access_token":"SECRET-access-2"}'.encode("utf-16")),
            ("application/x-www-form-urlencoded", b"access_token=SECRET-access-2"),
        ]
    ),
]


@pytest.mark.parametrize("bad", BAD_REFRESH)
@pytest.mark.parametrize("from_file", [False, True])
def test_used_refresh_token_is_removed_if_the_new_is_invalid(
    make: HandlerFactory, bad: httpx.Response, from_file: bool
) -> None:
    authority = make("alice")
    if from_file:
        authority.store(1, 60)
    else:
        authority.authenticate(answer(200, CODE), grant(1))
    with pytest.raises(AuthenticationError):
        authority.authenticate(bad, refused=not from_file)
    assert not authority.file.path.exists()
    authority.authenticate(answer(200, CODE), grant(3))
    assert not any("refresh_token" in form for form in authority.forms)
    assert len(authority.prompts) == (1 if from_file else 2)


@pytest.mark.parametrize("status", [201, 202, 206])
def test_grant_with_another_status_is_used(authority: FakeAuthority, status: int) -> None:
    authority.store(1, -1)
    odd = grant(2)
    odd.status_code = status
    authority.authenticate(odd)
    assert authority.access_token == "SECRET-access-2"
    stored = authority.stored()
    assert stored is not None
    assert stored.refresh_token == "SECRET-refresh-2"


@pytest.mark.parametrize("status", [201, 206])
def test_damaged_grant_with_another_status_was_granted(
    authority: FakeAuthority, status: int
) -> None:
    authority.store(1, -1)
    cut = b'{"access_token":"SECRET-access-2","refresh_tok'
    with pytest.raises(AuthenticationError):
        authority.authenticate(answer(status, content=cut))
    assert authority.stored() is None


def test_used_refresh_token_of_the_file_is_not_sent(
    authority: FakeAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the file cannot be removed."""
    monkeypatch.setattr(TokenFile, "remove", lambda _: None)
    authority.store(1, 60)
    with pytest.raises(AuthenticationError):
        authority.authenticate(grant(2, expires_in=-1))
    assert authority.stored() is not None
    authority.authenticate(answer(200, CODE), grant(3))
    assert not any("refresh_token" in form for form in authority.forms)


def test_renewed_token_of_another_may_expire_earlier(authority: FakeAuthority) -> None:
    """The authorization server has begun to give tokens a shorter life, say."""
    authority.authenticate(answer(200, CODE), grant(1))
    authority.store(2, 60)
    authority.authenticate(grant(3), refused=True)
    assert [form.get("refresh_token") for form in authority.forms] == ["SECRET-refresh-2"]


# --- With other processes ------------------------------------------------------------------------


def test_token_renewed_by_another_process_is_used(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant(1))
    authority.store(2)
    authority.authenticate(refused=True)
    assert authority.access_token == "SECRET-access-2"


def test_rejected_token_is_not_read_from_the_file_again(authority: FakeAuthority) -> None:
    authority.store(1)
    authority.authenticate()
    authority.authenticate(grant(2), refused=True)
    assert authority.access_token == "SECRET-access-2"


def test_lock_is_awaited_and_the_file_read_again(
    authority: FakeAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    authority.store(1, 60)
    lock = authority.file.try_lock()
    assert lock is not None
    flow = authority.handler.authentication(refused=False, loop=None)
    steps = [next(flow)]
    for _ in range(40):
        step = steps[-1]
        steps.append(flow.send(step.run() if hasattr(step, "run") else None))
    assert caplog.text.count("Waiting for another process to log in") == 1
    authority.store(2)  # the lock is still held, perhaps by a third process that started waiting
    authority.driver.run(flow_rest(flow, steps[-1]))
    lock.release()
    assert authority.access_token == "SECRET-access-2"
    assert authority.driver.calls == []


def flow_rest(flow: Any, step: Any) -> Generator[Any, Any, None]:
    """The rest of a flow that has already yielded ``step``."""
    while True:
        outcome = yield step
        try:
            step = flow.send(outcome)
        except StopIteration:
            return


def test_the_file_is_read_again_under_the_lock(
    authority: FakeAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.store(1, 60)
    taken = TokenFile.try_lock

    def just_in_time(file: TokenFile) -> Any:
        authority.store(2)  # by the process that has just released the lock
        return taken(file)

    monkeypatch.setattr(TokenFile, "try_lock", just_in_time)
    authority.authenticate()
    assert authority.access_token == "SECRET-access-2"


def test_lock_that_is_never_released_raises(
    authority: FakeAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TokenFile, "try_lock", lambda _: None)
    with pytest.raises(AuthenticationError, match="locked by another process for over an hour"):
        authority.authenticate()
    assert max(authority.driver.pauses) == 1


@pytest.mark.parametrize("outcome", ["success", "failure", "closed"])
def test_lock_is_always_released(authority: FakeAuthority, outcome: str) -> None:
    if outcome == "success":
        authority.authenticate(answer(200, CODE), grant())
    elif outcome == "failure":
        with pytest.raises(AuthenticationError):
            authority.authenticate(error("invalid_client"))
    else:
        flow = authority.handler.authentication(refused=False, loop=None)
        step: Any = next(flow)
        while not isinstance(step, Send):
            step = flow.send(step.run())
        assert authority.file.try_lock() is None
        flow.close()
    lock = authority.file.try_lock()
    assert lock is not None
    lock.release()


@pytest.fixture
def unlockable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: TokenFile) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(TokenFile, "try_lock", fail)


@pytest.mark.usefixtures("unlockable")
def test_without_a_lock_stored_token_is_used_but_not_renewed(
    authority: FakeAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    authority.store(1, 700)
    authority.authenticate()
    authority.driver.now += 200
    authority.handler._current = None
    authority.authenticate(answer(200, CODE), grant(2))
    assert authority.access_token == "SECRET-access-2"
    assert "cannot be shared with other processes: Permission denied" in caplog.text
    authority.driver.now += DAY
    authority.authenticate(grant(3))  # it may use its own refresh token
    assert authority.forms[0]["refresh_token"] == "SECRET-refresh-2"
    assert len(caplog.records) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_folder_cannot_be_locked(authority: FakeAuthority) -> None:
    authority.store(1)
    lock = authority.file.try_lock()
    assert lock is not None
    lock.release()
    authority.file.path.parent.chmod(0o500)
    with pytest.raises(PermissionError):
        authority.file.try_lock()
    authority.file.path.parent.chmod(0o700)


def test_token_that_cannot_be_written_stays_in_memory(
    authority: FakeAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.store(1, 60)
    before = authority.file.path.read_bytes()
    authority.authenticate(grant(2))
    authority.file.path.write_bytes(before)  # as if writing and deleting had failed
    authority.driver.now += DAY
    authority.authenticate(grant(3))
    assert authority.forms[0]["refresh_token"] == "SECRET-refresh-2"
