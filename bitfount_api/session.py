"""The session: credentials and connections, shared by clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import httpx

from bitfount_api import config
from bitfount_api._core.effects import Send, Service
from bitfount_api._core.hooks import NO_HOOKS
from bitfount_api._core.raw_arguments import ADVICE, checked_method, raw_arguments
from bitfount_api._core.retrying import send_with_retries
from bitfount_api._core.services import environment_services, url_source
from bitfount_api._core.session_headers import SessionHeaders
from bitfount_api._internal.logs import write_to_stderr
from bitfount_api._internal.operation import Operation, Retry
from bitfount_api._internal.tracebacks import without_variables
from bitfount_api._internal.urls import Origin, origin, request_url
from bitfount_api._internal.validation import check_seconds
from bitfount_api._io.connections import Connections
from bitfount_api._io.driver import Timing
from bitfount_api._io.settings import (
    ConnectionSettings,
    check_proxy,
    check_trust,
    user_agent,
)
from bitfount_api._io.sync_driver import run
from bitfount_api.auth._default import checked_handler, default_handler
from bitfount_api.auth._refresh import CredentialRefresher
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.retries import RetryPolicy, policy_or

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Mapping
    from pathlib import Path

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.messages import Response
    from bitfount_api.auth.handler import AuthenticationHandler
    from bitfount_api.events import OnResponse, OnRetry


T = TypeVar("T")


class BitfountSession:
    """Credentials and connections for any number of clients, threads and event loops.

    Nothing is sent before the first request that needs it. Close it, or use it in a ``with`` or
    ``async with`` statement, to free its connections. Async code needs asyncio: under trio, async
    methods raise a ``RuntimeError``.

    Args:
        authentication_handler: The authentication handler. Default: the API key of the environment
            variables (``BITFOUNT_API_KEY_ID``, ``BITFOUNT_API_KEY``, ``BITFOUNT_USERNAME``) if they
            are set, else the device-code flow of the environment.
        timeout: Seconds to connect, and between two bytes; default: the operation's own, or 30.
        deadline: Seconds for a whole call, with credentials, connecting and retries; None for 180
            from the first request on. File transfers have a deadline only if this argument is
            given.
        retry: The retry policy.
        proxy: The URL of a proxy; default: the environment's (``HTTPS_PROXY``, ``NO_PROXY``).
        verify: The certificates to trust: True for the CA bundle of the environment
            (``SSL_CERT_FILE``, …) or of certifi, ``"system"`` for the operating system's, the path
            of a bundle or of a hashed folder, or an ``SSLContext``.
        transport: An httpx transport to use instead of opening connections, sync or async; one
            that is both is used for both. ``proxy`` and ``verify`` do not apply to it.
        user_agent_suffix: A suffix for the user agent, such as ``"ward-7/2.1"``.
        default_headers: The first contents of :attr:`headers`, which are sent with all requests to
            the services. Headers that carry credentials are refused.
        on_response: A function that is called after each response to a client or a raw request,
            with a :class:`~bitfount_api.ResponseEvent`, in the thread or the event loop of the
            call, which waits for it. If it fails, that is logged and the call goes on. It may make
            calls itself, for which neither it nor other functions are called. Async functions are
            refused.
        on_retry: A function that is called in the same way before each pause before a retry, with a
            :class:`~bitfount_api.RetryEvent`.
        allow_insecure: Send credentials to services with an ``http://`` URL on other machines, too,
            so that others on the network can read them; default: ``BITFOUNT_ALLOW_INSECURE``, or
            False.

    Raises:
        ValueError: An argument is not valid.
        TypeError: The handler, ``retry`` or ``default_headers`` has another type, or
            ``on_response`` or ``on_retry`` cannot be called, or is an async function.
        FileNotFoundError: ``verify`` is a path that does not exist.
    """

    @without_variables
    def __init__(
        self,
        authentication_handler: AuthenticationHandler | None = None,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        proxy: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        user_agent_suffix: str | None = None,
        allow_insecure: bool | None = None,
        default_headers: Mapping[str, str] | None = None,
        on_response: OnResponse | None = None,
        on_retry: OnRetry | None = None,
    ) -> None:
        if level := config.log_level():
            write_to_stderr(level)
        check_seconds("timeout", timeout)
        check_seconds("deadline", deadline)
        self._handler: AuthenticationHandler = (
            default_handler()
            if authentication_handler is None
            else checked_handler(authentication_handler)
        )
        self._explicit_timeout = timeout
        self._deadline = deadline
        if not (allow_insecure is None or isinstance(allow_insecure, bool)):
            raise ValueError("allow_insecure must be True or False")
        self._retry = policy_or(retry, RetryPolicy())
        self._headers = SessionHeaders()
        self._headers.add("default_headers", default_headers)
        self._hooks = NO_HOOKS.with_others(on_response, on_retry)
        self._connections = Connections(
            ConnectionSettings(
                user_agent=user_agent(user_agent_suffix),
                timeout=self.timeout,
                proxies=check_proxy(proxy),
                trust=check_trust(verify),
                transport=transport,
                allow_insecure=allow_insecure,
            )
        )
        self._origins: dict[Origin, Service] = {}
        self._refresher = CredentialRefresher(self._handler, self._connections)

    # --- Settings --------------------------------------------------------------------------------

    @property
    def timeout(self) -> float:
        """Seconds to connect, and between two bytes, for operations without their own."""
        seconds = self._explicit_timeout
        return config.DEFAULT_TIMEOUT if seconds is None else float(seconds)

    @property
    def deadline(self) -> float | None:
        """Seconds for a whole call; None for the default."""
        return self._deadline

    @property
    def retry(self) -> RetryPolicy:
        """The retry policy."""
        return self._retry

    @property
    def headers(self) -> SessionHeaders:
        """Headers to send with all requests to the services, such as ``x-ward``.

        They are sent to the services of the environment and of the session's clients, and never to
        object storage, the authorization server or other hosts. Headers that carry credentials are
        refused with a ``ValueError``.
        """
        return self._headers

    @headers.setter
    def headers(self, headers: Mapping[str, str]) -> None:
        replaced = SessionHeaders()
        replaced.update(headers)
        self._headers.clear()  # clients hold this object
        self._headers.update(replaced)

    # --- Authentication --------------------------------------------------------------------------

    @property
    def authentication_handler(self) -> AuthenticationHandler:
        """The handler, which cannot be replaced: make another session for other credentials."""
        return self._handler

    @property
    def username(self) -> str:
        """The user the credentials belong to.

        Raises:
            AuthenticatedUserError: The session is not authenticated yet.
        """
        return self._handler.username

    @property
    def user_storage_path(self) -> Path:
        """The folder in which the user's token is kept."""
        return self._handler.user_storage_path

    @property
    def authenticated(self) -> bool:
        """Whether usable credentials are available, as far as is known without a request."""
        return self._handler.authenticated

    def authenticate(self) -> None:
        """Get credentials now, instead of at the first request that needs them.

        Raises:
            AuthenticationError: No credentials are available.
        """
        self._refresher.authenticate()

    async def aauthenticate(self) -> None:
        """:meth:`authenticate` for async code."""
        from bitfount_api._io.async_driver import require_asyncio

        require_asyncio()
        await self._refresher.aauthenticate()

    # --- Calls of clients ------------------------------------------------------------------------

    def _run(self, flow: Flow[T], timing: Timing) -> T:
        return run(flow, self._connections, self._refresher, timing)

    async def _run_async(self, flow: Flow[T], timing: Timing) -> T:
        # Imported here because it imports asyncio, which sync callers do not need.
        from bitfount_api._io.async_driver import run_async

        return await run_async(flow, self._connections, self._refresher, timing)

    # --- Raw requests ----------------------------------------------------------------------------

    def _register_service(self, service: Service) -> None:
        """Send credentials with raw requests to this service's origin.

        Raises:
            ValueError: They would be sent without encryption.
        """
        self._check_encrypted(service)
        self._origins[origin(httpx.URL(service.url))] = service

    def _check_encrypted(self, service: Service) -> None:
        """Check that nobody else on the network can read the credentials for a service.

        Raises:
            ValueError: Others could, and the session does not allow it.
        """
        if type(self._handler) is AnonymousHandler:
            return
        try:
            self._connections.check_encrypted(service)
        except ValueError as error:
            source = url_source(service)
            raise ValueError(f"{source}: {error}" if source else str(error)) from None

    def request(self, method: str, url: str, **arguments: Any) -> Response:
        """Send a raw request, with the session's credentials only to a known origin.

        The known origins (scheme, host and port) are those of the services of the environment and
        of every client that uses this session. Redirects are not followed, and an error status
        raises no error.

        Args:
            method: The HTTP method.
            url: The absolute URL.
            **arguments: As for httpx: ``params``, ``headers``, ``cookies``, ``content``, ``data``,
                ``files``, ``json``, ``extensions``; and ``timeout`` in seconds, or a pair of the
                seconds to connect and between two bytes. As in requests, ``data`` may also be the
                content. A request whose body can be read only once, such as a generator, is never
                sent again.

        Returns:
            The response: one of httpx that also has ``ok`` and ``reason``, and whose
            ``raise_for_status()`` raises an ``HTTPError``.

        Raises:
            ValueError: The URL is not an absolute http or https URL, or has a user name; or
                credentials would be sent to it without encryption; or an argument cannot be sent;
                or the file to send was read to its end.
            TypeError: There is no such argument, or its value has no meaning here, such as
                ``allow_redirects=True``. The text says what to do.
            RequestException: No response was received.
            AuthenticationError: No credentials are available.
        """
        call, timing = self._raw_request(method, url, arguments)
        return self._run(send_with_retries(call, self.retry), timing).to_httpx()

    async def arequest(self, method: str, url: str, **arguments: Any) -> Response:
        """:meth:`request` for async code."""
        call, timing = self._raw_request(method, url, arguments)
        response = await self._run_async(send_with_retries(call, self.retry), timing)
        return response.to_httpx()

    def get(self, url: str, **arguments: Any) -> Response:
        """:meth:`request` with ``GET``."""
        return self.request("GET", url, **arguments)

    def head(self, url: str, **arguments: Any) -> Response:
        """:meth:`request` with ``HEAD``."""
        return self.request("HEAD", url, **arguments)

    def post(self, url: str, data: Any = None, json: Any = None, **arguments: Any) -> Response:
        """:meth:`request` with ``POST``."""
        return self.request("POST", url, data=data, json=json, **arguments)

    def put(self, url: str, data: Any = None, **arguments: Any) -> Response:
        """:meth:`request` with ``PUT``."""
        return self.request("PUT", url, data=data, **arguments)

    def patch(self, url: str, data: Any = None, **arguments: Any) -> Response:
        """:meth:`request` with ``PATCH``."""
        return self.request("PATCH", url, data=data, **arguments)

    def delete(self, url: str, **arguments: Any) -> Response:
        """:meth:`request` with ``DELETE``."""
        return self.request("DELETE", url, **arguments)

    def _raw_request(self, method: str, url: str, arguments: dict[str, Any]) -> tuple[Send, Timing]:
        method = checked_method(method)
        address = request_url(url)
        raw = raw_arguments(arguments)
        arguments, address = raw.request, raw.with_params(address)
        seconds = self._explicit_timeout if raw.timeout is None else raw.timeout
        timing = Timing(seconds, self.deadline, raw.connect)
        known = self._known_services().get(origin(address))
        if known is not None:
            self._check_encrypted(known)
        service = Service(
            known.name if known else address.raw_host.decode("ascii"),
            audience=known.audience if known else None,
        )
        # In HTTP, PUT and DELETE are idempotent; POST and PATCH are not.
        repeat = Retry.IF_UNSENT if method in ("POST", "PATCH") else Retry.IDEMPOTENT
        operation = Operation(f"raw {method} request", repeat)
        once = body = None
        if arguments.keys() & {"content", "files"}:
            # Imported here, since most requests have no such body.
            from bitfount_api._transfer.request_bodies import (
                FileObjectBody,
                can_seek,
                sendable_once,
            )

            once = sendable_once(arguments)
            if can_seek(arguments.get("content")):
                body = FileObjectBody(arguments.pop("content"))
        request: Mapping[str, Any] = {**arguments, "method": method, "url": address}
        if known is not None:
            request = self._headers.added_to(request)
        call = Send(operation, service, request, body, sendable_once=bool(once), hooks=self._hooks)
        return call, timing

    def _known_services(self) -> dict[Origin, Service]:
        environment = environment_services()
        return {origin(httpx.URL(known.url)): known for known in environment} | self._origins

    # --- Closing ---------------------------------------------------------------------------------

    def proxy_for(self, url: str) -> str | None:
        """Return the proxy for requests to a URL, without its user name and password.

        Args:
            url: The absolute URL.

        Returns:
            The proxy's URL; None for direct connections. With a custom ``transport``, always None.

        Raises:
            ValueError: The URL is not an absolute http or https URL.
            RequestException: A proxy variable of the environment is not valid.
        """
        return self._connections.proxy_for(origin(request_url(url)))

    def trusted_certificates(self) -> list[str]:
        """Load the certificates that connections trust, and return where they come from.

        Returns:
            The paths of the files and folders; ``"system"`` for the certificates of the operating
            system. Empty with an ``SSLContext`` and with a custom ``transport``.

        Raises:
            RequestException: A variable of the environment names certificates that cannot be used.
        """
        return self._connections.certificates()

    @property
    def closed(self) -> bool:
        """Whether the session has been closed."""
        return self._connections.closed

    def close(self) -> None:
        """Close the connections of sync clients; :meth:`aclose` closes those of an event loop."""
        self._connections.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and those of sync clients."""
        self.close()  # first: calls that fail, or wait for their turn, would open new connections
        await self.aclose_loop()

    async def aclose_loop(self) -> None:
        """Close the connections of the running event loop only; the session stays open elsewhere.

        Use it for sessions that outlive an event loop, such as one shared by several
        ``asyncio.run`` calls.
        """
        await self._connections.aclose_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        from bitfount_api._io.async_driver import require_asyncio

        require_asyncio()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # Type checkers must not see these: to them, every attribute would exist.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            """Set an attribute; refuse settings that would have no effect."""
            known = getattr(type(self), name, None)
            allowed = name.startswith("_") or callable(known)
            if isinstance(known, property):
                allowed = known.fset is not None
            elif known is None and type(self) is not BitfountSession:
                allowed = name not in ADVICE  # a subclass may have attributes of its own
            if not allowed:
                self._refuse(name, "cannot be set")
            super().__setattr__(name, value)

        def __getattr__(self, name: str) -> Any:
            if not hasattr(type(self), name):
                self._refuse(name, "does not exist")
            return object.__getattribute__(self, name)  # raises the property's own error

    def _refuse(self, name: str, why: str) -> NoReturn:
        advice = f": {ADVICE[name]}" if name in ADVICE else ""
        raise AttributeError(
            f"the attribute {name!r} of {type(self).__name__!r} {why}{advice}", name=name, obj=self
        )

    def __repr__(self) -> str:
        handler = type(self.authentication_handler).__name__
        return f"{type(self).__name__}({handler}, authenticated={self.authenticated})"

    def __reduce__(self) -> Any:
        raise TypeError("a session holds credentials and connections, and cannot be pickled")
