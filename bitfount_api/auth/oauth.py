"""The address of the authorization server, and the calls made to it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import attrs
import httpx

from bitfount_api import config
from bitfount_api._core.effects import Send, Service
from bitfount_api._internal.key_text import has_key
from bitfount_api._internal.urls import base_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api._internal.operation import Operation
    from bitfount_api.auth.token_store import Issuer
    from bitfount_api.retries import RetryPolicy

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|[0-9a-f:]+")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen
class Clock:
    """The sources of the time in seconds, which tests replace.

    Args:
        now: Returns the time since the epoch.
        monotonic: Returns the time on a clock that never goes back.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


@attrs.frozen
class Authority:
    """The authorization server that a handler calls.

    Args:
        url: Base URL of the service.
        issuer: Name of the service, and the client, scopes and audience to request tokens for.
        retry: Retry policy for failed requests.
        clock: Clock for the expiry of device codes.
    """

    url: str
    issuer: Issuer
    retry: RetryPolicy
    clock: Clock = Clock()

    def call(self, operation: Operation, path: str, **form: str) -> Send:
        """Return a call to the service with a form, as OAuth requires."""
        data = {"client_id": self.issuer.client_id, **form}
        return Send(operation, self.service, {"method": "post", "url": path, "data": data})

    @property
    def service(self) -> Service:
        """The authorization server as a :class:`Service`, which receives no session credentials."""
        return Service("the authorization server", self.url, secret_bodies=True)


def authorization_server(auth_domain: str | None) -> tuple[str, str]:
    """Return the name of an authorization server, as stored in token files, and its base URL.

    Args:
        auth_domain: Its domain, or the URL of a server on this machine; None for
            ``BITFOUNT_AUTH_DOMAIN``, or else the environment's.

    Raises:
        ValueError: If it is neither.
    """
    if auth_domain:
        return _parse(auth_domain)
    found = config.auth_domain()
    try:
        return _parse(found.value)
    except ValueError as error:
        raise ValueError(f"{found.source}: {error}") from None


def _parse(auth_domain: str) -> tuple[str, str]:
    if not isinstance(auth_domain, str):
        raise ValueError(f"auth_domain must be a str, not {type(auth_domain).__name__}")
    try:
        url = base_url(auth_domain if "://" in auth_domain else f"https://{auth_domain}")
    except ValueError:
        url = ""
    parsed = httpx.URL(url)
    if has_key(auth_domain) or not _HOST.fullmatch(parsed.host) or parsed.path not in ("", "/"):
        raise ValueError(
            "auth_domain must be a host name such as auth.bitfount.com, or a URL such as "
            "http://localhost:8080 for an authorization server on this machine"
        )
    if parsed.scheme == "https":
        return parsed.netloc.decode("ascii"), url
    if parsed.host not in _LOCAL_HOSTS:
        raise ValueError(
            "auth_domain must use https: over http, others on the network could read the tokens "
            "and log in with them. Only an authorization server on this machine (localhost) may "
            "use http."
        )
    return url, url
