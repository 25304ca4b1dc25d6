"""Authentication by a user who logs in with a browser, on this or another device."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import attrs

from bitfount_api import config
from bitfount_api._core.effects import run_in_thread, sleep
from bitfount_api._internal.files import checked_path
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.validation import check_encodable
from bitfount_api._io.connections import Connections
from bitfount_api._io.settings import ConnectionSettings, user_agent
from bitfount_api._io.sync_driver import run
from bitfount_api.auth._device_flow import log_in, refresh
from bitfount_api.auth.claims import username_from_id_token
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.auth.oauth import Authority, Clock, authorization_server
from bitfount_api.auth.prompts import show
from bitfount_api.auth.token_files import token_file
from bitfount_api.auth.token_store import DEFAULT_USER, Issuer, Token
from bitfount_api.auth.validation import header_value
from bitfount_api.exceptions import (
    AuthenticatedUserError,
    AuthenticationError,
    RequestException,
)
from bitfount_api.retries import RetryPolicy

if TYPE_CHECKING:
    import asyncio
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from filelock import BaseFileLock

    from bitfount_api._core.effects import Flow
    from bitfount_api.auth.prompts import Prompt
    from bitfount_api.types import TokenGrant

_logger = get_logger(__name__)

REFRESH_MARGIN: Final = 600.0
"""The number of seconds before its expiry at which a token is refreshed."""

_GRACE = 60.0
_MIN_GRACE = 30.0
_LOCK_PAUSE = 0.1
_MAX_LOCK_PAUSE = 1.0
_LOCK_WAIT_LOGGED = 3.0
_MAX_LOCK_WAIT = 4000.0  # longer than a login may take


@attrs.frozen
class _Current:
    """The token in use, its user, and the time until which it is used without refreshing it."""

    token: Token
    username: str
    usable_until: float


class DeviceCodeFlowHandler(AuthenticationHandler):
    """Authentication with the device-code flow (RFC 8628) and a token stored on disk.

    A user logs in once. From then on the token is refreshed without the user, also by later runs
    and by the official SDK, which use the same token file.

    Args:
        auth_domain: Host name of the authorization server, such as ``auth.bitfount.com``, or
            ``http://localhost:port`` for one on this machine. Default: ``BITFOUNT_AUTH_DOMAIN``, or
            else the environment's.
        client_id: OAuth client id. Default: the environment's.
        scopes: Scopes to request. Without ``openid`` the user name is unknown, and without
            ``offline_access`` the user has to log in each time the token expires.
        audience: Audience of the tokens.
        username: User who has to log in; None, or the official SDK's ``"_default"``, for any user.
        prompt: Function that shows a :class:`LoginPrompt` to the user, and returns without waiting
            for the login. Default: print to standard error, and open a browser if there is one.
        storage_path: Folder for tokens. Default: ``BITFOUNT_STORAGE_PATH``, or ``~/.bitfount``.
        retry: Retry policy for requests to the authorization server.
        clock: Clock for the expiry of tokens and device codes; default: the system's.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        auth_domain: str | None = None,
        client_id: str | None = None,
        scopes: str = config.OAUTH_SCOPES,
        audience: str = config.OAUTH_AUDIENCE,
        username: str | None = None,
        *,
        prompt: Prompt | None = None,
        storage_path: str | os.PathLike[str] | None = None,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        name, url = authorization_server(auth_domain)
        issuer = Issuer(name, client_id or config.environment().client_id, scopes, audience)
        for argument, value in attrs.asdict(issuer).items():
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{argument} must be a non-empty string")
            check_encodable(argument, value)
        if username == DEFAULT_USER:
            username = None
        self._clock = clock or Clock()
        self._authority = Authority(url, issuer, retry or RetryPolicy(), self._clock)
        self._username = username
        self._prompt = prompt or show
        storage = config.storage_path() if storage_path is None else checked_path(storage_path)
        self._file = token_file(storage.expanduser(), username, issuer)
        self._current: _Current | None = None
        # Sent at least once, in case the file keeps one: a second use revokes all tokens.
        self._used_refresh_tokens: set[str] = set()

    @property
    def username(self) -> str:
        """The user who has logged in, or has to log in.

        Raises:
            AuthenticatedUserError: If no ``username`` was given, and no user has logged in yet.
        """
        username = self._expected_username()
        if username is None:
            raise AuthenticatedUserError(
                "the user name is not known before the login: call authenticate() first"
            )
        return username

    @property
    def user_storage_path(self) -> Path:
        """The folder of the token file."""
        return self._file.path.parent

    @property
    def token_file(self) -> Path:
        """The file that keeps the login, shared with the official SDK. It may not exist yet.

        With ``BITFOUNT_TOKEN_STORE=keyring``, the file is encrypted, and not shared with it.
        """
        return self._file.path

    @property
    def authenticated(self) -> bool:
        """Whether there is a token that can be used without refreshing it."""
        current = self._current
        return current is not None and self._clock.now() < current.usable_until

    def authenticate(self) -> None:
        """Get a valid token: from the token file, by refreshing it, or by a login.

        Requests to the authorization server use the environment's settings only.
        :meth:`BitfountSession.authenticate` uses those of the session (``proxy``, ``verify``).

        Raises:
            AuthenticationError: If no valid token was obtained.
            AuthenticatedUserError: If a user other than ``username`` has logged in.
        """
        if not self.authenticated:
            connections = Connections(ConnectionSettings(user_agent(None)))
            with closing(connections):
                run(self.authentication(refused=False, loop=None), connections)

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """The ``authorization`` header with the token.

        Raises:
            AuthenticationError: If there is no token yet.
        """
        current = self._current
        if current is None:
            raise AuthenticationError("no user has logged in yet: call authenticate() first")
        return {"authorization": f"Bearer {current.token.access_token}"}

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """The ``authorization`` header with the token.

        Raises:
            AuthenticationError: If there is no token yet.
        """
        return self.hub_request_headers

    def __repr__(self) -> str:
        domain = self._authority.issuer.auth_domain
        return f"{type(self).__name__}({domain!r}, username={self._expected_username()!r})"

    # --- The flow --------------------------------------------------------------------------------

    def authentication(
        self, *, refused: bool, loop: asyncio.AbstractEventLoop | None
    ) -> Flow[None]:
        """Do the same as :meth:`authenticate`, as a flow."""
        del loop
        refused_token = self._current.token.access_token if refused and self._current else None
        try:
            done, _ = yield from self._from_file(refused_token)
            if done:
                return
            done, lock = yield from self._lock(refused_token)
            if done:
                return
            try:
                # The process that held the lock before may have stored a new token.
                done, found = yield from self._from_file(refused_token)
                if not done:
                    shared = found if lock is not None else None
                    yield from self._refresh(shared, refused=refused)
            finally:
                if lock is not None:
                    lock.release()
        except RequestException as error:
            raise AuthenticationError(str(error)) from error

    def _from_file(self, refused_token: str | None) -> Flow[tuple[bool, Token | None]]:
        """Read the token file, and use its token if it is valid.

        Returns:
            Whether the file's token is in use now, and the token.
        """
        found = yield from run_in_thread(self._file.read)
        if found is None:
            return False, None
        try:
            username = self._checked_username(found.id_token)
        except AuthenticationError as error:
            self._file.warn("is ignored", str(error))
            return False, None
        usable_until = found.expires_at - REFRESH_MARGIN
        if self._clock.now() >= usable_until or found.access_token == refused_token:
            return False, found
        self._current = _Current(found, username, usable_until)
        return True, found

    def _lock(self, refused_token: str | None) -> Flow[tuple[bool, BaseFileLock | None]]:
        """Acquire the lock of the token file.

        Returns:
            Whether another process has stored a new token during the wait, so that the lock is not
            needed, and the lock. The lock is also None if the file cannot be locked.
        """
        waited, pause = 0.0, _LOCK_PAUSE
        while waited < _MAX_LOCK_WAIT:
            try:
                lock = yield from run_in_thread(self._file.try_lock)
            except OSError as error:
                self._file.warn("cannot be shared with other processes", error.strerror)
                return False, None
            if lock is not None:
                return False, lock
            yield from sleep(pause)
            done, _ = yield from self._from_file(refused_token)
            if done:
                return True, None
            if waited < _LOCK_WAIT_LOGGED <= waited + pause:
                _logger.warning("Waiting for another process to log in: %s", self._file.path)
            waited += pause
            pause = min(pause * 1.5, _MAX_LOCK_PAUSE)
        raise AuthenticationError(
            f"{self._file.path} has been locked by another process for over an hour; "
            "end that process"
        )

    def _refresh(self, found: Token | None, *, refused: bool) -> Flow[None]:
        """Refresh the token, or start a login.

        Args:
            found: Token of the file; None without a lock, since another process may then use the
                refresh token at the same time, and the authorization server would revoke it.
            refused: Whether a service has refused the current token.
        """
        old = self._latest(found)
        if old is not None and old.refresh_token:
            try:
                grant = yield from refresh(self._authority, old.refresh_token)
            except AuthenticationError:
                self._used_refresh_tokens.add(old.refresh_token)
                yield from self._remove_used_refresh_token()
                raise
            except RequestException as error:
                if refused or not self._extend(old):
                    raise
                _logger.warning(
                    "The current token stays in use, as refreshing it failed: %s", error
                )
                return
            self._used_refresh_tokens.add(old.refresh_token)
            if grant is not None:
                yield from self._store(grant, old)
                return
            _logger.info("The refresh token was refused, so a new login is needed")
        grant = yield from log_in(self._authority, self._prompt)
        yield from self._store(grant, None)

    def _latest(self, found: Token | None) -> Token | None:
        """Return the token to refresh: the file's, or a later one that could not be written.

        Which one is later is not known from their expiry: clocks are set, and lifetimes change.
        """
        current = self._current.token if self._current else None
        for token in (found, current):
            if token is not None and token.refresh_token not in self._used_refresh_tokens:
                return token
        return None

    def _extend(self, token: Token) -> bool:
        """Extend the use of a token that has not expired yet, for at most a minute.

        Returns:
            Whether the token can still be used.
        """
        until = min(token.expires_at - _MIN_GRACE, self._clock.now() + _GRACE)
        if self._clock.now() >= until:
            return False
        self._current = _Current(token, self._checked_username(token.id_token), until)
        return True

    def _store(self, grant: TokenGrant, old: Token | None) -> Flow[None]:
        """Use a granted token from now on, and write it to the token file."""
        try:
            current = self._checked_grant(grant, old)
        except AuthenticationError:
            if old is not None:
                yield from self._remove_used_refresh_token()
            raise
        self._current = current
        yield from run_in_thread(self._file.write, current.token)

    def _remove_used_refresh_token(self) -> Flow[None]:
        """Forget a refresh token that has been used, although the next one is not known."""
        yield from run_in_thread(self._file.remove)
        if self._current is not None:
            token = attrs.evolve(self._current.token, refresh_token=None)
            self._current = attrs.evolve(self._current, token=token, usable_until=0.0)

    # --- Validation ------------------------------------------------------------------------------

    def _checked_grant(self, grant: TokenGrant, old: Token | None) -> _Current:
        if grant.get("token_type", "Bearer").lower() != "bearer":
            raise AuthenticationError(
                "the authorization server returned a token of an unknown type"
            )
        lifetime = grant["expires_in"]
        if not 0 < lifetime <= 10 * 365 * 86400:
            raise AuthenticationError(
                "the authorization server returned a token with an invalid lifetime"
            )
        id_token = grant.get("id_token") or (old.id_token if old else "")
        if not id_token:
            raise AuthenticationError(
                "the authorization server returned no id token; scopes must include openid"
            )
        token = Token(
            header_value(grant["access_token"], "the access token"),
            id_token,
            self._clock.now() + lifetime,
            # Never the old one: each can be used only once, and a second use may revoke all.
            grant.get("refresh_token") or None,
        )
        # With REFRESH_MARGIN, a token with a shorter lifetime would never count as valid.
        early = REFRESH_MARGIN if lifetime > REFRESH_MARGIN else lifetime / 2
        return _Current(token, self._checked_username(id_token), token.expires_at - early)

    def _checked_username(self, id_token: str) -> str:
        username = username_from_id_token(id_token)
        expected = self._expected_username()
        if expected is not None and username != expected:
            raise AuthenticatedUserError(
                f"the token is {username}'s, but {expected} has to log in: "
                "log out in the browser, and log in as that user"
            )
        return username

    def _expected_username(self) -> str | None:
        # The user stays the same for the lifetime of the handler: an error is better than a program
        # that runs partly as one user and partly as another.
        current = self._current
        return self._username or (current.username if current else None)
