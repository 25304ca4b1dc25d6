"""The authorization server: device codes, the page where users approve them, and tokens."""

from __future__ import annotations

import ipaddress
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from python_multipart.exceptions import FormParserError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from bitfount_api.sandbox.services import pages
from bitfount_api.sandbox.services.http import state_of
from bitfount_api.sandbox.state.tokens import WRONG_CODES_SECONDS, Refused, normalised

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant type

_HOST = re.compile(r"\[?(?P<host>(?<=\[)[0-9a-fA-F:.]+(?=\])|[^\[\]:/@?#\s]+)\]?(?::\d{1,5})?")
_NO_STORE = {"cache-control": "no-store"}


async def device_code(request: Request) -> Response:
    """Issue a device code and a user code."""
    try:
        form = await _form(request, "client_id", "scope", "audience")
    except Refused as error:
        return _refusal(error)
    started = state_of(request).tokens.begin(form["client_id"], form["scope"], form["audience"])
    address = f"{request.base_url}activate"
    complete = f"{address}?user_code={quote(started['user_code'])}"
    addresses = {"verification_uri": address, "verification_uri_complete": complete}
    return JSONResponse({**started, **addresses}, headers=_NO_STORE)


async def token(request: Request) -> Response:
    """Issue tokens for a device code or for a refresh token."""
    tokens = state_of(request).tokens
    try:
        form = await _form(request, "grant_type", "client_id")
        if form["grant_type"] == DEVICE_CODE:
            form = await _form(request, "client_id", "device_code")
            granted = tokens.redeem(form["client_id"], form["device_code"])
        elif form["grant_type"] == REFRESH_TOKEN:
            form = await _form(request, "client_id", "refresh_token")
            granted = tokens.refresh(form["client_id"], form["refresh_token"])
        else:
            raise Refused("unsupported_grant_type", "That grant type is not supported.", 400)
    except Refused as error:
        return _refusal(error)
    return JSONResponse(granted, headers=_NO_STORE)


async def activate(request: Request) -> Response:
    """Show the page where a user approves or denies a code."""
    if refusal := _refuse_host(request):
        return refusal
    users = [user.username for user in state_of(request).users.all()]
    return pages.activation(request.query_params.get("user_code", ""), users)


async def decide(request: Request) -> Response:
    """Record the user's decision."""
    if refusal := _refuse_host(request):
        return refusal
    state = state_of(request)
    users = [user.username for user in state.users.all()]
    fields = await _fields(request, "user_code", "username", "decision", "form_key")
    code, username, decision, form_key = (str(value or "") for value in fields.values())
    if not _is_own_form(request, form_key):
        return _refused("The form was sent from a page of another site.")
    if not state.tokens.may_enter_code():
        notice = "Too many wrong codes were entered. Wait a minute, then try again."
        limited = pages.activation(code, users, notice, status=429)
        limited.headers["retry-after"] = str(WRONG_CODES_SECONDS)
        return limited
    code_state = state.tokens.code_state(code)
    if code_state is None and code:
        state.tokens.count_wrong_code()
    messages = {
        None: f"There is no code {normalised(code)}. Check the code and enter it again.",
        "expired": "That code has expired. Start again on the device.",
        "used": "That code has already been used.",
    }
    if code_state != "pending":
        return pages.activation(code, users, messages[code_state])
    if decision == "approve" and username in users:
        state.tokens.decide(code, username)
        return pages.outcome(
            "Device connected",
            f"The program continues as {username}. You can close this page.",
            good=True,
        )
    if decision == "deny":
        state.tokens.decide(code, None)
        return pages.outcome(
            "Device refused", "The program was denied access. You can close this page.", good=False
        )
    return pages.activation(code, users, "Choose a user, then approve or deny.")


def _refuse_host(request: Request) -> Response | None:
    """Refuse a request whose host is not the sandbox's.

    A site whose name leads to this machine (DNS rebinding) could otherwise read the page and
    approve a code. Such a name has a dot: neither addresses nor names of the local network do this.
    """
    found = _HOST.fullmatch(request.headers.get("host", ""))
    host = found["host"].lower().rstrip(".") if found else ""
    known = {"localhost", getattr(request.app.state, "host", "localhost").lower()}
    if host in known or host.endswith(".localhost") or (host and "." not in host):
        return None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _refused("This is not the address of the sandbox.")
    return None


def _is_own_form(request: Request, form_key: str) -> bool:
    """Whether a form was sent from the sandbox's page, or without a browser."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin == "null":
        return secrets.compare_digest(form_key.encode(), pages.FORM_KEY.encode())
    host = request.headers.get("host", "").lower()
    return origin is None or origin.lower() in (f"http://{host}", f"https://{host}")


def _refused(why: str) -> Response:
    return pages.outcome("Refused", why, good=False, status=403)


async def _fields(request: Request, *names: str) -> dict[str, object]:
    """Return the named fields of a request's form; a missing field is None."""
    try:
        async with request.form() as form:
            return {name: _encodable(form.get(name)) for name in names}
    except FormParserError as error:  # Starlette before 1.7 does not convert the parser's error.
        raise HTTPException(400, str(error)) from None
    except UnicodeError:  # of an odd charset, which the form names itself
        raise HTTPException(400, "Its text is not of the charset that it names.") from None


def _encodable(value: object) -> object:
    """Replace lone surrogates, which some charsets can hold, but UTF-8 cannot."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


async def _form(request: Request, *names: str) -> dict[str, str]:
    try:
        values = await _fields(request, *names)
    except HTTPException as error:
        raise Refused("invalid_request", f"The body is not a form: {error.detail}", 400) from None
    missing = [name for name, value in values.items() if not isinstance(value, str) or not value]
    if missing:
        raise Refused("invalid_request", f"Missing parameter: {', '.join(missing)}", 400)
    return {name: str(value) for name, value in values.items()}


def _refusal(error: Refused) -> Response:
    content = {"error": error.error, "error_description": str(error)}
    return JSONResponse(content, error.status, _NO_STORE)


ROUTES = [
    Route("/oauth/device/code", device_code, methods=["POST"]),
    Route("/oauth/token", token, methods=["POST"]),
    Route("/activate", activate, methods=["GET"]),
    Route("/activate", decide, methods=["POST"]),
]
