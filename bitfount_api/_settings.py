"""What a session's arguments, and the URLs of calls of one's own, have to be."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bitfount_api import _discretion
from bitfount_api._version import __version__

if TYPE_CHECKING:
    import os

Origin = tuple[str, bytes, int | None]
"""Scheme, host and port; no port is the scheme's own."""


def origin(url: httpx.URL) -> Origin:
    """Whom a URL leads to; credentials are for the very same only."""
    # The host as it is looked up: in readable form, two different ones can look the same.
    return url.scheme, url.raw_host, url.port


def checked_address(url: str | httpx.URL) -> httpx.URL:
    """Check a URL to be asked by a call of one's own.

    Raises:
        ValueError: It is no whole http or https URL, or holds a user name.
    """
    try:
        address = httpx.URL(url)
        host = address.host  # punycode that is none is found out only here
    except (httpx.InvalidURL, TypeError, UnicodeError) as error:
        raise ValueError(f"not a URL: {_discretion.tell(str(error))}") from None
    if address.scheme not in ("http", "https") or not host:
        raise ValueError("the URL must be a whole one, with http:// or https:// and a host")
    if address.userinfo:
        # httpx would send it in place of the session's credentials.
        raise ValueError("the URL must not hold a user name; send an authorization header instead")
    if not (address.port is None or 0 < address.port < 65536):
        raise ValueError(f"the URL's port is {address.port}, not a number from 1 to 65535")
    return address


def check_seconds(name: str, seconds: object) -> None:
    """Check a time.

    Args:
        name: What to call it in the error.
        seconds: The time; None is one too.

    Raises:
        ValueError: It is not a number of seconds over 0.
    """
    if seconds is None:
        return
    # True is a number to Python; what is longer than a year, no socket takes.
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise ValueError(f"{name} must be a number of seconds, not a {type(seconds).__name__}")
    if not 0 < seconds <= 365 * 86400:
        raise ValueError(f"{name} must be a number of seconds over 0, at most a year: {seconds!r}")


def checked_proxy(proxy: str | None) -> str | None:
    """Check a proxy's URL, and give it.

    Raises:
        ValueError: It is none. The text does not quote it.
    """
    if proxy is not None:
        try:
            httpx.Proxy(proxy)
        except (httpx.InvalidURL, ValueError, TypeError, AttributeError):
            # The text would quote the URL, which may hold a password.
            raise ValueError("proxy must be a URL such as http://proxy.example.com:3128") from None
    return proxy


def user_agent(suffix: str | None) -> str:
    """What the session calls itself.

    Raises:
        ValueError: The suffix cannot be sent in a header.
    """
    name = f"bitfount-api/{__version__}"
    if not suffix:
        return name
    if not suffix.isascii() or not suffix.isprintable():
        raise ValueError("user_agent_suffix must be printable ASCII")
    return f"{name} {suffix}"


def trust(
    verify: bool | str | os.PathLike[str] | ssl.SSLContext,
) -> bool | ssl.SSLContext:
    """Whose certificates to trust, as httpx takes it.

    Args:
        verify: True for the bundle that httpx brings, ``"system"`` for the operating system's, the
            path of a bundle or a folder, or a context.

    Raises:
        ValueError: It is False, or a file without certificates.
        FileNotFoundError: There is no such file or folder.
    """
    if verify is True or isinstance(verify, ssl.SSLContext):
        return verify
    if verify is False or not verify:
        raise ValueError(
            "certificates are always verified; to trust a CA of your own, "
            "give the path of its certificate as verify"
        )
    if verify == "system":
        return ssl.create_default_context()
    path = Path(verify)
    if not path.exists():
        raise FileNotFoundError(f"verify: there is no file or folder {path}")
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise ValueError(f"verify: {path} holds no certificates in PEM form") from error
