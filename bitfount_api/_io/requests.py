"""Build requests from what operations and users ask for."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx

from bitfount_api._core.messages import HTTPRequest
from bitfount_api._internal.plain_values import plain_json
from bitfount_api._internal.urls import Origin, origin
from bitfount_api._io.decoders import ACCEPTED
from bitfount_api._io.errors import BodyLengthError, unsendable

if TYPE_CHECKING:
    from bitfount_api._core.effects import Send

_TYPED = frozenset({"method", "url", "params", "headers", "json"})
_COMMON = {"accept": "*/*", "accept-encoding": ACCEPTED, "connection": "keep-alive"}
_COMMON_RAW = [(name.encode(), value.encode()) for name, value in _COMMON.items()]


def build(call: Send, user_agent: str) -> HTTPRequest:
    """Return the request of a call, with its credentials.

    Raises:
        RequestException: The URL, a header or the body cannot be sent.
        TypeError: An argument of a raw request is of a type that httpx does not accept.
        ValueError: The body cannot be serialized; the text names the place.
    """
    try:
        # httpx takes several times as long, and most calls are of this kind.
        if call.service.url and call.body is None and call.request.keys() <= _TYPED:
            return _build_typed(call, user_agent)
        return _build_with_httpx(call, user_agent)
    except (httpx.InvalidURL, BodyLengthError, UnicodeError, OverflowError) as error:
        failure = unsendable(call, error)
    raise failure  # without the cause, which may hold a secret


def _build_typed(call: Send, user_agent: str) -> HTTPRequest:
    request = call.request
    place, host, path = _server(call.service.url)
    # The path is appended as text: credentials must go to this service only, and by the rules for
    # joining URLs a path could name another host.
    target = request["url"]
    if params := request.get("params"):
        target = f"{target}?{httpx.QueryParams(params)}"
    headers = [(b"host", host), *_COMMON_RAW, (b"user-agent", user_agent.encode("ascii"))]
    method = request["method"].upper()
    content = b""
    if "json" in request:
        content = _json(request["json"], call.operation.name)
        headers += [
            (b"content-length", b"%d" % len(content)),
            (b"content-type", b"application/json"),
        ]
    elif method in ("POST", "PUT", "PATCH"):
        headers.append((b"content-length", b"0"))
    for given in (request.get("headers"), call.credentials):
        if given:
            _set(headers, given)
    url = call.service.url + target
    return HTTPRequest(method, url, place, path + target.encode("ascii"), headers, content)


def _json(value: Any, name: str) -> bytes:
    # It may have numbers of other libraries, or what JSON does not have; and the classes of other
    # libraries may raise anything.
    with suppress(Exception):
        return _dumps(value)
    try:
        return _dumps(plain_json(value))
    except ValueError as error:
        raise ValueError(f"{name}: an argument cannot be sent: {error}") from None


def _dumps(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _set(headers: list[tuple[bytes, bytes]], given: Any) -> None:
    names = {name.lower().encode("ascii") for name in given}
    if any(name.lower() in names for name, _ in headers):
        headers[:] = [each for each in headers if each[0].lower() not in names]
    headers += [(name.encode("ascii"), value.encode("ascii")) for name, value in given.items()]


@lru_cache(maxsize=32)
def _server(service_url: str) -> tuple[Origin, bytes, bytes]:
    """Return the origin, the ``host`` header and the path of a service's base URL."""
    url = httpx.URL(service_url)
    return origin(url), url.netloc, url.raw_path.rstrip(b"/")


def _build_with_httpx(call: Send, user_agent: str) -> HTTPRequest:
    arguments = dict(call.request)
    arguments["url"] = call.service.url + str(arguments["url"])
    headers = httpx.Headers({**_COMMON, "user-agent": user_agent})
    headers.update(arguments.get("headers"))
    headers.update(call.credentials or {})
    if call.body is not None:
        length = call.body.headers["content-length"]
        if headers.get("content-length", length) != length:
            raise BodyLengthError
        headers.update(call.body.headers)
    document = arguments.pop("json", None)
    given = call.body is not None or arguments.get("content") is not None
    if document is not None and not (given or arguments.get("data") or arguments.get("files")):
        # Not by httpx, which raises a RecursionError, or what an object of the document raises.
        arguments["content"] = _json(document, call.operation.name)
        headers.setdefault("content-type", "application/json")
    arguments["headers"] = headers
    made = httpx.Request(**arguments)
    streams = not isinstance(made.stream, httpx.ByteStream)
    length = made.headers.get("content-length", "0")
    if call.body is None and not streams and length != str(len(made.content)):
        raise BodyLengthError
    return HTTPRequest(
        made.method,
        str(made.url),
        origin(made.url),
        made.url.raw_path,
        made.headers.raw,
        b"" if streams else made.content,
        stream=made.stream if streams else None,
        extensions=made.extensions,
        # The fields of a presigned form grant access, and object storage may quote them.
        form_fields=getattr(call.body, "fields", {}),
    )
