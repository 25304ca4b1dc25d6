"""The OAuth service: where it is, and how it is spoken to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs
import httpx

from bitfount_api._call import Call, Operation, Service
from bitfount_api._urls import base_url

if TYPE_CHECKING:
    from bitfount_api.auth.token_file import Issuer
    from bitfount_api.retries import RetryPolicy

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|[0-9a-f:]+")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen
class Authority:
    """The OAuth service, as it is spoken to.

    Args:
        url: Its base URL.
        issuer: Its name, and what is asked of it.
        retry: How failed requests are repeated.
    """

    url: str
    issuer: Issuer
    retry: RetryPolicy

    def call(self, operation: Operation, path: str, **form: str) -> Call:
        """A request to it; a form, as OAuth wants it."""
        data = {"client_id": self.issuer.client_id, **form}
        return Call(operation, self.service, {"method": "post", "url": path, "data": data})

    @property
    def service(self) -> Service:
        """It as a service, which is given no credentials of other services."""
        return Service("the OAuth service", self.url)


def address(auth_domain: str) -> tuple[str, str]:
    """The OAuth authority's name, as token files have it, and its base URL.

    Raises:
        ValueError: It is neither a domain nor an authority on this machine.
    """
    if not isinstance(auth_domain, str):
        raise ValueError(f"auth_domain must be a text, not a {type(auth_domain).__name__}")
    try:
        url = base_url(auth_domain if "://" in auth_domain else f"https://{auth_domain}")
    except ValueError:
        url = ""
    parsed = httpx.URL(url)
    if not _HOST.fullmatch(parsed.host) or parsed.path not in ("", "/"):
        raise ValueError(
            "auth_domain must be a host name such as auth.bitfount.com, or for one on this machine "
            "a URL such as http://localhost:8080"
        )
    if parsed.scheme == "https":
        return parsed.netloc.decode("ascii"), url
    if parsed.host not in _LOCAL_HOSTS:
        raise ValueError(
            "auth_domain must use https: with http, anybody on the way could log in with what is "
            "sent. Only an authority on this machine (localhost) may use http."
        )
    return url, url
