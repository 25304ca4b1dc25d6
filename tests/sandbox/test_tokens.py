"""The authorization server: device codes in every state, and refresh tokens that rotate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from support.sandbox_api import AUDIENCE, CLIENT_ID, DEVICE_GRANT, SCOPE, Api, Clock, done

from bitfount_api.sandbox import Lifetimes, Sandbox

CLAIM = "https://www.bitfount.com/username"


def begin(api: Api, **changes: str) -> dict[str, Any]:
    form = {"client_id": CLIENT_ID, "scope": SCOPE, "audience": AUDIENCE, **changes}
    begun = api.oauth("/oauth/device/code", **form)
    assert begun.headers["cache-control"] == "no-store"
    answer: dict[str, Any] = done(begun)
    return answer


def poll(api: Api, begun: dict[str, Any], client_id: str = CLIENT_ID) -> httpx.Response:
    form = {"client_id": client_id, "device_code": begun["device_code"]}
    return api.oauth("/oauth/token", grant_type=DEVICE_GRANT, **form)


def refresh(api: Api, token: str, client_id: str = CLIENT_ID) -> httpx.Response:
    form = {"client_id": client_id, "refresh_token": token}
    return api.oauth("/oauth/token", grant_type="refresh_token", **form)


def grant(sandbox: Sandbox, api: Api, **changes: str) -> dict[str, Any]:
    begun = begin(api, **changes)
    assert sandbox.approve(begun["user_code"], "alice")
    answer: dict[str, Any] = done(poll(api, begun))
    return answer


def error(answer: httpx.Response, status: int = 403) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    content = answer.json()
    assert content.keys() == {"error", "error_description"}
    assert content["error_description"]
    word: str = content["error"]
    return word


# --- Device codes --------------------------------------------------------------------------------


def test_device_code_is_issued_as_documented(sandbox: Sandbox, nobody: Api) -> None:
    begun = begin(nobody)
    assert begun.keys() == {
        *("device_code", "user_code", "verification_uri", "verification_uri_complete"),
        *("expires_in", "interval"),
    }
    assert (begun["expires_in"], begun["interval"]) == (900, 5)
    assert begun["verification_uri"] == f"{sandbox.hub_url}/activate"
    assert begun["verification_uri_complete"].endswith(f"?user_code={begun['user_code']}")
    assert begin(nobody)["device_code"] != begun["device_code"]


def test_an_approved_code_gives_tokens_once(sandbox: Sandbox, nobody: Api) -> None:
    begun = begin(nobody)
    assert error(poll(nobody, begun)) == "authorization_pending"
    assert sandbox.approve(begun["user_code"], "alice")
    tokens = done(poll(nobody, begun))
    assert tokens.keys() == {
        *("access_token", "id_token", "refresh_token", "scope", "expires_in", "token_type")
    }
    assert (tokens["expires_in"], tokens["token_type"], tokens["scope"]) == (86400, "Bearer", SCOPE)
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (claims[CLAIM], claims["aud"]) == ("alice", CLIENT_ID)
    assert error(poll(nobody, begun)) == "invalid_grant"


def test_scopes_not_requested_are_not_granted(sandbox: Sandbox, nobody: Api) -> None:
    tokens = grant(sandbox, nobody, scope="profile")
    assert not tokens.keys() & {"id_token", "refresh_token"}


def test_a_denied_code_stays_denied(sandbox: Sandbox, nobody: Api) -> None:
    begun = begin(nobody)
    assert sandbox.deny(begun["user_code"])
    assert error(poll(nobody, begun)) == "access_denied"
    assert error(poll(nobody, begun)) == "access_denied"
    assert not sandbox.approve(begun["user_code"], "alice")


def test_code_can_be_decided_once(sandbox: Sandbox, nobody: Api) -> None:
    begun = begin(nobody)
    assert sandbox.approve(begun["user_code"], "alice")
    assert not sandbox.approve(begun["user_code"], "bob")
    assert not sandbox.deny(begun["user_code"])
    assert not sandbox.deny("BBBB-BBBB")
    claims = jwt.decode(done(poll(nobody, begun))["id_token"], options={"verify_signature": False})
    assert claims[CLAIM] == "alice"


@pytest.mark.parametrize("approved", [False, True])
def test_code_expires_after_any_decision(
    approved: bool, sandbox: Sandbox, clock: Clock, nobody: Api
) -> None:
    begun = begin(nobody)
    if approved:
        assert sandbox.approve(begun["user_code"], "alice")
    clock.now += 899.5
    if not approved:
        assert error(poll(nobody, begun)) == "authorization_pending"
    clock.now += 0.5
    assert error(poll(nobody, begun)) == "expired_token"
    assert not sandbox.approve(begun["user_code"], "alice")


def test_fast_polling_increases_the_interval(nobody: Api, clock: Clock) -> None:
    begun = begin(nobody)
    assert error(poll(nobody, begun)) == "authorization_pending"
    clock.now += 4.9
    assert error(poll(nobody, begun), 429) == "slow_down"
    clock.now += 9.9  # the interval is now 10 seconds
    assert error(poll(nobody, begun), 429) == "slow_down"
    clock.now += 14.9  # the interval is now 15 seconds
    assert error(poll(nobody, begun), 429) == "slow_down"
    clock.now += 20
    assert error(poll(nobody, begun)) == "authorization_pending"


def test_code_of_another_client_is_unknown(sandbox: Sandbox, nobody: Api) -> None:
    begun = begin(nobody)
    assert sandbox.approve(begun["user_code"], "alice")
    assert error(poll(nobody, begun, "another-client")) == "invalid_grant"
    assert error(poll(nobody, {"device_code": "x"})) == "invalid_grant"
    done(poll(nobody, begun))


@pytest.mark.parametrize(
    "typed",
    [str, str.lower, lambda code: code.replace("-", ""), lambda code: f" {code[:2]} {code[2:]} "],
    ids=["as shown", "in small letters", "without the dash", "with spaces"],
)
def test_code_is_accepted_in_any_case_and_spacing(
    typed: Any, sandbox: Sandbox, nobody: Api
) -> None:
    begun = begin(nobody)
    assert sandbox.approve(typed(begun["user_code"]), "alice")
    done(poll(nobody, begun))


# --- Refresh tokens ------------------------------------------------------------------------------


def test_refresh_tokens_rotate(sandbox: Sandbox, nobody: Api) -> None:
    first = grant(sandbox, nobody)
    second = done(refresh(nobody, first["refresh_token"]))
    third = done(refresh(nobody, second["refresh_token"]))
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert third["scope"] == SCOPE
    assert sandbox.state.tokens.reuses == 0


def test_reused_refresh_token_revokes_its_family(sandbox: Sandbox, nobody: Api) -> None:
    other = grant(sandbox, nobody)
    first = grant(sandbox, nobody)
    second = done(refresh(nobody, first["refresh_token"]))
    assert error(refresh(nobody, first["refresh_token"])) == "invalid_grant"
    assert error(refresh(nobody, second["refresh_token"])) == "invalid_grant"
    assert sandbox.state.tokens.reuses == 1
    done(refresh(nobody, other["refresh_token"]))


def test_refresh_token_of_another_client_is_no_reuse(sandbox: Sandbox, nobody: Api) -> None:
    tokens = grant(sandbox, nobody)
    assert error(refresh(nobody, tokens["refresh_token"], "another-client")) == "invalid_grant"
    assert error(refresh(nobody, "x")) == "invalid_grant"
    done(refresh(nobody, tokens["refresh_token"]))


def test_all_refresh_tokens_can_be_revoked(sandbox: Sandbox, nobody: Api) -> None:
    tokens = grant(sandbox, nobody)
    sandbox.state.tokens.revoke()
    assert error(refresh(nobody, tokens["refresh_token"])) == "invalid_grant"


# --- Access tokens -------------------------------------------------------------------------------


def bearer(api: Api, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    statuses = {
        api.hub("GET", "/api/projects", headers=headers).status_code,
        api.fhir("GET", "/api/pairings", headers=headers).status_code,
        # The request itself is not valid, but its credentials are.
        {422: 200}.get((am := api.am("POST", "/api/access", {}, headers=headers)).status_code)
        or am.status_code,
    }
    assert len(statuses) == 1
    return statuses.pop()


def test_access_token_is_valid_for_all_services_until_expiry(
    sandbox: Sandbox, clock: Clock, nobody: Api
) -> None:
    token = grant(sandbox, nobody)["access_token"]
    assert bearer(nobody, token) == 200
    clock.now += 86399
    assert bearer(nobody, token) == 200
    clock.now += 1
    assert bearer(nobody, token) == 401


def test_other_tokens_are_rejected(sandbox: Sandbox, nobody: Api) -> None:
    tokens = grant(sandbox, nobody)
    assert bearer(nobody, tokens["id_token"]) == 401
    assert bearer(nobody, tokens["refresh_token"]) == 401
    head, payload, signature = tokens["access_token"].split(".")
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    forged = jwt.encode(claims, "another secret that is long enough", algorithm="HS256")
    assert bearer(nobody, forged) == 401
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert bearer(nobody, unsigned) == 401
    assert bearer(nobody, f"{head}.{payload}.{signature[::-1]}") == 401


def test_token_of_another_sandbox_is_rejected(nobody: Api, tmp_path: Any) -> None:
    other = Sandbox(tmp_path)
    token = other.token("alice")
    other.stop()
    assert bearer(nobody, token) == 401


def test_bearer_is_case_insensitive(sandbox: Sandbox, nobody: Api) -> None:
    headers = {"authorization": f"bEARER   {sandbox.token('alice')}"}
    done(nobody.hub("GET", "/api/projects", headers=headers))


# --- What makes no sense -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form", "missing"),
    [
        ("/oauth/device/code", {}, "client_id, scope, audience"),
        ("/oauth/device/code", {"client_id": "c", "scope": "s", "audience": ""}, "audience"),
        ("/oauth/token", {}, "grant_type, client_id"),
        ("/oauth/token", {"grant_type": DEVICE_GRANT, "client_id": "c"}, "device_code"),
        ("/oauth/token", {"grant_type": "refresh_token", "client_id": "c"}, "refresh_token"),
    ],
)
def test_missing_form_field_is_named(
    path: str, form: dict[str, str], missing: str, nobody: Api
) -> None:
    answer = nobody.oauth(path, **form)
    assert error(answer, 400) == "invalid_request"
    assert answer.json()["error_description"] == f"Missing parameter: {missing}"


def test_unsupported_grants_are_rejected(nobody: Api) -> None:
    answer = nobody.oauth("/oauth/token", grant_type="password", client_id="c", username="alice")
    assert error(answer, 400) == "unsupported_grant_type"


def test_invalid_form_is_answered_with_an_oauth_error(sandbox: Sandbox, nobody: Api) -> None:
    odd = {"content-type": "multipart/form-data; boundary=x"}
    for path in ("/oauth/device/code", "/oauth/token"):
        answer = nobody.hub("POST", path, headers=odd, content=b"--y\r\nwhatever")
        assert error(answer, 400) == "invalid_request"


# --- Lifetimes -----------------------------------------------------------------------------------


@pytest.fixture(params=[1_000_000_000.75, 4_000_000_000.75], ids=["long ago", "long after"])
def hasty(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[tuple[Sandbox, Clock, Api]]:
    clock = Clock(request.param)
    lifetimes = Lifetimes(device_code=2, interval=0.5, access_token=0.5)
    with Sandbox(tmp_path, clock=clock, lifetimes=lifetimes) as sandbox:
        api = Api(sandbox)
        yield sandbox, clock, api
        api.close()


def test_token_lifetimes_have_fractions_of_a_second(
    hasty: tuple[Sandbox, Clock, Api],
) -> None:
    sandbox, clock, api = hasty
    begun = begin(api)
    assert (begun["expires_in"], begun["interval"]) == (2, 0.5)
    assert error(poll(api, begun)) == "authorization_pending"
    clock.now += 0.5
    assert error(poll(api, begun)) == "authorization_pending"
    sandbox.approve(begun["user_code"], "alice")
    tokens = done(poll(api, begun))
    assert tokens["expires_in"] == 0.5
    clock.now += 0.25
    assert bearer(api, tokens["access_token"]) == 200
    clock.now += 0.25
    assert bearer(api, tokens["access_token"]) == 401


# --- Odd forms -----------------------------------------------------------------------------------


def odd_form(sandbox: Sandbox, path: str, charset: str, value: bytes) -> httpx.Response:
    fields = ["client_id", "scope", "audience", "device_code", "user_code", "username"]
    parts = [
        b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name in fields
    ]
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    return httpx.post(
        f"{sandbox.hub_url}{path}",
        content=b"".join([*parts, b"--b--\r\n"]),
        headers={"content-type": kind},
    )


@pytest.mark.parametrize("path", ["/oauth/device/code", "/oauth/token", "/activate"])
@pytest.mark.parametrize("charset", ["punycode", "undefined", "idna", "utf-7", "hex", "no-such"])
@pytest.mark.parametrize("value", [b"x", b"\xff\xfe", b"+2ADYAA-"])
def test_form_of_any_charset_is_answered(
    sandbox: Sandbox, path: str, charset: str, value: bytes
) -> None:
    assert odd_form(sandbox, path, charset, value).status_code < 500


@pytest.mark.parametrize("charset", ["unicode_escape", "raw_unicode_escape"])
def test_lone_surrogates_of_a_form_are_replaced(sandbox: Sandbox, charset: str) -> None:
    for path, status in [("/oauth/device/code", 200), ("/oauth/token", 400), ("/activate", 200)]:
        answer = odd_form(sandbox, path, charset, b"\\ud800")
        assert answer.status_code == status, answer.text


def test_form_that_is_not_of_its_charset_is_refused(sandbox: Sandbox) -> None:
    answer = odd_form(sandbox, "/oauth/token", "punycode", b"\xff")
    assert error(answer, 400) == "invalid_request"
    # The codec of Python 3.13 raises an error that Starlette takes for another charset.
    said = "charset" if sys.version_info < (3, 13) else "grant_type"
    assert said in answer.json()["error_description"]
