"""Decode requests to the object store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote_to_bytes

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """A decoded request. It is decoded only once, so the verified request is also the executed one.

    Args:
        method: Method in upper case.
        path: Path as bytes.
        bucket: First segment of the path; empty if missing.
        key: Rest of the path; empty if missing.
        pairs: Names and values of the query as bytes, in their order.
        query: Names and values of the query as text, without duplicate names.
        headers: Headers by lower-case name; values of repeated headers are joined by commas.
        scheme: ``http`` or ``https``.
    """

    method: str
    path: bytes
    bucket: str
    key: str
    pairs: list[tuple[bytes, bytes]]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    scheme: str

    @classmethod
    def parse(cls, request: Request) -> Self:
        """Decode a request.

        Raises:
            S3Error: ``InvalidURI``, if the URL is not UTF-8; ``InvalidArgument``, if a query
                parameter is repeated.
        """
        path = unquote_to_bytes(request.scope["raw_path"])
        pairs = [
            (unquote_to_bytes(name), unquote_to_bytes(value))
            for name, _, value in (
                pair.partition(b"=") for pair in request.scope["query_string"].split(b"&") if pair
            )
        ]
        try:
            bucket, _, key = path.decode().removeprefix("/").partition("/")
            query = [(name.decode(), value.decode()) for name, value in pairs]
        except UnicodeDecodeError:
            raise S3Error("InvalidURI", "The URL is not UTF-8.") from None
        for name, count in Counter(name for name, _ in query).items():
            if count > 1:
                raise S3Error("InvalidArgument", f"The query parameter {name} is repeated.")
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        return cls(
            request.method,
            path,
            bucket,
            key,
            pairs,
            dict(query),
            headers,
            request.url.scheme,
        )
