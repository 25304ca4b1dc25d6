"""Shared by all services: responses, errors, and authentication of the caller."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Match

from bitfount_api.sandbox.state.pods import POD_NAME
from bitfount_api.sandbox.state.users import USER_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bitfount_api.sandbox.state.state import State

T = TypeVar("T")

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The largest request body that is read, in bytes. Files are sent to the object store instead."""

# Object keys have a maximum length, and names are part of them.
PodName = Annotated[str, msgspec.Meta(pattern=rf"^{POD_NAME}\Z", max_length=255)]
PodIdentifier = Annotated[str, msgspec.Meta(pattern=rf"^{USER_NAME}/{POD_NAME}\Z")]
UserName = Annotated[str, msgspec.Meta(pattern=rf"^{USER_NAME}\Z")]
NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]
# Query parameters are always text.
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,1000}\Z")]


class Refusal(Exception):
    """A request is rejected, with a status and a reason."""

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


def service(
    state: State, name: Literal["hub", "am", "fhir"], routes: Sequence[BaseRoute]
) -> Starlette:
    """Return an application with these routes; errors have the documented body."""
    app = Starlette(
        routes=routes,
        exception_handlers={
            Refusal: _refused,
            HTTPException: _http_error,
            ClientDisconnect: _disconnected,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False
    app.state.sandbox_state = state
    app.state.name = name
    app.add_middleware(_RequestId)
    return app


class _RequestId:
    """Add a request id to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", secrets.token_hex(8).encode()))
            await send(message)

        await self._app(scope, receive, send_with_id if scope["type"] == "http" else send)


def state_of(request: Request) -> State:
    """Return the state of the sandbox that received a request."""
    return cast("State", request.app.state.sandbox_state)


def caller(request: Request) -> str:
    """Return the user who sent a request.

    Raises:
        Refusal: With 401, if credentials are missing or not valid.
    """
    state = state_of(request)
    authorization = request.headers.get("authorization", "")
    key_id, key = request.headers.get("x-api-key-id"), request.headers.get("x-api-key")
    user = None
    if key_id and key:
        half: Literal["hub", "am"] = "am" if request.app.state.name == "am" else "hub"
        user = state.users.of_api_key(key_id, key, half)
    elif authorization[:7].lower() == "bearer ":
        user = state.tokens.user_of(authorization[7:].strip())
    if user is None:
        given = key_id or key or authorization
        reason = "The credentials are not valid" if given else "There are no credentials"
        raise Refusal(401, reason, {"www-authenticate": "Bearer"})
    return user


async def body(request: Request, shape: Any) -> Any:
    """Return the request's body, decoded from JSON.

    Raises:
        Refusal: With 400, if the body is not JSON; with 413, if it is too large; with 422, if it
            does not have the given shape.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise Refusal(413, f"The body has more than {MAX_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(bytes(content), type=shape)
    except msgspec.ValidationError as error:
        raise Refusal(422, str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The body is not JSON: {error}") from None


def converted(value: Any, shape: type[T]) -> T:
    """Return a decoded JSON value in the given shape.

    Raises:
        Refusal: With 422, if it does not have that shape.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Refusal(422, str(error)) from None


def own(request: Request, what: str) -> str:
    """Return the user who sent a request to a path of that user.

    Raises:
        Refusal: With 401, if credentials are missing or not valid; with 403, if the path is
            another user's, where only the owner may do ``what``.
    """
    user = caller(request)
    if request.path_params["owner"] != user:
        raise Refusal(403, f"Users can only {what}")
    return user


def query(request: Request, shape: type[T]) -> T:
    """Return the request's query parameters.

    Raises:
        Refusal: With 400, if the parameters are not valid.
    """
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in values:
            raise Refusal(400, f"The parameter {name} is repeated")
        values[name] = value
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise Refusal(400, str(error)) from None


def answer(value: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    return JSONResponse(value, status)


def _refusal(status: int, reason: str, headers: Any) -> Response:
    return JSONResponse({"success": False, "errorMessage": reason}, status, headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _refusal(error.status, str(error), error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette lists the methods of one route; here, each method of a path has its own route.
        headers["allow"] = ", ".join(sorted(_methods(request)))
    return _refusal(error.status_code, error.detail, headers)


def _methods(request: Request) -> set[str]:
    """Return the methods that are allowed for a request's path."""
    return {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }


async def _disconnected(request: Request, error: Exception) -> Response:
    return _refusal(400, "The client disconnected before the end of the request", None)


async def _failed(request: Request, error: Exception) -> Response:
    # Starlette re-raises the error afterwards, so that it is logged.
    return _refusal(500, f"Internal error of the sandbox: {type(error).__name__}", None)
