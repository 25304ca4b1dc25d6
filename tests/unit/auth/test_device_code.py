"""The device-code flow against scripted answers: every one of RFC 8628, and failures."""

from __future__ import annotations

from typing import Any

import httpx
import jwt
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
    AuthenticatedUserError,
    AuthenticationError,
    ConnectError,
    RequestTimeout,
)
from bitfount_api._core.effects import Send
from bitfount_api.auth.prompts import LoginPrompt
from bitfount_api.auth.token_store import Token

# --- Logging in ----------------------------------------------------------------------------------


def test_login_returns_and_stores_a_token(authority: FakeAuthority) -> None:
    assert not authority.handler.authenticated
    authority.authenticate(answer(200, CODE), PENDING, PENDING, grant())
    assert authority.handler.authenticated
    assert authority.handler.username == "alice"
    assert authority.handler.hub_request_headers == {"authorization": "Bearer SECRET-access-1"}
    assert authority.handler.am_request_headers == authority.handler.hub_request_headers
    assert authority.driver.pauses == [5, 5, 5]
    assert [call.service.url + call.request["url"] for call in authority.driver.calls] == [
        "https://auth.test/oauth/device/code",
        *["https://auth.test/oauth/token"] * 3,
    ]
    assert all(call.service.audience is None for call in authority.driver.calls)
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "client",
        "device_code": "SECRET-device-code",
    }
    assert authority.forms == [
        {
            "client_id": "client",
            "audience": "https://hub.test/api",
            "scope": "openid offline_access",
        },
        *[poll] * 3,
    ]
    (prompt,) = authority.prompts
    assert prompt == LoginPrompt(
        CODE["verification_uri"], "ABCD-EFGH", 900, CODE["verification_uri_complete"]
    )


def test_stored_token_makes_a_login_unnecessary(make: HandlerFactory) -> None:
    first = make()
    first.authenticate(answer(200, CODE), grant())
    assert first.stored() == Token(
        "SECRET-access-1", id_token(), first.driver.now + DAY, "SECRET-refresh-1"
    )
    second = make()
    second.authenticate()
    assert second.access_token == "SECRET-access-1"
    assert second.handler.username == "alice"


@pytest.mark.parametrize(
    ("interval", "pauses"),
    [(None, [5, 5]), (0, [0.05] * 2), (-7, [0.05] * 2), (0.25, [0.25] * 2), (60, [60, 60])],
)
def test_polling_interval_is_that_of_the_service(
    authority: FakeAuthority, interval: Any, pauses: list[float]
) -> None:
    code = {**CODE, "interval": interval}
    if interval is None:
        del code["interval"]
    authority.authenticate(answer(200, code), PENDING, grant())
    assert authority.driver.pauses == pauses


@pytest.mark.parametrize("status", [400, 403, 429])
def test_slow_down_adds_five_seconds_permanently(authority: FakeAuthority, status: int) -> None:
    slow = error("slow_down", status, headers={"retry-after": "1"})
    authority.authenticate(answer(200, CODE), PENDING, slow, PENDING, slow, PENDING, grant())
    assert authority.driver.pauses == [5, 5, 10, 10, 15, 15]


@pytest.mark.parametrize(
    "trouble",
    [
        error("too_many_requests", 429),
        error("whatever", 429),
        error("temporarily_unavailable", 503),
        error("server_error", 400),
        error("access_denied", 500),
        answer(502, text="<html>Bad gateway</html>"),
        answer(520, text="<html>"),
        answer(408),
        answer(429, text="<html>slow down</html>"),
        ConnectError("refused", sent=False),
        ConnectError("reset"),
        RequestTimeout("silent"),
    ],
    ids=repr,
)
def test_transient_polling_errors_increase_the_pauses(
    authority: FakeAuthority, trouble: Any
) -> None:
    authority.authenticate(answer(200, CODE), *[trouble] * 5, PENDING, grant())
    assert authority.driver.pauses == [5, 10, 20, 40, 60, 60, 5]


def test_retry_after_is_honoured_up_to_a_minute(authority: FakeAuthority) -> None:
    answers = [answer(503, headers={"retry-after": text}) for text in ("1", "17", "9999")]
    authority.authenticate(answer(200, CODE), *answers, grant())
    assert authority.driver.pauses == [5, 5, 17, 60]


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (PENDING, "start again"),
        (error("slow_down"), "start again"),
        (answer(500), "last error: polling failed: the authorization server answered 500"),
        (ConnectError("reset"), "last error: reset"),
    ],
)
def test_login_ends_when_the_code_expires(
    authority: FakeAuthority, trouble: Any, message: str
) -> None:
    began = authority.driver.now

    def forever(_: Send) -> Any:
        authority.driver.outcomes.append(forever)
        return trouble

    with pytest.raises(AuthenticationError, match="not confirmed in time") as caught:
        authority.authenticate(answer(200, {**CODE, "expires_in": 100}), forever)
    assert 0 < authority.driver.now - began < 100
    assert str(caught.value).endswith((message, f"{message})"))
    assert authority.stored() is None


def test_code_without_a_limit_expires_after_an_hour(authority: FakeAuthority) -> None:
    began = authority.driver.now

    def forever(_: Send) -> Any:
        authority.driver.outcomes.append(forever)
        return PENDING

    with pytest.raises(AuthenticationError, match="not confirmed in time"):
        authority.authenticate(answer(200, {**CODE, "expires_in": 1e300}), forever)
    assert 3500 < authority.driver.now - began < 3600
    assert authority.prompts[0].expires_in == 3600


@pytest.mark.parametrize("status", [400, 401, 403, 429])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("access_denied", "denied in the browser"),
        ("expired_token", "not confirmed in time"),
        ("invalid_grant", "invalid_grant: as it says"),
        ("invalid_client", "invalid_client"),
        ("unauthorized_client", "unauthorized_client"),
        ("unsupported_grant_type", "unsupported_grant_type"),
    ],
)
def test_rejection_ends_the_login(
    authority: FakeAuthority, code: str, words: str, status: int
) -> None:
    with pytest.raises(AuthenticationError, match=words):
        authority.authenticate(answer(200, CODE), PENDING, error(code, status))
    assert not authority.handler.authenticated


@pytest.mark.parametrize(
    "odd",
    [
        error("something_new"),
        error(None),
        error(["authorization_pending"]),
        error({"authorization_pending": 1}),
        answer(403, ["authorization_pending"]),
        answer(403, text="authorization_pending"),
        answer(403, text="<html>Access denied</html>"),
        answer(404),
        answer(400, content=b"[" * 100_000),
        answer(200, {"error": "authorization_pending"}),
        answer(200, text="<html>Welcome</html>"),
        answer(200, []),
        answer(204),
        answer(201, {"access_token": "a", "expires_in": 1}),
        answer(302, headers={"location": "https://evil.test"}),
        grant(access_token=...),
        grant(access_token=7),
        grant(access_token=""),
        grant(access_token="a b"),
        grant(access_token="a\r\nx-evil: 1"),
        grant(expires_in=...),
        *(grant(expires_in=text) for text in ("", "soon", "-1", "1e5", "٣", " 1", "0x1", "nan")),
        grant(expires_in=0),
        grant(expires_in=-1),
        grant(expires_in=1e300),
        grant(token_type="mac"),
        grant(id_token=...),
        grant(id_token=""),
        grant(id_token="not.a.jwt"),
        grant(id_token="a.b"),
        grant(id_token="é.é.é"),
        grant(id_token="." * 100_000),
        grant(id_token=jwt.encode({"sub": "alice"}, "k" * 32)),
        grant(username=None),
        grant(username=""),
        grant(username=7),
        grant(username=["alice"]),
        grant(username="../bob"),
        grant(username="a" * 40),
        grant(username="Alice\n"),
    ],
    ids=lambda response: f"{response.status_code} {response.text[:60]}",
)
def test_invalid_answers_end_the_login_with_an_error(
    authority: FakeAuthority, odd: httpx.Response
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        authority.authenticate(answer(200, CODE), odd)
    assert not authority.handler.authenticated
    assert authority.stored() is None
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_in": "86400"},
        {"expires_in": "86400.0"},
        {"scope": None},
        {"scope": ["openid", "offline_access"]},
        {"token_type": None},
        {"token_type": "bearer"},
        {"refresh_token": None},
        {"refresh_token": ""},
        {"refresh_expires_in": "x", "not-before-policy": 0},
    ],
    ids=repr,
)
def test_odd_but_harmless_grants_are_accepted(
    authority: FakeAuthority, changes: dict[str, Any]
) -> None:
    authority.authenticate(answer(200, CODE), grant(1, **changes))
    stored = authority.stored()
    assert stored is not None
    assert stored.expires_at == authority.driver.now + DAY
    authority.driver.now += DAY
    answers = [] if stored.refresh_token else [answer(200, CODE)]
    authority.authenticate(
        *answers, grant(2, **{"id_token": None, **changes} if not answers else changes)
    )
    assert authority.access_token == "SECRET-access-2"
    assert authority.handler.username == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_in": "900"},
        {"interval": "5"},
        {"interval": "5.0", "expires_in": 900.0},
        {"interval": None},
        {"verification_uri_complete": None},
        {"verification_url": "https://auth.test/other"},
    ],
    ids=repr,
)
def test_odd_but_harmless_codes_are_accepted(
    authority: FakeAuthority, changes: dict[str, Any]
) -> None:
    authority.authenticate(answer(200, {**CODE, **changes}), PENDING, grant())
    assert authority.driver.pauses == [5, 5]
    assert authority.prompts[0].expires_in == 900


def test_only_the_user_name_of_an_id_token_is_checked(
    authority: FakeAuthority,
) -> None:
    odd = id_token(exp=1, nbf=4e9, iat="x", aud=["y"], iss="?", sub=7)
    authority.authenticate(answer(200, CODE), grant(id_token=odd))
    assert authority.handler.username == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {name: ...}
        for name in ("device_code", "user_code", "verification_uri", "expires_in")
    ]
    + [
        {"device_code": ""},
        {"device_code": None},
        {"user_code": " "},
        {"user_code": "A\x1b[2J"},
        {"user_code": "A" * 3000},
        {"user_code": "A\u202eB"},
        {"expires_in": 0},
        {"expires_in": -5},
        {"expires_in": "soon"},
        {"expires_in": None},
        {"expires_in": True},
        {"interval": "often"},
        *(
            {name: address}
            for name in ("verification_uri", "verification_uri_complete")
            for address in (
                "", "javascript:alert(1)", "file:///etc/passwd", "ftp://auth.test/x", "auth.test",
                "//auth.test/x", "https:///x", "data:text/html,x", "https://auth.test/\x1b[2J",
                "https://auth.test/a b", "https://user:pass@auth.test/", "https://auth.test:x/",
                "vscode://x", "https://auth.test/" + "a" * 3000,
            )
        ),
    ],
    ids=repr,
)  # fmt: skip
def test_unusable_code_is_rejected(authority: FakeAuthority, changes: dict[str, Any]) -> None:
    code = {name: value for name, value in {**CODE, **changes}.items() if value is not ...}
    with pytest.raises(AuthenticationError) as caught:
        authority.authenticate(answer(200, code))
    assert authority.prompts == []
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (error("unauthorized_client"), "403: unauthorized_client: as it says"),
        (error("invalid_request", 400), "invalid_request"),
        (answer(404, text="<html>"), "answered 404"),
        (answer(301, headers={"location": "https://evil.test"}), "answered 301"),
    ],
)
def test_login_that_cannot_start_raises(
    authority: FakeAuthority, refusal: httpx.Response, words: str
) -> None:
    with pytest.raises(AuthenticationError, match=words):
        authority.authenticate(refusal)


def test_code_request_is_retried_as_the_policy_says(authority: FakeAuthority) -> None:
    with pytest.raises(AuthenticationError, match="answered 503"):
        authority.authenticate(*[answer(503)] * 3)
    with pytest.raises(AuthenticationError, match="reset"):
        authority.authenticate(*[ConnectError("reset")] * 3)
    authority.authenticate(answer(429), ConnectError("reset"), answer(200, CODE), grant())
    assert authority.handler.authenticated


def test_failing_prompt_raises(make: HandlerFactory) -> None:
    def fail(_: LoginPrompt) -> None:
        raise OSError("no display")

    with pytest.raises(AuthenticationError, match="prompt for the login failed with a OSError"):
        make(prompt=fail).authenticate(answer(200, CODE))


def test_authentication_error_of_a_prompt_is_kept(make: HandlerFactory) -> None:
    def fail(_: LoginPrompt) -> None:
        raise AuthenticationError("nobody is here")

    with pytest.raises(AuthenticationError, match=r"^nobody is here$"):
        make(prompt=fail).authenticate(answer(200, CODE))


def test_secrets_quoted_by_the_service_are_hidden(authority: FakeAuthority) -> None:
    quoting = answer(403, {"error": "odd", "error_description": f"{CODE['device_code']} is odd"})
    with pytest.raises(AuthenticationError, match=r"\[hidden\] is odd"):
        authority.authenticate(answer(200, CODE), quoting)


# --- The user ------------------------------------------------------------------------------------


def test_login_of_another_user_is_rejected(make: HandlerFactory) -> None:
    made = make("alice")
    assert made.handler.username == "alice"
    with pytest.raises(AuthenticatedUserError, match="the token is bob's, but alice has to log in"):
        made.authenticate(answer(200, CODE), grant(username="bob"))
    assert not made.handler.authenticated
    assert not made.file.path.exists()
    made.authenticate(answer(200, CODE), grant())
    assert made.handler.authenticated
    assert made.file.path.parent.name == "alice"


def test_user_name_is_unknown_before_the_login(authority: FakeAuthority) -> None:
    with pytest.raises(AuthenticatedUserError, match=r"authenticate\(\) first"):
        authority.handler.username  # noqa: B018
    with pytest.raises(AuthenticationError, match=r"authenticate\(\) first"):
        authority.handler.am_request_headers  # noqa: B018


def test_handler_rejects_a_change_of_user(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant())
    with pytest.raises(AuthenticatedUserError, match="bob's"):
        authority.authenticate(
            error("invalid_grant"), answer(200, CODE), grant(username="bob"), refused=True
        )
    assert authority.handler.username == "alice"


@pytest.mark.parametrize("other", [id_token("bob"), "rubbish"])
def test_token_file_of_another_user_is_ignored(
    make: HandlerFactory, other: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = make("alice")
    made.store(7, id_token=other)
    made.authenticate(answer(200, CODE), grant())
    assert made.access_token == "SECRET-access-1"
    assert len(caplog.records) == 1
    assert "SECRET" not in caplog.text


def test_handler_repr_has_no_secrets(authority: FakeAuthority) -> None:
    authority.authenticate(answer(200, CODE), grant())
    shown = repr(authority.handler) + repr(vars(authority.handler))
    assert "SECRET" not in shown
    assert "alice" in repr(authority.handler)
