"""The proxies of the environment: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, ``NO_PROXY``."""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import unquote

import attrs

from bitfount_api._internal.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api._internal.urls import Origin

_logger = get_logger(__name__)

_SCHEMES = frozenset({"http", "https", "socks5", "socks5h"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# Compiled on first use: most programs have no proxy.
_SERVER = r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:/?#@\[\]]+)(?::(?P<port>\d{1,5}))?/?"
_HOST = r"(?:\*?\.)?(?P<name>[\w-]+(?:\.[\w-]+)*)\.?"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@attrs.frozen
class Proxy:
    """A proxy.

    Args:
        scheme: ``http``, ``https``, ``socks5`` or ``socks5h``.
        host: The host, without brackets.
        port: The port.
        user: The user name and the password for the proxy.
    """

    scheme: str
    host: str
    port: int
    user: tuple[str, str] | None = attrs.field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The URL, without user name and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """Parse a proxy's URL. The password may contain any character.

        Raises:
            ValueError: It is not valid. The text does not quote it.
        """
        scheme, separator, rest = text.strip().rpartition("://")
        if "://" in scheme:  # it belongs to the password
            scheme, separator, rest = text.strip().partition("://")
        scheme = scheme.lower() if separator else "http"
        login, at, server = rest.rpartition("@")
        found = re.fullmatch(_SERVER, server)
        port = int(found["port"] or _DEFAULT_PORTS.get(scheme, 0)) if found else 0
        if found is None or scheme not in _SCHEMES or not 0 < port < 65536:
            raise ValueError(
                "a proxy must be a URL such as http://proxy.example.com:3128, "
                "https://…, or socks5://…"
            )
        name, _, password = login.partition(":")
        user = (unquote(name), unquote(password)) if at else None
        return cls(scheme, found["host"].strip("[]"), port, user)


@attrs.frozen
class Exemption:
    """An entry of ``NO_PROXY``: requests that go to a service directly.

    Args:
        host: The host name, whose subdomains are included; None for all hosts.
        network: The addresses, instead of a host name.
        port: The port; None for all.
        scheme: The scheme; None for both.
    """

    host: str | None = None
    network: Network | None = None
    port: int | None = None
    scheme: str | None = None

    @classmethod
    def parse(cls, entry: str) -> Exemption:
        """Parse an entry.

        Raises:
            ValueError: It is not a host name, an address, or a range of addresses.
        """
        scheme, separator, rest = entry.partition("://")
        if not separator:
            scheme, rest = "", entry
        elif scheme not in ("http", "https", "all"):
            raise ValueError(entry)
        kind = scheme if scheme in ("http", "https") else None
        if rest == "*":
            return cls(scheme=kind)
        try:  # an IPv6 address without brackets has colons, but no port
            return cls(network=_network(rest), scheme=kind)
        except ValueError:
            pass
        host, colon, digits = rest.rpartition(":")
        if not colon:
            host = rest
        elif not re.fullmatch(r"\d{1,5}", digits):
            raise ValueError(entry)
        port = int(digits) if colon else None
        if host == "*":
            return cls(port=port, scheme=kind)
        try:
            return cls(network=_network(host), port=port, scheme=kind)
        except ValueError:
            pass
        name = re.fullmatch(
            _HOST, host.encode("idna").decode("ascii") if not host.isascii() else host
        )
        if name is None:
            raise ValueError(entry)
        return cls(host=name["name"].lower(), port=port, scheme=kind)

    def applies_to(self, scheme: str, host: str, port: int) -> bool:
        """Whether requests to an origin are exempt."""
        if self.scheme not in (None, scheme) or self.port not in (None, port):
            return False
        if self.network is not None:
            return any(address in self.network for address in _addresses(host))
        return self.host is None or host == self.host or host.endswith(f".{self.host}")


def _network(text: str) -> Network:
    address, slash, prefix = text.partition("/")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
        ipaddress.IPv6Address(address)
    return ipaddress.ip_network(address + slash + prefix, strict=False)


def _addresses(host: str) -> list[Address]:
    """Return the address, and the IPv4 address that it stands for; none for a host name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return []
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return [address] if mapped is None else [address, mapped]


@attrs.frozen
class Proxies:
    """The proxies to use.

    Args:
        by_scheme: The proxy by the scheme of the service's URL.
        exemptions: The requests that use no proxy.
        invalid: What is wrong with the proxy, by the scheme of the service's URL.
    """

    by_scheme: Mapping[str, Proxy]
    exemptions: tuple[Exemption, ...] = ()
    invalid: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def everywhere(cls, proxy: str) -> Proxies:
        """Use one proxy for every request.

        Raises:
            ValueError: It is not valid.
        """
        parsed = Proxy.parse(proxy)
        return cls({"http": parsed, "https": parsed})

    @classmethod
    def from_env(cls) -> Proxies:
        """Use the proxies of the environment, or of the system's settings."""
        settings = urllib.request.getproxies()
        by_scheme, invalid = {}, {}
        for scheme in ("http", "https"):
            name = scheme if settings.get(scheme) else "all"
            if settings.get(name):
                try:
                    by_scheme[scheme] = Proxy.parse(settings[name])
                except ValueError as error:
                    invalid[scheme] = f"{name.upper()}_PROXY is not valid: {error}"
        exemptions = _exemptions(settings.get("no", "")) if by_scheme or invalid else ()
        return cls(by_scheme, exemptions, invalid)

    def find(self, origin: Origin) -> Proxy | None:
        """Return the proxy for requests to an origin; None for direct connections.

        Raises:
            ValueError: The variable holds no valid proxy. The text names the variable only.
        """
        proxy, wrong = self.by_scheme.get(origin.scheme), self.invalid.get(origin.scheme)
        if proxy is None and wrong is None:
            return None
        host = origin.host.decode("ascii").strip("[]").lower().rstrip(".")
        port = origin.port or _DEFAULT_PORTS[origin.scheme]
        if any(each.applies_to(origin.scheme, host, port) for each in self.exemptions):
            return None
        if wrong is not None:
            raise ValueError(wrong)
        return proxy


def _exemptions(no_proxy: str) -> tuple[Exemption, ...]:
    found, odd = [], 0
    for entry in re.split(r"[,\s]+", no_proxy):
        if entry:
            try:
                found.append(Exemption.parse(entry))
            except (ValueError, UnicodeError):
                odd += 1
    if odd:
        _logger.warning(
            "NO_PROXY: %d of its entries are skipped, since they are not a host name, an address, "
            "a range of addresses such as 10.0.0.0/8, or one of these with a port",
            odd,
        )
    return tuple(found)
