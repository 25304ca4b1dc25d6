"""How requests reach a service: directly or through a proxy, with or without TLS."""

from __future__ import annotations

import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import httpcore

from bitfount_api._core.redaction import redact
from bitfount_api._io.proxies import Proxies
from bitfount_api.exceptions import RequestException

if TYPE_CHECKING:
    from bitfount_api._internal.urls import Origin
    from bitfount_api._io.certificates import Trust
    from bitfount_api._io.proxies import Proxy

_DEFAULT_PORTS = {"http": 80, "https": 443}

KEEP_ALIVE = 15.0
"""Seconds after which an idle connection is closed."""


@attrs.frozen
class Route:
    """A way to a service.

    Args:
        origin: The service's origin.
        proxy: The proxy on the way, if any.
        context: The TLS settings; None if there is no TLS on the way.
    """

    origin: httpcore.Origin
    proxy: Proxy | None
    context: ssl.SSLContext | None

    @property
    def handshakes(self) -> int:
        """The number of TLS handshakes until the connection leads to the service itself."""
        through_tls = self.proxy is not None and self.proxy.scheme == "https"
        return int(self.origin.scheme == b"https") + int(through_tls)

    def connection(self, network: httpcore.NetworkBackend) -> httpcore.ConnectionInterface:
        """Return a new connection, which is opened with its first request."""
        if self.proxy is None:
            return httpcore.HTTPConnection(
                self.origin, self.context, KEEP_ALIVE, network_backend=network
            )
        arguments = self._proxy_arguments(network)
        pool: httpcore.ConnectionPool = (
            _socks(httpcore.SOCKSProxy, arguments)
            if self.proxy.scheme.startswith("socks")
            else httpcore.HTTPProxy(**arguments)
        )
        return pool.create_connection(self.origin)

    def async_connection(
        self, network: httpcore.AsyncNetworkBackend
    ) -> httpcore.AsyncConnectionInterface:
        """Return a new connection for an event loop."""
        if self.proxy is None:
            return httpcore.AsyncHTTPConnection(
                self.origin, self.context, KEEP_ALIVE, network_backend=network
            )
        arguments = self._proxy_arguments(network)
        pool: httpcore.AsyncConnectionPool = (
            _socks(httpcore.AsyncSOCKSProxy, arguments)
            if self.proxy.scheme.startswith("socks")
            else httpcore.AsyncHTTPProxy(**arguments)
        )
        return pool.create_connection(self.origin)

    def _proxy_arguments(self, network: Any) -> dict[str, Any]:
        proxy = self.proxy
        assert proxy is not None  # noqa: S101 - called for proxies only
        arguments: dict[str, Any] = {
            "proxy_url": httpcore.URL(
                scheme=proxy.scheme, host=proxy.host.encode("idna"), port=proxy.port, target=b"/"
            ),
            "proxy_auth": proxy.user and tuple(part.encode() for part in proxy.user),
            "ssl_context": self.context,
            "keepalive_expiry": KEEP_ALIVE,
            "network_backend": network,
        }
        if proxy.scheme == "https":
            # The proxy is trusted like the services.
            arguments["proxy_ssl_context"] = self.context
        return arguments


def _socks(kind: Any, arguments: dict[str, Any]) -> Any:
    try:
        return kind(**arguments)
    except RuntimeError as error:  # how httpcore says that socksio is missing
        raise RequestException(
            "a socks5:// proxy needs the package socksio: pip install socksio", sent=False
        ) from error


class Routes:
    """The ways to services with a session's settings.

    Args:
        proxies: The proxies; None for the environment's.
        trust: The certificates to trust.
    """

    def __init__(self, proxies: Proxies | None, trust: Trust | ssl.SSLContext) -> None:
        self._proxies = proxies
        self._trust = trust
        self._context: ssl.SSLContext | None = None

    @cached_property
    def _known_proxies(self) -> Proxies:
        return Proxies.from_env() if self._proxies is None else self._proxies

    def proxy(self, origin: Origin) -> Proxy | None:
        """Return the proxy for an origin; None for direct connections.

        Raises:
            RequestException: The settings of the environment cannot be used.
        """
        try:
            return self._known_proxies.find(origin)
        except ValueError as error:
            raise _unusable(error) from None

    def find(self, origin: Origin) -> Route:
        """Return the way to an origin.

        Raises:
            RequestException: The settings of the environment cannot be used.
        """
        proxy = self.proxy(origin)
        context = self._load_context() if _needs_tls(origin, proxy) else None
        port = origin.port or _DEFAULT_PORTS[origin.scheme]
        return Route(httpcore.Origin(origin.scheme.encode(), origin.host, port), proxy, context)

    def loads_certificates(self, origin: Origin) -> bool:
        """Whether :meth:`find` would read certificates now, which would block an event loop."""
        return self._context is None and _needs_tls(origin, self.proxy(origin))

    def certificates(self) -> list[str]:
        """Load the certificates, and return the places that they come from.

        Raises:
            RequestException: The settings of the environment cannot be used.
        """
        self._load_context()
        return [] if isinstance(self._trust, ssl.SSLContext) else self._trust.places()

    def _load_context(self) -> ssl.SSLContext:
        if self._context is None:
            if isinstance(self._trust, ssl.SSLContext):
                self._context = self._trust
            else:
                try:
                    self._context = self._trust.context()
                except ValueError as error:
                    raise _unusable(error) from None
        return self._context


def _needs_tls(origin: Origin, proxy: Proxy | None) -> bool:
    return origin.scheme == "https" or (proxy is not None and proxy.scheme == "https")


def _unusable(error: ValueError) -> RequestException:
    return RequestException(
        "the settings of the environment (proxy, certificates) cannot be used: "
        f"{redact(str(error))}",
        sent=False,
    )
