"""A request as the object store looks at it."""

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
class Asked:
    """What is asked for, decoded once, so that what is signed is what is done.

    Args:
        method: In capitals.
        path: The path's bytes.
        bucket: Its first part; empty for none.
        key: All that follows; empty for none.
        pairs: The query's names and values, as bytes, in their order.
        query: The same as text; no name comes twice.
        headers: By their names in small letters; those that come twice joined by commas.
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
    def of(cls, request: Request) -> Self:
        """Look at a request.

        Raises:
            S3Error: ``InvalidURI``: it is not UTF-8; ``InvalidArgument``: a query parameter comes
                twice.
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
                raise S3Error("InvalidArgument", f"The query parameter {name} comes twice.")
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
