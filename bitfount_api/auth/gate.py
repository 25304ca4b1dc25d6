"""One renewal of credentials at a time, for all threads and event loops of a session."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

import attrs

from bitfount_api._network.drive import drive
from bitfount_api._network.driving import Connection
from bitfount_api.exceptions import AuthenticationError, BitfountError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from bitfount_api._call import Audience
    from bitfount_api.auth.handler import AuthenticationHandler


class GateConnection(Connection, Protocol):
    """What a gate needs of a session."""

    @property
    def makes_sync_calls(self) -> bool:
        """Whether flows can be driven from any thread; otherwise from event loops alone."""


@attrs.frozen(eq=False)
class _Renewal:
    """One renewal: the event loop of whoever began it, if they run one, and what comes of it."""

    loop: asyncio.AbstractEventLoop | None
    outcome: Future[None] = attrs.field(factory=Future)


# Whatever a renewal calls has this too, in its thread as in tasks: that may not wait for it.
_under_way: ContextVar[_Renewal | None] = ContextVar("bitfount_api_renewal", default=None)


class Gate:
    """Where requests get their credentials; closed while they are renewed.

    The first to find them unusable renews them, and everyone else waits for that and shares its
    outcome, good or bad. An event loop is never blocked: for it, a thread does the work.

    Args:
        handler: Whose credentials they are.
        connection: Over which its flows are driven.
    """

    def __init__(self, handler: AuthenticationHandler, connection: GateConnection) -> None:
        self._handler = handler
        self._connection = connection
        self._lock = threading.Lock()
        self._renewal: _Renewal | None = None

    def credentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """The headers for a service; fresh ones if the current ones are those ``refused``.

        Raises:
            AuthenticationError: None could be had.
        """
        if self._usable(audience, refused):
            return self._headers(audience)
        self._renew(audience, refused)
        return self._headers(audience)

    async def acredentials(
        self, audience: Audience, refused: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        """:meth:`credentials`, without blocking the event loop."""
        if self._usable(audience, refused):
            return self._headers(audience)
        await self._arenew(audience, refused)
        return self._headers(audience)

    def authenticate(self) -> None:
        """See to it that there are credentials."""
        self.credentials("hub", None)

    async def aauthenticate(self) -> None:
        """:meth:`authenticate`, without blocking the event loop."""
        await self.acredentials("hub", None)

    def _headers(self, audience: Audience) -> Mapping[str, str]:
        handler = self._handler
        return handler.am_request_headers if audience == "am" else handler.hub_request_headers

    def _usable(self, audience: Audience, refused: Mapping[str, str] | None) -> bool:
        if not self._handler.authenticated:
            return False
        # Refused headers that are no longer the current ones have been renewed by somebody else.
        return (
            refused is None
            or not self._handler.renewable
            or dict(self._headers(audience)) != dict(refused)
        )

    def _begin(
        self,
        audience: Audience,
        refused: Mapping[str, str] | None,
        loop: asyncio.AbstractEventLoop | None,
    ) -> tuple[_Renewal, bool] | None:
        """The renewal to wait for, and whether it is the caller's to do; None if it is done."""
        with self._lock:
            if self._renewal is not None:
                if _under_way.get() is self._renewal:
                    raise AuthenticationError(
                        "authenticating made a call that itself has to be authenticated; "
                        "use another session for it"
                    )
                return self._renewal, False
            if self._usable(audience, refused):
                return None
            self._renewal = _Renewal(loop)
            return self._renewal, True

    def _renew(self, audience: Audience, refused: Mapping[str, str] | None) -> None:
        from bitfount_api.auth.loops import running_loop

        begun = self._begin(audience, refused, None)
        if begun is None:
            return
        renewal, mine = begun
        if mine:
            self._work(renewal, refused=refused is not None)
        elif renewal.loop is not None and renewal.loop is running_loop():
            # What it waits for may need this very loop, which would then wait for itself.
            raise AuthenticationError(
                "a sync call cannot wait for the credentials that an async one is getting in the "
                "same event loop; use the async client there"
            )
        renewal.outcome.result()

    async def _arenew(self, audience: Audience, refused: Mapping[str, str] | None) -> None:
        import asyncio

        begun = self._begin(audience, refused, asyncio.get_running_loop())
        if begun is None:
            return
        renewal, mine = begun
        if mine:
            # A thread of its own: it may wait for a person, and must not use up the loop's few.
            # It goes on when this task is cancelled, for whoever else waits for it.
            threading.Thread(
                target=self._work,
                args=(renewal,),
                kwargs={"refused": refused is not None},
                name="bitfount-api-authentication",
                daemon=True,
            ).start()
        await asyncio.shield(asyncio.wrap_future(renewal.outcome))

    def _work(self, renewal: _Renewal, *, refused: bool) -> None:
        failure: BaseException | None = None
        token = _under_way.set(renewal)
        try:
            self._authenticate(renewal, refused=refused)
        except BitfountError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a handler may be a user's own
            # Its text may hold what the handler holds, so only its kind is told.
            failure = AuthenticationError(f"authentication failed with a {type(error).__name__}")
            failure.__cause__ = error
        except BaseException as error:
            failure = AuthenticationError("authentication was interrupted")
            failure.__cause__ = error
            if renewal.loop is None:
                self._end(renewal, failure)
                raise
        finally:
            _under_way.reset(token)
        self._end(renewal, failure)

    def _authenticate(self, renewal: _Renewal, *, refused: bool) -> None:
        loop = renewal.loop
        flow = self._handler.authentication(refused=refused, loop=loop)
        if flow is None:
            self._handler.authenticate()
        elif loop is not None and not self._connection.makes_sync_calls:
            from bitfount_api._network.adrive import adrive
            from bitfount_api.auth.loops import wait_for

            wait_for(adrive(flow, self._connection), loop)
        else:
            drive(flow, self._connection)

    def _end(self, renewal: _Renewal, failure: BaseException | None) -> None:
        with self._lock:
            self._renewal = None
        if failure is None:
            renewal.outcome.set_result(None)
        else:
            renewal.outcome.set_exception(failure)
