"""Authentication by a person who logs in with a browser, on whatever device has one."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from bitfount_api import config
from bitfount_api._call import Pause, Work
from bitfount_api._network.drive import drive
from bitfount_api.auth.authority import Authority, address
from bitfount_api.auth.claims import username_of
from bitfount_api.auth.connection import OwnConnection
from bitfount_api.auth.device_flow import log_in, refresh
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.auth.prompts import show
from bitfount_api.auth.token_file import NOBODY, Issuer, Token, TokenFile
from bitfount_api.auth.values import header_value
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

    from filelock import BaseFileLock

    from bitfount_api._call import Flow
    from bitfount_api.auth.prompts import Prompt
    from bitfount_api.types import TokenGrant

_log = logging.getLogger(__name__)

EARLY: Final = 600.0
"""How long before its time a token counts as expired, in seconds."""

_GRACE = 60.0
_LEAST_GRACE = 30.0
_LOCK_PAUSE = 0.1
_LONGEST_LOCK_PAUSE = 1.0
_LOCK_WAIT_TOLD = 3.0
_LONGEST_LOCK_WAIT = 4000.0  # longer than a login may take


@attrs.frozen
class _Held:
    """The token in use, whose it is, and until when it is used without renewing it."""

    token: Token
    username: str
    usable_until: float


class DeviceCodeFlowHandler(AuthenticationHandler):
    """Authentication by the device-code flow (RFC 8628), with a token that is kept on disk.

    A person logs in once; from then on the token is renewed without them, also by later runs and
    by the official SDK, which share the file that it is kept in.

    Args:
        auth_domain: The OAuth authority's host name, such as ``auth.bitfount.com``; for one on this
            machine, ``http://localhost:port``. Default: the environment's.
        client_id: The OAuth client id. Default: the environment's.
        scopes: What to ask for; without ``openid`` nobody says who has logged in, and without
            ``offline_access`` a person has to log in each time the token expires.
        audience: Whom the tokens are meant for.
        username: Who has to log in; None, or the official SDK's ``"_default"``, for anybody.
        prompt: Tells the person where to log in, given a :class:`LoginPrompt`; returns without
            waiting for them. Default: standard error, and a browser where there is one.
        storage_path: The folder for tokens. Default: ``BITFOUNT_STORAGE_PATH``, or ``~/.bitfount``.
        retry: How failed requests to the authority are repeated.

    Raises:
        ValueError: An argument is not what it has to be.
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
    ) -> None:
        name, url = address(auth_domain or config.environment().auth_domain)
        issuer = Issuer(name, client_id or config.environment().client_id, scopes, audience)
        for argument, value in attrs.asdict(issuer).items():
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{argument} must be a text that is not empty")
        if username == NOBODY:
            username = None
        self._authority = Authority(url, issuer, retry or RetryPolicy())
        self._username = username
        self._prompt = prompt or show
        storage = config.storage_path() if storage_path is None else Path(storage_path)
        self._file = TokenFile(storage.expanduser(), username, issuer)
        self._held: _Held | None = None

    @property
    def username(self) -> str:
        """The user who has logged in, or has to.

        Raises:
            AuthenticatedUserError: Anybody may, and nobody has yet.
        """
        username = self._expected_username()
        if username is None:
            raise AuthenticatedUserError(
                "nobody has logged in yet, so there is no user name: call authenticate() first"
            )
        return username

    @property
    def authenticated(self) -> bool:
        """Whether there is a token that is good for another ten minutes."""
        held = self._held
        return held is not None and _now() < held.usable_until

    def authenticate(self) -> None:
        """See to it that there is such a token: from the file, by renewing it, or by a login.

        The OAuth authority is asked over connections with no settings but the environment's; those
        of a session (``proxy``, ``verify``) are used by :meth:`BitfountSession.authenticate`.

        Raises:
            AuthenticationError: There is none.
            AuthenticatedUserError: Somebody else has logged in than has to.
        """
        if not self.authenticated:
            with OwnConnection() as connection:
                drive(self.authentication(refused=False, loop=None), connection)

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        """The token.

        Raises:
            AuthenticationError: There is none yet.
        """
        held = self._held
        if held is None:
            raise AuthenticationError("nobody has logged in yet: call authenticate() first")
        return {"authorization": f"Bearer {held.token.access_token}"}

    @property
    def am_request_headers(self) -> Mapping[str, str]:
        """The token.

        Raises:
            AuthenticationError: There is none yet.
        """
        return self.hub_request_headers

    def __repr__(self) -> str:
        domain = self._authority.issuer.auth_domain
        return f"{type(self).__name__}({domain!r}, username={self._expected_username()!r})"

    # --- The flow --------------------------------------------------------------------------------

    def authentication(
        self, *, refused: bool, loop: asyncio.AbstractEventLoop | None
    ) -> Flow[None]:
        """:meth:`authenticate` as a flow."""
        del loop
        refused_token = self._held.token.access_token if refused and self._held else None
        try:
            done, _ = yield from self._from_file(refused_token)
            if done:
                return
            done, lock = yield from self._lock(refused_token)
            if done:
                return
            try:
                # Whoever had the lock before has perhaps renewed the token.
                done, found = yield from self._from_file(refused_token)
                if not done:
                    shared = found if lock is not None else None
                    yield from self._renew(shared, refused=refused)
            finally:
                if lock is not None:
                    lock.release()
        except RequestException as error:
            raise AuthenticationError(str(error)) from error

    def _from_file(self, refused_token: str | None) -> Flow[tuple[bool, Token | None]]:
        """Take the token of the file if it can be used; give it in any case."""
        found: Token | None = yield Work(self._file.read)
        if found is None:
            return False, None
        try:
            username = self._checked_username(found.id_token)
        except AuthenticationError as error:
            self._file.warn("is passed over", str(error))
            return False, None
        usable_until = found.expires_at - EARLY
        if _now() >= usable_until or found.access_token == refused_token:
            return False, found
        self._held = _Held(found, username, usable_until)
        return True, found

    def _lock(self, refused_token: str | None) -> Flow[tuple[bool, BaseFileLock | None]]:
        """Whether another process has renewed the token meanwhile; otherwise the file's lock.

        There is none where there can be none.
        """
        waited, pause = 0.0, _LOCK_PAUSE
        while waited < _LONGEST_LOCK_WAIT:
            try:
                lock: BaseFileLock | None = yield Work(self._file.try_lock)
            except OSError as error:
                self._file.warn("cannot be shared with other processes", error.strerror)
                return False, None
            if lock is not None:
                return False, lock
            yield Pause(pause)
            done, _ = yield from self._from_file(refused_token)
            if done:
                return True, None
            if waited < _LOCK_WAIT_TOLD <= waited + pause:
                _log.warning("Waiting for another process to log in: %s", self._file.path)
            waited += pause
            pause = min(pause * 1.5, _LONGEST_LOCK_PAUSE)
        raise AuthenticationError(
            f"another process has kept {self._file.path} locked for over an hour; end it"
        )

    def _renew(self, found: Token | None, *, refused: bool) -> Flow[None]:
        """Refresh the token, or have a person log in.

        Args:
            found: The file's token. None where there is no lock: then its refresh token may be used
                by another process at the same time, which would make the authority revoke it.
            refused: The current token was refused.
        """
        old = self._latest(found)
        if old is not None and old.refresh_token:
            try:
                grant = yield from refresh(self._authority, old.refresh_token)
            except RequestException as error:
                if refused or not self._stretch(old):
                    raise
                _log.warning("The current token is used a little longer: %s", error)
                return
            if grant is not None:
                yield from self._keep(grant, old)
                return
            _log.info("The refresh token was refused, so a person has to log in again")
        grant = yield from log_in(self._authority, self._prompt)
        yield from self._keep(grant, None)

    def _latest(self, found: Token | None) -> Token | None:
        """The token to renew: the file's, or a later one that could not be written to it."""
        held = self._held.token if self._held else None
        tokens = [token for token in (found, held) if token is not None]
        return max(tokens, key=lambda token: token.expires_at, default=None)

    def _stretch(self, token: Token) -> bool:
        """Use a token a little longer, if it has not really expired yet."""
        until = min(token.expires_at - _LEAST_GRACE, _now() + _GRACE)
        if _now() >= until:
            return False
        self._held = _Held(token, self._checked_username(token.id_token), until)
        return True

    def _keep(self, grant: TokenGrant, old: Token | None) -> Flow[None]:
        """Use a token from now on, and keep it on disk."""
        try:
            held = self._checked_grant(grant, old)
        except AuthenticationError:
            if old is not None:
                # The refresh token is spent, and the answer that had the next one is of no use.
                yield Work(self._file.remove)
                self._forget_refresh_token()
            raise
        self._held = held
        yield Work(partial(self._file.write, held.token))

    def _forget_refresh_token(self) -> None:
        if self._held is not None:
            token = attrs.evolve(self._held.token, refresh_token=None)
            self._held = attrs.evolve(self._held, token=token, usable_until=0.0)

    # --- What is checked -------------------------------------------------------------------------

    def _checked_grant(self, grant: TokenGrant, old: Token | None) -> _Held:
        if grant.get("token_type", "Bearer").lower() != "bearer":
            raise AuthenticationError("the OAuth service gave a token of an unknown type")
        lifetime = grant["expires_in"]
        if not 0 < lifetime <= 10 * 365 * 86400:
            raise AuthenticationError("the OAuth service gave a token without a sensible lifetime")
        id_token = grant.get("id_token") or (old.id_token if old else "")
        if not id_token:
            raise AuthenticationError(
                "the OAuth service does not say who has logged in; scopes must include openid"
            )
        token = Token(
            header_value(grant["access_token"], "the access token"),
            id_token,
            _now() + lifetime,
            grant.get("refresh_token") or (old.refresh_token if old else None),
        )
        # A token that lives no longer than that would count as expired from the beginning.
        early = EARLY if lifetime > EARLY else lifetime / 2
        return _Held(token, self._checked_username(id_token), token.expires_at - early)

    def _checked_username(self, id_token: str) -> str:
        username = username_of(id_token)
        expected = self._expected_username()
        if expected is not None and username != expected:
            raise AuthenticatedUserError(
                f"the token is {username}'s, but {expected} has to log in: "
                "log out in the browser, and log in as that user"
            )
        return username

    def _expected_username(self) -> str | None:
        # Who has logged in stays the same as long as the handler lives: it would be worse than an
        # error if half of what a program does were done by another user.
        held = self._held
        return self._username or (held.username if held else None)


def _now() -> float:
    return time.time()
