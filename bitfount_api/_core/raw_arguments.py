"""The arguments of raw requests: those of httpx, and of requests what has a meaning here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

import attrs
import httpx

from bitfount_api._internal.validation import check_encodable, check_seconds, quote

TAKEN: Final = frozenset(
    {"content", "cookies", "data", "extensions", "files", "headers", "json", "params", "timeout"}
)
ADVICE: Final = {
    "adapters": "pass BitfountSession(transport=...)",
    "allow_redirects": "redirects are never followed; read response.headers['location']",
    "auth": "credentials come from the authentication handler: BitfountSession(handler)",
    "authentication_handler": "make another session: BitfountSession(handler)",
    "cert": "pass an ssl.SSLContext with the client's certificate: BitfountSession(verify=context)",
    "cookies": "the services use none; pass cookies with a request",
    "deadline": "pass BitfountSession(deadline=...), or use with_options() of a client",
    "follow_redirects": "redirects are never followed; read response.headers['location']",
    "hooks": "the logger 'bitfount_api.http' reports each response",
    "max_redirects": "redirects are never followed",
    "mount": "pass BitfountSession(transport=...)",
    "params": "pass params with a request",
    "proxies": "pass BitfountSession(proxy=...), or set HTTPS_PROXY and NO_PROXY",
    "proxy": "pass BitfountSession(proxy=...), or set HTTPS_PROXY and NO_PROXY",
    "retry": "pass BitfountSession(retry=...), or use with_options() of a client",
    "stream": "responses are read into memory; the download methods of BitfountHub write to files",
    "timeout": "pass BitfountSession(timeout=...), or timeout with a request",
    "trust_env": "pass BitfountSession(proxy=..., verify=...) in place of the environment's",
    "verify": "pass BitfountSession(verify=...), the path of your authority's certificate",
}
"""Settings of requests and httpx that a session has in another form, or not at all."""
_DEFAULTS: Final[dict[str, tuple[Any, ...]]] = {
    "allow_redirects": (False, None),
    "auth": (None,),
    "cert": (None,),
    "follow_redirects": (False, None),
    "hooks": (None, {}),
    "proxies": (None, {}),
    "stream": (False, None),
    "verify": (True, None),
}
"""Arguments of requests and httpx, with the values that are the case here."""
_METHOD: Final = re.compile(r"[A-Za-z]{1,20}")
_MAX_LEVELS: Final = 4


@attrs.frozen
class RawArguments:
    """The checked arguments of a raw request.

    Args:
        request: The arguments for httpx.
        timeout: Seconds between two bytes, and to connect; None for the session's.
        connect: Seconds to connect; None for ``timeout``.
        params: The parameters of the query.
    """

    request: dict[str, Any] = attrs.field(repr=False)
    timeout: float | None
    connect: float | None
    params: httpx.QueryParams = attrs.field(repr=False)

    def with_params(self, url: httpx.URL) -> httpx.URL:
        """Return a URL with the parameters after those that it has, which httpx would drop."""
        if not self.params:
            return url
        return url.copy_with(params=[*url.params.multi_items(), *self.params.multi_items()])


def raw_arguments(given: Mapping[str, Any]) -> RawArguments:
    """Check the arguments of a raw request, and convert those of requests.

    Raises:
        TypeError: There is no such argument, or its value has no meaning here.
        ValueError: A value cannot be sent, or the timeout is not valid.
    """
    arguments = dict(given)
    for name, defaults in _DEFAULTS.items():
        if name in arguments:
            value = arguments.pop(name)
            if not any(value is default or value == default for default in defaults):
                raise TypeError(f"raw requests take no {name}={quote(value)}: {ADVICE[name]}")
    if unknown := arguments.keys() - TAKEN:
        name = min(unknown)
        advice = ADVICE.get(name, f"they take {', '.join(sorted(TAKEN))}")
        raise TypeError(f"raw requests take no argument {quote(name)}: {advice}")
    connect, timeout = _timeouts(arguments.pop("timeout", None))
    for name, value in arguments.items():
        if name not in ("json", "extensions"):  # the JSON is checked when it is written
            _check_text(name, value, _MAX_LEVELS)
    if arguments.get("headers"):
        arguments["headers"] = _headers(arguments["headers"])
    if arguments.get("data") is not None and not isinstance(arguments["data"], Mapping):
        _convert_data(arguments)
    params = httpx.QueryParams(arguments.pop("params", None))
    return RawArguments(arguments, timeout, connect, params)


def checked_method(method: object) -> str:
    """Return the method in upper case.

    Raises:
        ValueError: The method is not a word.
    """
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise ValueError("the method must be a word, such as GET")
    return method.upper()


def _timeouts(timeout: Any) -> tuple[float | None, float | None]:
    """Return the seconds to connect, and between two bytes."""
    name, pair = "timeout", (None, timeout)
    if isinstance(timeout, tuple) and len(timeout) == 2:
        name, pair = "the timeout to read", timeout
    check_seconds("the timeout to connect", pair[0])
    check_seconds(name, pair[1])
    return pair


def _check_text(name: str, value: Any, levels: int) -> None:
    check_encodable(name, value)
    if levels and isinstance(value, (Mapping, list, tuple)):
        for item in value:
            _check_text(name, item, levels - 1)
            if isinstance(value, Mapping):
                _check_text(name, value[item], levels - 1)


def _headers(given: Any) -> httpx.Headers:
    with suppress(UnicodeEncodeError):  # which holds the value, and must not be a cause
        return httpx.Headers(given)
    raise ValueError("headers must have names and values of ASCII")


def _convert_data(arguments: dict[str, Any]) -> None:
    """Convert what requests takes as data, and httpx as content."""
    data = arguments.pop("data")
    if arguments.get("content") is not None:
        raise TypeError("a raw request takes either data or content, not both")
    if isinstance(data, (list, tuple)):
        arguments["content"] = urlencode(data, doseq=True).encode("ascii")
        headers = httpx.Headers(arguments.get("headers"))
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        arguments["headers"] = headers
    else:
        arguments["content"] = data
