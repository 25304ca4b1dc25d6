"""The device-code flow (RFC 8628) and token refresh (RFC 6749, section 6), as flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import attrs
import msgspec

from bitfount_api._core.effects import run_in_thread, send, sleep
from bitfount_api._core.redaction import REDACTED, redact
from bitfount_api._core.responses import decode_json, error_document
from bitfount_api._core.retrying import pause_before_retry, send_with_retries
from bitfount_api._generated.operations import REQUEST_DEVICE_CODE, REQUEST_TOKEN
from bitfount_api.auth.prompts import LoginPrompt
from bitfount_api.exceptions import (
    AuthenticationError,
    ConnectError,
    InvalidJSONError,
    RequestException,
    RequestTimeout,
)
from bitfount_api.retries import RETRIED_STATUSES, parse_retry_after
from bitfount_api.types import DeviceCode, TokenGrant

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api.auth.oauth import Authority
    from bitfount_api.auth.prompts import Prompt

DEFAULT_INTERVAL: Final = 5.0
"""The default number of seconds between two polls; RFC 8628, section 3.2."""
SLOW_DOWN_STEP: Final = 5.0
"""The number of seconds that a ``slow_down`` adds to the interval; RFC 8628, section 3.5."""
MIN_INTERVAL: Final = 0.05
MAX_BACKOFF: Final = 60.0
MAX_LOGIN_SECONDS: Final = 3600.0

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")

_FINAL = frozenset(
    {
        "access_denied", "expired_token", "invalid_client", "invalid_grant", "invalid_request",
        "invalid_scope", "unauthorized_client", "unsupported_grant_type",
    }
)  # fmt: skip
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
"""The types of web pages, such as those of a captive portal."""
_TEMPORARY = frozenset({"server_error", "temporarily_unavailable", "too_many_requests"})
_FAILURE_REASONS = {
    "access_denied": "it was denied in the browser",
    "expired_token": "it was not confirmed in time; start again",
}


def log_in(authority: Authority, prompt: Prompt) -> Flow[TokenGrant]:
    """Start a login, show the prompt, and poll until the user has logged in.

    Endpoint: ``POST /oauth/device/code``, then ``POST /oauth/token`` until the login ends.

    Args:
        authority: Authorization server to log in to.
        prompt: Function that shows the user where to log in.

    Raises:
        AuthenticationError: If the login is denied, fails, or is not confirmed in time.
        RequestException: If a request to the service fails.
    """
    issuer = authority.issuer
    call = authority.call(
        REQUEST_DEVICE_CODE, "/oauth/device/code", audience=issuer.audience, scope=issuer.scopes
    )
    requested_at = authority.clock.monotonic()
    response = yield from send_with_retries(call, authority.retry)
    if response.status_code not in REQUEST_DEVICE_CODE.success:
        raise AuthenticationError(_failure_text("the login could not be started", response))
    code = decode_json(response, DeviceCode, REQUEST_DEVICE_CODE, authority.service, tidy)
    if not code["device_code"] or not code["expires_in"] > 0:
        raise AuthenticationError("the authorization server returned an invalid device code")
    seconds = min(code["expires_in"], MAX_LOGIN_SECONDS)
    shown = LoginPrompt(
        code["verification_uri"], code["user_code"], seconds, code.get("verification_uri_complete")
    )
    yield from run_in_thread(_show, prompt, shown)
    interval = min(code.get("interval", DEFAULT_INTERVAL), MAX_LOGIN_SECONDS)
    return (yield from _poll(authority, code["device_code"], interval, requested_at + seconds))


def _poll(authority: Authority, device_code: str, interval: float, end: float) -> Flow[TokenGrant]:
    call = authority.call(
        REQUEST_TOKEN,
        "/oauth/token",
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        device_code=device_code,
    )
    interval = max(interval, MIN_INTERVAL)
    pause, last_error = interval, ""
    while authority.clock.monotonic() + pause < end:
        yield from sleep(pause)
        try:
            response = yield from send(call)
        except (ConnectError, RequestTimeout) as error:
            # Back off exponentially while the failure lasts; RFC 8628, section 3.5.
            pause, last_error = _bounded(pause * 2, interval), f" (last error: {error})"
            continue
        error_code = _error_code(response)
        if error_code == "authorization_pending":
            pause, last_error = interval, ""
        elif error_code == "slow_down":
            interval += SLOW_DOWN_STEP
            pause, last_error = interval, ""
        elif _is_temporary(response, error_code):
            requested = parse_retry_after(response.headers.get("retry-after"))
            pause = _bounded(pause * 2 if requested is None else requested, interval)
            last_error = f" (last error: {_failure_text('polling failed', response, device_code)})"
        elif response.status_code in REQUEST_TOKEN.success:
            return decode_json(response, TokenGrant, REQUEST_TOKEN, authority.service, tidy)
        else:
            reason = _FAILURE_REASONS.get(error_code or "", "it was refused")
            raise AuthenticationError(
                _failure_text(f"the login failed: {reason}", response, device_code)
            )
    raise AuthenticationError(f"the login was not confirmed in time; start again{last_error}")


def refresh(authority: Authority, refresh_token: str) -> Flow[TokenGrant | None]:
    """Exchange a refresh token, which is invalid afterwards, for a new token.

    Endpoint: ``POST /oauth/token``.

    Returns:
        The grant; None if the refresh token was refused, so that a new login is needed.

    Raises:
        AuthenticationError: If the answer is not usable, although the refresh token has been used.
        RequestException: If the request fails temporarily, so that a later one may succeed.
    """
    call = authority.call(
        REQUEST_TOKEN, "/oauth/token", grant_type="refresh_token", refresh_token=refresh_token
    )
    head = _ResponseHead()
    call = attrs.evolve(call, sink=head)
    failures = 0
    while True:
        try:
            response = yield from send_with_retries(call, authority.retry)
        except RequestException as error:
            if head.may_grant:
                raise AuthenticationError(f"the new token was lost: {error}") from error
            raise
        if response.status_code in REQUEST_TOKEN.success:
            try:
                return decode_json(response, TokenGrant, REQUEST_TOKEN, authority.service, tidy)
            except InvalidJSONError as error:
                if _is_from_authority(response):
                    raise AuthenticationError(str(error)) from None
                raise  # not from the authorization server, such as the page of a captive portal
        error_code = _error_code(response)
        if error_code is not None and not _is_temporary(response, error_code):
            return None
        failures += 1
        # A request refused by a rate limit (429) was not processed, so it can be sent again.
        failure = _failure_text("the token could not be refreshed", response, refresh_token)
        retry_after = response.headers.get("retry-after")
        if response.status_code != 429 or not (
            yield from pause_before_retry(authority.retry, failures, failure, retry_after)
        ):
            raise RequestException(failure, operation=REQUEST_TOKEN.name)


def tidy(value: Any) -> Any:
    """Return a response of an authorization server without odd but harmless forms.

    Some servers write numbers as text, give null for what they omit, or list the scopes. Refusing
    that after a refresh token has been used would cost the user's login.
    """
    if not isinstance(value, dict):
        return value
    found = {name: each for name, each in value.items() if each is not None}
    for name in ("expires_in", "interval"):
        if isinstance(text := found.get(name), str) and _SECONDS.fullmatch(text):
            found[name] = float(text)
    if not isinstance(found.get("scope", ""), str):
        del found["scope"]  # not used
    return found


def _show(prompt: Prompt, shown: LoginPrompt) -> None:
    try:
        prompt(shown)
    except AuthenticationError:
        raise
    except Exception as error:
        raise AuthenticationError(
            f"the prompt for the login failed with a {type(error).__name__}"
        ) from error


def _error_code(response: HTTPResponse) -> str | None:
    """Return the ``error`` of an OAuth error (RFC 6749, section 5.2); None for other responses."""
    if not response.is_error:
        return None
    value = error_document(response).get("error")
    return value if isinstance(value, str) and value else None


class _ResponseHead:
    """Looks at the head of a response, which is known even if its body is lost."""

    may_grant = False
    """Whether the last response may have held a token."""

    def accept(self, response: HTTPResponse) -> bool:
        """Look at a response, and leave its body to the caller."""
        self.may_grant = (
            response.status_code in REQUEST_TOKEN.success
            and _media_type(response) not in _PAGE_TYPES
        )
        return False

    def write(self, chunk: bytes) -> None:
        """Never called."""
        raise NotImplementedError

    def close(self, *, whole: bool) -> None:
        """Never called."""
        raise NotImplementedError


def _media_type(response: HTTPResponse) -> str:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower()


def _is_from_authority(response: HTTPResponse) -> bool:
    """Whether a successful response is the authorization server's, even if it is damaged."""
    if _media_type(response) == "application/json" or b"access_token" in (response.content or b""):
        return True
    try:
        return isinstance(msgspec.json.decode(response.content or b""), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False


def _is_temporary(response: HTTPResponse, error_code: str | None) -> bool:
    if response.status_code < 500 and error_code in _FINAL:
        return False  # even if the status is 429
    status = response.status_code
    return status in RETRIED_STATUSES or response.status_code >= 500 or error_code in _TEMPORARY


def _bounded(pause: float, interval: float) -> float:
    return max(interval, min(pause, MAX_BACKOFF))


def _failure_text(what: str, response: HTTPResponse, *secrets: str) -> str:
    """Return an error text with the status and, if any, the service's own error description."""
    parts = [f"{what}: the authorization server answered {response.status_code}"]
    document = error_document(response)
    for key in ("error", "error_description"):
        if isinstance(value := document.get(key), str) and value:
            for secret in secrets:
                value = value.replace(secret, REDACTED).replace(quote_plus(secret), REDACTED)
            parts.append(redact(value))
    return ": ".join(parts)
