"""Call the operation of a row through httpx, and return its result as JSON."""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import ssl
from collections.abc import Mapping
from typing import Any

import attrs
import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from support.faults.calling import Services
from support.faults.given import Given
from support.faults.legs import Row
from support.places import place

import bitfount_api
from bitfount_api import APIKeysHandler, BitfountSchema, BitfountSession, serialize_public_key
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.auth.handler import AuthenticationHandler
from bitfount_api.transfers import Download

LONG = 256
"""The number of bytes of a result from which only the hash is recorded."""


tls = functools.cache(ssl.create_default_context)
"""Reading the certificates takes longer than a call."""


def play(
    row: Row,
    given: Given,
    urls: Mapping[str, str],
    handler: APIKeysHandler,
    *,
    asynchronous: bool = False,
) -> Any:
    """Call a row's operation and return its result as JSON.

    Args:
        row: Operation.
        given: Values for the arguments.
        urls: URLs by service.
        handler: Credentials of alice.
        asynchronous: Whether to use the async client.
    """

    def session(credentials: AuthenticationHandler) -> BitfountSession:
        # vcrpy records and replays what httpx sends.
        transport = httpx.AsyncHTTPTransport if asynchronous else httpx.HTTPTransport
        return BitfountSession(credentials, transport=transport(tls()), allow_insecure=True)

    services = Services(urls, lambda: session(handler), lambda: session(AnonymousHandler()))
    arguments = dict(row.arguments(given))
    method = getattr(getattr(bitfount_api, row.kind), row.method)
    if "parts_at_once" in inspect.signature(method).parameters:
        arguments["parts_at_once"] = 1  # so that parts are recorded in their order
    result = services.call(row, arguments, row.client(given), asynchronous=asynchronous)
    return as_json(result)


def as_json(value: Any) -> Any:
    """Return a result as JSON.

    Raises:
        TypeError: If there is no rule for the type.
    """
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.hex() if len(value) <= LONG else digest(value)
        case list():
            return [as_json(each) for each in value]
        case dict():
            return {name: as_json(each) for name, each in value.items()}
        case type():
            return value.__name__
        case RSAPublicKey():
            return serialize_public_key(value)
        case BitfountSchema():
            return value.to_json()
        case Download():
            return digest(value.path.read_bytes())
    if attrs.has(type(value)):
        return as_json(attrs.asdict(value, recurse=False))
    where = place("tests/support/plays.py", "case Download():")
    raise TypeError(f"{where}: add a case that returns {type(value).__name__} as JSON")


def digest(content: bytes) -> dict[str, Any]:
    """Return the recorded form of a file."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
