"""The base classes of the clients of all services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

import attrs

from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.session_headers import SessionHeaders
from bitfount_api._internal.validation import check_seconds
from bitfount_api._io.driver import Timing
from bitfount_api.retries import policy_or
from bitfount_api.session import BitfountSession

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bitfount_api._core.effects import Flow, Service
    from bitfount_api.events import OnResponse, OnRetry
    from bitfount_api.retries import RetryPolicy

T = TypeVar("T")


class Client:
    """A client of one service: its session, time limits and retry policy."""

    _session: BitfountSession
    _remote: ServiceClient
    _timing: Timing
    _owns_session: bool

    def _connect(
        self, session: BitfountSession | None, service: Service, owns_session: bool | None
    ) -> None:
        self._owns_session = session is None if owns_session is None else owns_session
        if session is None:
            session = BitfountSession()
        elif not isinstance(session, BitfountSession):
            raise TypeError(
                f"the session must be a bitfount_api.BitfountSession, not a "
                f"{type(session).__module__}.{type(session).__qualname__}"
            )
        session._register_service(service)
        self._session = session
        self._remote = ServiceClient(
            service,
            session.retry,
            lambda: session.username,
            session.headers,
            hooks=session._hooks,
        )
        self._timing = Timing(session._explicit_timeout, session.deadline)

    @property
    def session(self) -> BitfountSession:
        """The session whose credentials and connections are used."""
        return self._session

    @property
    def username(self) -> str:
        """The user the session's credentials belong to.

        Raises:
            AuthenticatedUserError: The session is not authenticated yet.
        """
        return self._session.username

    @property
    def user_storage_path(self) -> Path:
        """The folder in which the user's token is kept."""
        return self._session.user_storage_path

    @property
    def url(self) -> str:
        """The service's base URL."""
        return self._remote.service.url

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        extra_headers: Mapping[str, str] | None = None,
        on_response: OnResponse | None = None,
        on_retry: OnRetry | None = None,
    ) -> Self:
        """Return a client with other options, for single calls: ``hub.with_options(…).get_pod(…)``.

        Args:
            timeout: Seconds to connect, and between two bytes.
            deadline: Seconds for a whole call, retries included.
            retry: The retry policy.
            extra_headers: Headers to send with requests to the service, beside those of the
                session. Headers that carry credentials are refused.
            on_response: A function that is called after each response, with a
                :class:`~bitfount_api.ResponseEvent`, after that of the session. So
                ``on_response=seen.append`` gives the headers and the request id of a success.
            on_retry: A function that is called before each pause before a retry, with a
                :class:`~bitfount_api.RetryEvent`.

        Returns:
            A client that shares this client's session.

        Raises:
            ValueError: ``timeout`` or ``deadline`` is not a number of seconds, or a header cannot
                be sent or carries credentials.
            TypeError: ``on_response`` or ``on_retry`` cannot be called, or is an async function;
                ``retry`` is not a :class:`~bitfount_api.RetryPolicy`, or ``extra_headers`` not a
                mapping.
        """
        check_seconds("timeout", timeout)
        check_seconds("deadline", deadline)
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._owns_session = False
        other._timing = Timing(
            self._timing.timeout if timeout is None else timeout,
            self._timing.deadline if deadline is None else deadline,
        )
        headers = SessionHeaders()
        headers.update(self._remote.extra_headers)
        headers.add("extra_headers", extra_headers)
        other._remote = attrs.evolve(
            self._remote,
            retry=policy_or(retry, self._remote.retry),
            extra_headers=headers,
            hooks=self._remote.hooks.with_others(on_response, on_retry),
        )
        return other

    def __repr__(self) -> str:
        if "_remote" not in self.__dict__:  # in the traceback of an error that ends __init__
            return f"{type(self).__name__}(not connected)"
        return f"{type(self).__name__}(url={self.url!r}, session={self.session!r})"


class SyncClient(Client):
    """The base class of the sync clients."""

    def _run(self, flow: Flow[T]) -> T:
        return self._session._run(flow, self._timing)

    def close(self) -> None:
        """Close the session if this client created it, or was given ``owns_session=True``."""
        if self._owns_session:
            self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Client):
    """The base class of the async clients."""

    async def _run(self, flow: Flow[T]) -> T:
        return await self._session._run_async(flow, self._timing)

    async def aclose(self) -> None:
        """Close the session if this client created it, or was given ``owns_session=True``."""
        if self._owns_session:
            await self.session.aclose()

    async def __aenter__(self) -> Self:
        from bitfount_api._io.async_driver import require_asyncio

        require_asyncio()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
