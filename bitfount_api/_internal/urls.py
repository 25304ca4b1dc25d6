"""Validate the URLs of services, presigned URLs, and those of raw requests.

All of them go through :func:`parse`, so that a URL is valid everywhere or nowhere.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

import httpx

from bitfount_api.exceptions import InvalidJSONError

_MAX_PORT = 65535


class Origin(NamedTuple):
    """The server that a URL leads to. Credentials go to the same origin only."""

    scheme: str
    host: bytes
    port: int | None


def origin(url: httpx.URL) -> Origin:
    """Return the origin of a URL; the port is None where it is the default of the scheme."""
    # The punycode form of the host: in Unicode, two different hosts can look the same.
    return Origin(url.scheme, url.raw_host, url.port)


def is_loopback_name(host: str) -> bool:
    """Whether a host name is reserved for this machine (RFC 6761, section 6.3)."""
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or address, whatever a name server says."""
    if is_loopback_name(host):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def parse(url: object) -> httpx.URL:
    """Parse an absolute http or https URL.

    Raises:
        ValueError: The URL is not valid. The message says why, and does not quote it.
    """
    try:
        parsed = httpx.URL(url)  # type: ignore[arg-type]
        host = parsed.host  # invalid punycode is found only here
    except (httpx.InvalidURL, TypeError, UnicodeError):
        raise ValueError("it is not a URL") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise ValueError("it must be absolute, with http:// or https:// and a host")
    if not (parsed.port is None or 0 < parsed.port <= _MAX_PORT):
        # Some systems would connect to the last 16 bits of a larger number.
        raise ValueError(f"its port is {parsed.port}, not a number from 1 to {_MAX_PORT}")
    # httpx quotes characters that no host name has. Only an IPv6 address may have a "%", before
    # its zone.
    if ":" not in host and b"%" in parsed.raw_host:
        raise ValueError("its host has characters that no host name can have")
    return parsed


def base_url(url: str | httpx.URL) -> str:
    """Return a service's base URL without a trailing slash.

    Args:
        url: The URL, as text or as httpx's class.

    Raises:
        ValueError: The URL is not valid, or has a user name, a query or a fragment.
    """
    try:
        parsed = parse(url)
    except ValueError as error:
        raise ValueError(f"a service's URL is not valid: {error}") from None
    text = str(url)
    if parsed.userinfo or parsed.query or parsed.fragment or "?" in text or "#" in text:
        raise ValueError("a service's URL must not hold a user name, a query or a fragment")
    return str(parsed).rstrip("/")


def presigned_url(url: object) -> str:
    """Return a presigned URL from a service's response.

    Raises:
        InvalidJSONError: The URL is not valid. The message does not quote it.
    """
    try:
        parse(url)
    except ValueError as error:
        raise InvalidJSONError(
            f"the Hub's response is not usable: the presigned URL is not valid: {error}"
        ) from None
    return str(url)


def request_url(url: str | httpx.URL) -> httpx.URL:
    """Return the URL of a raw request.

    Raises:
        ValueError: The URL is not valid, or has a user name.
    """
    try:
        parsed = parse(url)
    except ValueError as error:
        raise ValueError(f"the URL is not valid: {error}") from None
    if parsed.userinfo:
        # httpx would send it in place of the session's credentials.
        raise ValueError("the URL must not hold a user name; send an authorization header instead")
    return parsed
