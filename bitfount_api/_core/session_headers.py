"""The headers that a user adds to all requests of a session to the services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final

from bitfount_api._core.redaction import SECRET_HEADERS
from bitfount_api._internal.tracebacks import without_variables

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CREDENTIALS: Final = SECRET_HEADERS | {"cookie"}
_OF_THE_MESSAGE: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te"}
    | {"trailer", "transfer-encoding", "upgrade"}
)


class SessionHeaders(MutableMapping[str, str]):
    """A mapping of headers, whose names are the same in upper and lower case.

    Raises:
        ValueError: A header has a name or a value that cannot be sent, carries credentials, or
            describes the message.
    """

    def __init__(self) -> None:
        self._headers: dict[str, str] = {}

    def add(self, name: str, headers: Mapping[str, str] | None) -> None:
        """Add the headers of an argument.

        Args:
            name: The argument's name in the error.
            headers: The headers; None adds nothing.

        Raises:
            TypeError: The argument is not a mapping.
        """
        if headers is None:
            return
        if not isinstance(headers, Mapping):
            kind = type(headers).__name__
            raise TypeError(f"{name} must map names to values, as a dict does, not a {kind}")
        self.update(headers)

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    @without_variables
    def __setitem__(self, name: str, value: str) -> None:
        self._headers[_checked_name(name)] = _checked_value(name, value)

    def __delitem__(self, name: str) -> None:
        del self._headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._headers!r})"

    def added_to(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments of a request with these headers, except those that it has."""
        if not self._headers:
            return request
        given = dict(request.get("headers") or {})
        names = {name.lower() for name in given}
        own = {name: value for name, value in self._headers.items() if name not in names}
        return {**request, "headers": {**own, **given}}


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("the name of a header must be text, without spaces")
    lower = name.lower()
    if lower in _CREDENTIALS:
        raise ValueError(
            f"the header {lower} carries credentials: they come from the session's authentication "
            "handler, BitfountSession(handler)"
        )
    if lower in _OF_THE_MESSAGE:
        raise ValueError(f"the header {lower} describes the message, and is set for each request")
    return lower


def _checked_value(name: str, value: object) -> str:
    if not isinstance(value, str):
        advice = "; to send no such header, leave it out, or remove it with del"
        kind = f"None{advice}" if value is None else type(value).__name__
        raise ValueError(f"the header {name} must be text, not {kind}")
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(f"the header {name} must be printable ASCII, without spaces at its ends")
    return value
