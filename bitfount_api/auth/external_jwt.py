"""Authentication with tokens that another program manages."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api._core.effects import run_in_thread
from bitfount_api._internal.tracebacks import without_variables
from bitfount_api.auth._event_loops import wait_for
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.auth.validation import header_value
from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api._core.effects import Flow

Token = tuple[str, datetime]
GetToken = Callable[[], Token | Awaitable[Token]]

REFRESH_MARGIN = timedelta(minutes=1)
"""The time before its expiry at which a token is replaced, since it must reach the service in
time. A token that is valid for less than two minutes is replaced after half of that time: no token
would otherwise be used twice, or the last one would be used until it has expired."""


@attrs.frozen
class _Current:
    jwt: str = attrs.field(repr=False)
    expires: datetime
    margin: timedelta = REFRESH_MARGIN

    @property
    def usable(self) -> bool:
        """Whether the token need not be replaced yet."""
        return self.expires - _now() > self.margin


class ExternallyManagedJWTHandler(AuthenticationHandler):
    """Authentication with an externally managed JWT, fetched again before it expires.

    Args:
        jwt: Initial token, or None. Used only if ``expires`` is given too.
        expires: Expiry of the initial token, with a time zone, or None.
        get_token: Sync or async function that returns a new ``(jwt, expires)``. It is called when
            there is no token, a minute before the current one expires, and when a service refuses
            it; never twice at the same time in one session. A token that it returns with less than
            two minutes left is used for half of that time. With async clients, an async function
            runs in the event loop of the call that needs the token, a sync one in a thread.
        username: User the tokens belong to.

    Raises:
        AuthenticationError: If an argument is invalid. The text does not quote the token.
    """

    @without_variables
    def __init__(
        self, jwt: str | None, expires: datetime | None, get_token: GetToken, username: str
    ) -> None:
        self._username = header_value(username, "username")
        if not callable(get_token):
            raise AuthenticationError("get_token must be a function that returns (jwt, expires)")
        self._get_token = get_token
        self._current: _Current | None = None
        if jwt is not None and expires is not None:
            self._current = _check_token((jwt, expires), "the arguments")

    @property
    def username(self) -> str:
        """The user the tokens belong to."""
        return self._username

    @property
    def authenticated(self) -> bool:
        """Whether there is a token that need not be replaced yet: see ``get_token``."""
        current = self._current
        return current is not None and current.usable

    def authenticate(self) -> None:
        """Fetch a new token.

        Raises:
            AuthenticationError: If ``get_token`` fails, or does not return a valid token.
        """
        self._fetch(None)

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """The ``authorization`` header with the token.

        Raises:
            AuthenticationError: If there is no token yet.
        """
        current = self._current
        if current is None:
            raise AuthenticationError("there is no token yet: call authenticate() first")
        return {"authorization": f"Bearer {current.jwt}"}

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """The ``authorization`` header with the token.

        Raises:
            AuthenticationError: If there is no token yet.
        """
        return self.hub_request_headers

    def authentication(
        self, *, refused: bool, loop: asyncio.AbstractEventLoop | None
    ) -> Flow[None]:
        """Do the same as :meth:`authenticate`, as a flow with the loop for an async function."""
        del refused  # the current token is replaced in any case
        yield from run_in_thread(self._fetch, loop)

    def _fetch(self, loop: asyncio.AbstractEventLoop | None) -> None:
        try:
            result: Any = self._get_token()
            if inspect.isawaitable(result):
                result = wait_for(result, loop)
        except AuthenticationError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            # The exception's text may quote a token, so the message has only its type.
            raise AuthenticationError(f"get_token failed with a {type(error).__name__}") from error
        fresh = _check_token(result, "the result of get_token")
        left = fresh.expires - _now()
        if left <= timedelta():
            raise AuthenticationError(
                f"the token from get_token has already expired, at {fresh.expires.isoformat()}"
            )
        self._current = attrs.evolve(fresh, margin=min(REFRESH_MARGIN, left / 2))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._current!r}, username={self._username!r})"


JWTHandler = ExternallyManagedJWTHandler
"""The name in newer versions of the official SDK."""


def _check_token(token: object, what: str) -> _Current:
    if not isinstance(token, (tuple, list)) or len(token) != 2:
        raise AuthenticationError(f"{what} is not a pair (jwt, expires)")
    jwt, expires = token
    jwt = header_value(jwt, f"the jwt in {what}")
    if not isinstance(expires, datetime):
        raise AuthenticationError(
            f"the expiry in {what} must be a datetime, not {type(expires).__name__}"
        )
    if expires.utcoffset() is None:
        raise AuthenticationError(
            f"the expiry in {what} has no time zone; "
            "use an aware datetime, such as datetime.now(timezone.utc)"
        )
    return _Current(jwt, expires)


def _now() -> datetime:
    return datetime.now(UTC)
