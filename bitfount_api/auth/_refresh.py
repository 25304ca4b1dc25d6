"""Refresh credentials once for all waiting threads and event loops of a session."""

from __future__ import annotations

import os
import threading
import time
import weakref
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TYPE_CHECKING

import attrs

from bitfount_api._core.redaction import SecretDict
from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._io.sync_driver import run
from bitfount_api.exceptions import AuthenticationError, BitfountError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from bitfount_api._core.effects import Audience
    from bitfount_api._io.connections import Connections
    from bitfount_api.auth.handler import AuthenticationHandler


_OWNER_CHECK_SECONDS = 1.0
"""Seconds after which a waiting caller sees whether the refresh is still performed."""


class _Owner:
    """Held by the caller that performs a refresh: when it is gone, so is the refresh."""


@attrs.frozen(eq=False)
class _Refresh:
    """One refresh: the event loop of the caller that began it, its owner, and its outcome."""

    loop: asyncio.AbstractEventLoop | None
    owner: weakref.ref[_Owner]
    outcome: Future[None] = attrs.field(factory=Future)
    process: int = attrs.field(factory=os.getpid)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or its owner cannot end it any more."""
        return self.outcome.done() or self.owner() is None or self.process != os.getpid()

    def raise_if_interrupted(self) -> None:
        """Raise if there will be no outcome.

        Raises:
            AuthenticationError: If the owner was interrupted.
        """
        if self.owner() is None and not self.outcome.done():
            raise AuthenticationError("authentication was interrupted; try again")

    def wait(self, seconds: float | None) -> None:
        """Wait for the outcome, and raise it if it is a failure.

        Raises:
            AuthenticationError: If the refresh failed, or was interrupted.
            TimeoutError: If there is no outcome within ``seconds``.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            left = _OWNER_CHECK_SECONDS if end is None else max(0, end - time.monotonic())
            try:
                return self.outcome.result(min(left, _OWNER_CHECK_SECONDS))
            except TimeoutError:
                self.raise_if_interrupted()
                if end is not None and time.monotonic() >= end and not self.outcome.done():
                    raise


# Calls made by a refresh, in its thread or in tasks, inherit this variable: they must not wait for
# the refresh itself.
_current_refresh: ContextVar[_Refresh | None] = ContextVar("bitfount_api_refresh", default=None)


class CredentialRefresher:
    """Supplies requests with credentials, and refreshes them once for all waiting callers.

    The first caller that finds the credentials unusable refreshes them. All other callers wait for
    the refresh and share its outcome, success or failure. An event loop is never blocked: a thread
    does the work for it.

    Args:
        handler: Handler that holds the credentials.
        connections: Connections that the handler's flows run over.
    """

    def __init__(self, handler: AuthenticationHandler, connections: Connections) -> None:
        self._handler = handler
        self._connections = connections
        self._lock = InterruptibleLock()
        self._current: _Refresh | None = None
        self._refreshed = 0

    def headers(
        self,
        audience: Audience,
        refused: Mapping[str, str] | None,
        seconds: float | None = None,
    ) -> Mapping[str, str]:
        """Return the headers for a service; new ones if the current ones were ``refused``.

        Args:
            audience: The service.
            refused: The headers that the service has just refused.
            seconds: Maximum number of seconds to wait; None for no limit. A renewal goes on
                afterwards, for other callers.

        Raises:
            AuthenticationError: If no credentials are available.
            TimeoutError: If they are not available in time.
        """
        seen = self._refreshed
        if self._usable(audience, refused):
            return self._headers(audience)
        end = None if seconds is None else time.monotonic() + seconds
        joined = self._refresh(audience, refused, seen, seconds)
        if joined and self._still_refused(audience, refused):
            left = None if end is None else max(0.0, end - time.monotonic())
            self._refresh(audience, refused, seen, left)
        return self._headers(audience)

    async def aheaders(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """Do the same as :meth:`headers` without blocking the event loop."""
        seen = self._refreshed
        if self._usable(audience, refused):
            return self._headers(audience)
        joined = await self._refresh_async(audience, refused, seen)
        if joined and self._still_refused(audience, refused):
            await self._refresh_async(audience, refused, seen)
        return self._headers(audience)

    @property
    def usable(self) -> bool:
        """Whether the current credentials count as valid."""
        return self._handler.authenticated

    def authenticate(self) -> None:
        """Get credentials unless there are usable ones."""
        self.headers("hub", None)

    async def aauthenticate(self) -> None:
        """Do the same as :meth:`authenticate` without blocking the event loop."""
        await self.aheaders("hub", None)

    def _headers(self, audience: Audience) -> Mapping[str, str]:
        handler = self._handler
        return SecretDict(
            handler.am_request_headers if audience == "am" else handler.hub_request_headers
        )

    def _usable(self, audience: Audience, refused: Mapping[str, str] | None) -> bool:
        if not self._handler.authenticated:
            return False
        return not self._handler.renewable or not self._still_refused(audience, refused)

    def _still_refused(self, audience: Audience, refused: Mapping[str, str] | None) -> bool:
        """Whether the current credentials are the refused ones: no other caller has replaced them.

        A refresh that another caller began, who was not refused, may have kept them.
        """
        return refused is not None and self._headers(audience) == dict(refused)

    def _begin(
        self,
        audience: Audience,
        refused: Mapping[str, str] | None,
        seen: int,
        loop: asyncio.AbstractEventLoop | None,
    ) -> tuple[_Refresh, _Owner | None] | None:
        """Return the refresh to wait for, and its owner if the caller has to perform it.

        Returns None if the credentials are usable already, or have been refreshed since the caller
        had ``seen`` a number of refreshes: a new token may be valid for so short a time that it
        counts as expired.
        """
        with self._lock:
            if self._current is not None and not self._current.is_over:
                if _current_refresh.get() is self._current:
                    raise AuthenticationError(
                        "authentication made a call that itself needs authentication; "
                        "use another session for that call"
                    )
                return self._current, None
            if (refused is None and seen != self._refreshed) or self._usable(audience, refused):
                return None
            owner = _Owner()
            self._current = _Refresh(loop, weakref.ref(owner))
            return self._current, owner

    def _refresh(
        self,
        audience: Audience,
        refused: Mapping[str, str] | None,
        seen: int,
        seconds: float | None,
    ) -> bool:
        """Refresh the credentials, and return whether another caller had begun to do so."""
        from bitfount_api.auth._event_loops import running_loop

        current = self._begin(audience, refused, seen, None)
        if current is None:
            return False
        refresh, owner = current
        joined = owner is None
        if owner is not None and seconds is None:
            self._refresh_and_share(refresh, owner, refused=refused is not None)
        elif owner is not None:
            self._refresh_in_thread(refresh, owner, refused=refused is not None)
        elif refresh.loop is not None and refresh.loop is running_loop():
            # The refresh may need this event loop, so waiting for it here could be a deadlock.
            raise AuthenticationError(
                "a sync call cannot wait for credentials that an async call is refreshing in the "
                "same event loop; use the async client"
            )
        del owner
        refresh.wait(seconds)
        return joined

    async def _refresh_async(
        self, audience: Audience, refused: Mapping[str, str] | None, seen: int
    ) -> bool:
        import asyncio

        current = self._begin(audience, refused, seen, asyncio.get_running_loop())
        if current is None:
            return False
        refresh, owner = current
        joined = owner is None
        if owner is not None:
            self._refresh_in_thread(refresh, owner, refused=refused is not None)
        del owner
        outcome = asyncio.wrap_future(refresh.outcome)
        outcome.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        while not (await asyncio.wait([outcome], timeout=_OWNER_CHECK_SECONDS))[0]:
            refresh.raise_if_interrupted()
        outcome.result()
        return joined

    def _refresh_in_thread(self, refresh: _Refresh, owner: _Owner, *, refused: bool) -> None:
        # A separate thread: the refresh may wait for a user, and must not occupy one of an event
        # loop's few threads. It continues when its caller gives up, for the other callers.
        thread = threading.Thread(
            target=self._refresh_and_share,
            args=(refresh, owner),
            kwargs={"refused": refused},
            name="bitfount-api-authentication",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:
            failure = AuthenticationError(f"authentication could not be started: {error}")
            self._end(refresh, failure)
            raise failure from error

    def _refresh_and_share(self, refresh: _Refresh, owner: _Owner, *, refused: bool) -> None:
        del owner  # held by the caller, or by the thread
        failure: BaseException | None = None
        token = _current_refresh.set(refresh)
        try:
            self._authenticate(refresh, refused=refused)
        except BitfountError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - custom handlers may raise anything
            # The exception's text may hold secrets, so the message has only its type.
            failure = AuthenticationError(f"authentication failed with a {type(error).__name__}")
            failure.__cause__ = error
        except BaseException as error:
            failure = AuthenticationError("authentication was interrupted")
            failure.__cause__ = error
            if refresh.loop is None:
                self._end(refresh, failure)
                raise
        finally:
            _current_refresh.reset(token)
        self._end(refresh, failure)

    def _authenticate(self, refresh: _Refresh, *, refused: bool) -> None:
        loop = refresh.loop
        flow = self._handler.authentication(refused=refused, loop=loop)
        if flow is None:
            self._handler.authenticate()
        elif loop is not None and not self._connections.makes_sync_calls:
            from bitfount_api._io.async_driver import run_async
            from bitfount_api.auth._event_loops import wait_for

            wait_for(run_async(flow, self._connections), loop)
        else:
            run(flow, self._connections)

    def _end(self, refresh: _Refresh, failure: BaseException | None) -> None:
        with self._lock:
            self._refreshed += failure is None
        if failure is None:
            refresh.outcome.set_result(None)
        else:
            refresh.outcome.set_exception(failure)
        with self._lock:
            if self._current is refresh:
                self._current = None
