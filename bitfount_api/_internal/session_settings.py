"""Validate a session's arguments."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bitfount_api._version import __version__

if TYPE_CHECKING:
    import os


def check_proxy(proxy: str | None) -> str | None:
    """Return a valid proxy URL.

    Raises:
        ValueError: The URL is not valid. The text does not quote it.
    """
    if proxy is not None:
        try:
            httpx.Proxy(proxy)
        except (httpx.InvalidURL, ValueError, TypeError, AttributeError):
            # The text would quote the URL, which may hold a password.
            raise ValueError("proxy must be a URL such as http://proxy.example.com:3128") from None
    return proxy


def user_agent(suffix: str | None) -> str:
    """Return the session's user agent.

    Raises:
        ValueError: The suffix cannot be sent in a header.
    """
    name = f"bitfount-api/{__version__}"
    if not suffix:
        return name
    if not suffix.isascii() or not suffix.isprintable():
        raise ValueError("user_agent_suffix must be printable ASCII")
    return f"{name} {suffix}"


def ssl_trust(
    verify: bool | str | os.PathLike[str] | ssl.SSLContext,
) -> bool | ssl.SSLContext:
    """Return the ``verify`` argument for httpx.

    Args:
        verify: True for httpx's CA bundle, ``"system"`` for the operating system's certificates,
            the path of a bundle or a folder, or an ``SSLContext``.

    Raises:
        ValueError: ``verify`` is False, or a file without certificates.
        FileNotFoundError: There is no such file or folder.
    """
    if verify is True or isinstance(verify, ssl.SSLContext):
        return verify
    if verify is False or not verify:
        raise ValueError(
            "certificates are always verified; to trust a private CA, "
            "pass the path of its certificate as verify"
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
        raise ValueError(f"verify: {path} contains no PEM certificates") from error
