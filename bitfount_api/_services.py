"""The services a session can speak to, and what a base URL has to be."""

from __future__ import annotations

import httpx

from bitfount_api import config
from bitfount_api._call import Service

STORAGE = Service("object storage")
"""Object storage is addressed by presigned URLs, and is never given a credential."""


def hub(url: str | None = None) -> Service:
    """The Hub at that base URL; by default the environment's."""
    url = config.environment().hub_url if url is None else url
    return Service("the Hub", base_url(url), "hub")


def access_manager(url: str | None = None) -> Service:
    """The access manager at that base URL; by default the environment's."""
    url = config.environment().access_manager_url if url is None else url
    return Service("the access manager", base_url(url), "am")


def smart_on_fhir(url: str | None = None) -> Service:
    """SMART on FHIR at that base URL; by default the configured one, or the environment's."""
    url = config.smart_on_fhir_url() if url is None else url
    return Service("SMART on FHIR", base_url(url), "hub")


def environment_services() -> list[Service]:
    """The services of the environment, which every session knows."""
    return [hub(), access_manager(), smart_on_fhir()]


def base_url(url: str) -> str:
    """Check a service's base URL, and give it without a trailing slash.

    Raises:
        ValueError: It is not a whole http or https URL, or holds a user name, query or fragment.
    """
    parsed = _whole(url)
    if parsed is None:
        raise ValueError(
            "a service's URL must be a whole one, such as https://hub.example.com: with http:// or "
            "https://, a host, and a port from 1 to 65535 where it has one"
        )
    if parsed.userinfo or parsed.query or parsed.fragment or "?" in url or "#" in url:
        raise ValueError("a service's URL must not hold a user name, a query or a fragment")
    return str(parsed).rstrip("/")


def presigned_url(url: object) -> str:
    """Check a presigned URL before it is used: a service's answer may hold anything.

    Raises:
        ValueError: It is not a whole http or https URL. The text does not quote it.
    """
    if _whole(url) is None:
        raise ValueError("the presigned URL is not a whole http or https URL")
    return str(url)


def _whole(url: object) -> httpx.URL | None:
    """A URL that can be asked; None if it is none."""
    try:
        parsed = httpx.URL(url)  # type: ignore[arg-type]
        host = parsed.host  # punycode that is none is found out only here
    except (httpx.InvalidURL, TypeError, UnicodeError):
        return None
    port = parsed.port
    # Of a port that is too large, some would ask the one of its last 16 bits.
    usable = port is None or 0 < port < 65536
    # httpx quotes what no name can hold; only an IPv6 address may have a "%", before its zone.
    named = bool(host) and (":" in host or b"%" not in parsed.raw_host)
    return parsed if usable and named and parsed.scheme in ("http", "https") else None
