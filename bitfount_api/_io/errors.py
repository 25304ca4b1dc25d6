"""Map the exceptions of httpcore and httpx to those of this library, without secrets in them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpcore
import httpx

from bitfount_api._core.redaction import redact, redact_logs, strip_query
from bitfount_api._io.decoders import DecodingError
from bitfount_api.exceptions import ConnectError, RequestException, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api._core.effects import Send
    from bitfount_api._core.messages import HTTPRequest
    from bitfount_api._io.attempt import Attempt
    from bitfount_api._io.driver import Connections

_TIMEOUTS = (httpcore.TimeoutException, httpx.TimeoutException)
_UNCONNECTED = (
    *(httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout),
    *(httpcore.ProxyError, httpcore.UnsupportedProtocol),
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.ProxyError, httpx.UnsupportedProtocol),
)
_PROXY_ERRORS = (httpcore.ProxyError, httpx.ProxyError)
_BROKEN = (
    *(httpcore.NetworkError, httpcore.RemoteProtocolError, *_PROXY_ERRORS, DecodingError),
    *(httpcore.UnsupportedProtocol, httpx.TransportError, httpx.DecodingError),
)
_UNSENDABLE = (
    *(httpcore.LocalProtocolError, httpx.LocalProtocolError, httpx.InvalidURL),
    *(httpx.StreamError, UnicodeError, OverflowError),
)
_QUOTED = re.compile(r":?\s*\b(?:bytearray\()?b['\"].*", re.DOTALL)
_REFUSAL = re.compile(r"([34]\d\d)\b")
_TEMPORARY_REFUSALS = frozenset({"408", "425", "429"})
_PROXY_ADVICE = {
    "407": "give the user name and the password in the proxy's URL: http://name:password@proxy:port",
    "403": "ask the network's administrators to allow it, or add the service to NO_PROXY",
}


class BodyLengthError(Exception):
    """The body does not have the length that the ``content-length`` header gives."""


@contextmanager
def map_exceptions(
    call: Send, request: HTTPRequest, attempt: Attempt, connections: Connections
) -> Iterator[None]:
    """Map exceptions to those of this library, and redact secrets in the logs of httpcore.

    Args:
        call: Call that is made within the block.
        request: Its request.
        attempt: What is known about the attempt, such as whether the request was sent.
        connections: Connections that the call is made over.

    Raises:
        RequestException: If the call fails.
    """
    try:
        with redact_logs():
            yield
    except _TIMEOUTS as error:
        raise _timeout(call, request, attempt, connections, error) from error
    except (*_UNSENDABLE, BodyLengthError) as error:
        raise unsendable(call, error, sent=attempt.sent) from None
    except _BROKEN as error:
        if connections.closed and not isinstance(error, _UNCONNECTED):
            raise _closed(call, attempt) from error
        mapped = _broken(call, request, attempt, connections, error)
        # The texts of protocol errors quote bytes of the response, of any content and length.
        quotes = isinstance(error, httpcore.ProtocolError | httpx.ProtocolError)
        raise mapped from None if quotes else error
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "socksio":  # its errors are not httpcore's
            reply = httpcore.ProxyError(f"invalid SOCKS reply: {error}")
            raise _broken(call, request, attempt, connections, reply) from error
        if not connections.closed or not isinstance(error, RuntimeError):
            raise
        # Another thread or task closed the session after the call had begun.
        raise _closed(call, attempt) from error


def _closed(call: Send, attempt: Attempt) -> ConnectError:
    name = call.operation.name
    return ConnectError(
        f"{name}: the session was closed during the call", operation=name, sent=attempt.sent
    )


def unsendable(call: Send, error: Exception, *, sent: bool = False) -> RequestException:
    """Return the error for a request that cannot be sent."""
    name = call.operation.name
    reason = type(error).__name__
    if isinstance(error, BodyLengthError) or "Content-Length" in str(error):
        reason = "its body does not have the length that its content-length header gives"
    elif isinstance(error, httpx.StreamConsumed):
        reason = "its body was read before, and cannot be read again"
    return RequestException(
        f"{name}: the request to {call.service.name} could not be made: {reason}",
        operation=name,
        sent=sent,
    )


def _timeout(
    call: Send,
    request: HTTPRequest,
    attempt: Attempt,
    connections: Connections,
    error: Exception,
) -> RequestTimeout:
    name, url, where = _place(call, request, connections)
    text = f"{where} did not answer in the time allowed"
    if isinstance(error, httpcore.ConnectTimeout | httpx.ConnectTimeout):
        text = f"{where} could not be reached in the time allowed"
    elif isinstance(error, httpcore.PoolTimeout | httpx.PoolTimeout):
        text = (
            "no connection was free in the time allowed, since this session has too many calls in "
            "progress; start fewer at a time"
        )
    return RequestTimeout(
        f"{name}: {text}",
        operation=name,
        url=url,
        sent=_was_sent(attempt, error),
        request=request.to_httpx(),
    )


def _broken(
    call: Send,
    request: HTTPRequest,
    attempt: Attempt,
    connections: Connections,
    error: Exception,
) -> RequestException:
    name, url, where = _place(call, request, connections)
    sent = _was_sent(attempt, error)
    text = str(error)
    if isinstance(error, httpcore.ProtocolError | httpx.ProtocolError):
        text = _QUOTED.sub("", text)
    reason = redact(text, httpx.Request(request.method, request.url, headers=request.headers))
    if isinstance(error, _PROXY_ERRORS) and (refusal := _REFUSAL.match(text)):
        status = refusal[1]
        if status not in _TEMPORARY_REFUSALS:
            # Not a ConnectError, which is retried: repeated refusals may lock an account.
            advice = _PROXY_ADVICE.get(status, "check the proxy's URL")
            return RequestException(
                f"{name}: {where}: the proxy refused the connection ({reason}); {advice}",
                operation=name,
                url=url,
                sent=False,
                request=request.to_httpx(),
            )
    doing = "the connection broke" if sent else "no connection could be made"
    return ConnectError(
        f"{name}: {where}: {doing}: {reason or type(error).__name__}",
        operation=name,
        url=url,
        sent=sent,
        request=request.to_httpx(),
    )


def _was_sent(attempt: Attempt, error: Exception) -> bool:
    return attempt.sent and not isinstance(error, _UNCONNECTED)


def _place(call: Send, request: HTTPRequest, connections: Connections) -> tuple[str, str, str]:
    url = strip_query(request.url)
    proxy = connections.proxy_for(request.origin)
    way = f" through the proxy {proxy}" if proxy else ""
    return call.operation.name, url, f"{call.service.name} ({url}{way})"
