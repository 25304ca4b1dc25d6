"""What must not be told: keeps credentials and presigned queries out of texts and logs."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_HEADERS = frozenset({"authorization", "x-api-key", "x-api-key-id", "proxy-authorization"})
"""The headers that carry credentials, in lower case."""

_HIDDEN = "[hidden]"
_URL_QUERY = re.compile(r"(\bhttps?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*", re.IGNORECASE)
_USERINFO = re.compile(r"(\bhttps?://)[^\s/@\"'<>]*@", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(r"sig|token|credential|key|secret|policy", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

_ours: ContextVar[bool] = ContextVar("bitfount_api_call", default=False)


def without_query(url: httpx.URL | str) -> str:
    """A URL as it may be told: scheme, host, port and path."""
    try:
        return str(httpx.URL(url).copy_with(query=None, fragment=None, userinfo=b""))
    except (httpx.InvalidURL, TypeError, ValueError):
        return "an address that is no URL"


def tell(text: str, request: httpx.Request | None = None, *, most: int = 500) -> str:
    """Text from elsewhere as it may be told: one line, bounded, without what was secret.

    Args:
        text: What a service wrote.
        request: The request it answers; a service may have quoted its credentials.
        most: The most characters to give.
    """
    if request is not None:
        for secret in _secrets_of(request):
            text = text.replace(secret, _HIDDEN)
    text = _USERINFO.sub(r"\1", _URL_QUERY.sub(r"\1", text))
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def _secrets_of(request: httpx.Request) -> Iterator[str]:
    for name in SECRET_HEADERS:
        value = request.headers.get(name, "")
        for secret in (value, *value.split(" ")[1:], *value.split(":")):
            if len(secret) > 3:
                yield secret
    for name, value in request.url.params.multi_items():
        if len(value) > 3 and _SECRET_PARAMETER.search(name):
            yield from (value, quote(value, safe=""))


@contextmanager
def discreet() -> Iterator[None]:
    """Keep httpx's log from telling the queries of the requests made within."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


class _Discretion(logging.Filter):
    """Takes from httpx's and httpcore's records of our own calls what must not be told."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _ours.get():
            if isinstance(record.args, tuple):
                record.args = tuple(_told(value) for value in record.args)
            if record.name.startswith("httpcore"):
                record.msg, record.args = _tell_trace(record), ()
        return True


def _told(value: Any) -> Any:
    return without_query(value) if isinstance(value, httpx.URL) else value


def _tell_trace(record: logging.LogRecord) -> str:
    """Httpcore's records name an event and then all that it saw, headers included."""
    return record.getMessage().split(" ", 1)[0]


def install() -> None:
    """Make the loggers of httpx and httpcore discreet about our calls. May be called often."""
    for name in ("httpx", *(f"httpcore.{part}" for part in _HTTPCORE)):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _Discretion) for known in logger.filters):
            logger.addFilter(_Discretion())


_HTTPCORE = ("connection", "http11", "http2", "proxy", "socks")
