"""The settings of connections, and the validation of a session's arguments for them."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

import attrs

from bitfount_api import config
from bitfount_api._io.certificates import Trust
from bitfount_api._io.proxies import Proxies
from bitfount_api._version import __version__

if TYPE_CHECKING:
    import httpx

DEFAULT_TRUST = Trust("default")


@attrs.frozen
class ConnectionSettings:
    """Settings for connections.

    Args:
        user_agent: Value of the ``user-agent`` header.
        timeout: Default timeout in seconds, to connect and between two bytes.
        proxies: The proxies; None for the environment's.
        trust: The certificates to trust.
        transport: Custom httpx transport, which brings its own proxy and certificates.
        allow_insecure: Whether secrets may be sent without encryption; None for the environment's.
    """

    user_agent: str
    timeout: float = config.DEFAULT_TIMEOUT
    proxies: Proxies | None = attrs.field(default=None, repr=False)
    trust: Trust | ssl.SSLContext = DEFAULT_TRUST
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None
    allow_insecure: bool | None = None


def check_proxy(proxy: str | None) -> Proxies | None:
    """Return the proxy to use for every request; None for those of the environment.

    Raises:
        ValueError: The URL is not valid. The text does not quote it.
    """
    if proxy is None:
        return None
    if not isinstance(proxy, str) or "://" not in proxy:
        raise ValueError("proxy must be a URL such as http://proxy.example.com:3128")
    try:
        return Proxies.everywhere(proxy)
    except ValueError as error:
        raise ValueError(f"proxy: {error}") from None


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


def check_trust(verify: bool | str | os.PathLike[str] | ssl.SSLContext) -> Trust | ssl.SSLContext:
    """Return where the trusted certificates come from. They are loaded with the first connection.

    Args:
        verify: True for the CA bundle of the environment or of certifi, ``"system"`` for the
            operating system's certificates, the path of a bundle or a folder, or an
            ``SSLContext``.

    Raises:
        ValueError: ``verify`` is False or of another type, a file without certificates, or a folder
            that is not hashed.
        FileNotFoundError: There is no such file or folder.
    """
    if verify is True:
        return DEFAULT_TRUST
    if isinstance(verify, ssl.SSLContext):
        return verify
    if verify is False or not verify:
        raise ValueError(
            "certificates are always verified; to trust a private CA, "
            "pass the path of its certificate as verify"
        )
    if verify == "system":
        return Trust("system")
    path = os.fspath(verify) if isinstance(verify, str | os.PathLike) else verify
    if not isinstance(path, str):
        raise ValueError(
            "verify must be True, 'system', the path of certificates as a str or a Path, or an "
            f"SSLContext, not {type(path).__name__}"
        )
    return Trust.in_paths([path], "verify")
