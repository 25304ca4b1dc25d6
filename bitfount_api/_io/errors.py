"""Map the exceptions of httpx to those of this library, without secrets in their texts."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from bitfount_api._core.redaction import redact, redact_logs, strip_query
from bitfount_api.exceptions import ConnectError, RequestException, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api._core.effects import Send
    from bitfount_api._io.driver import Connections

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_QUOTED = re.compile(r":?\s*\b(?:bytearray\()?b['\"].*", re.DOTALL)


@contextmanager
def map_exceptions(call: Send, connections: Connections) -> Iterator[None]:
    """Map httpx's exceptions to those of this library, and redact secrets in httpx's logs.

    Args:
        call: Call that is made within the block.
        connections: Connections that the call is made over.

    Raises:
        RequestException: If the call fails.
    """
    name = call.operation.name
    try:
        with redact_logs():
            yield
    except httpx.ProtocolError as error:
        # Its text quotes bytes of the response or request, of any content and length.
        raise _map_exception(call, error) from None
    except httpx.HTTPError as error:
        raise _map_exception(call, error) from error
    except (httpx.InvalidURL, httpx.StreamError, UnicodeError, OverflowError) as error:
        raise RequestException(
            f"{name}: the request to {call.service.name} could not be made: {type(error).__name__}",
            operation=name,
        ) from None
    except RuntimeError as error:
        if not connections.closed:
            raise
        # Another thread or task closed the session after the call had begun.
        raise ConnectError(
            f"{name}: the session was closed during the call", operation=name
        ) from error


def _map_exception(call: Send, error: httpx.HTTPError) -> RequestException:
    request = _request(error)
    url = None if request is None else strip_query(request.url)
    where = call.service.name + (f" ({url})" if url else "")
    sent = not isinstance(error, _NOT_SENT)
    name = call.operation.name
    if isinstance(error, httpx.TimeoutException):
        doing = {
            httpx.ConnectTimeout: "could not be reached",
            httpx.PoolTimeout: "has too many calls in progress",
        }.get(type(error), "did not answer")
        return RequestTimeout(
            f"{name}: {where} {doing} in the time allowed", operation=name, url=url, sent=sent
        )
    doing = "the connection broke" if sent else "no connection could be made"
    text = str(error)
    if isinstance(error, httpx.ProtocolError):
        text = _QUOTED.sub("", text)
    return ConnectError(
        f"{name}: {where}: {doing}: {redact(text, request) or type(error).__name__}",
        operation=name,
        url=url,
        sent=sent,
    )


def _request(error: httpx.HTTPError) -> httpx.Request | None:
    try:
        return error.request
    except RuntimeError:
        return None
