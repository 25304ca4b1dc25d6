"""HTTP messages: a request as it is sent, and a response as it was received."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from bitfount_api._core.redaction import (
    FORM_FIELDS,
    SECRET_HEADERS,
    redact_content,
    redact_header,
    strip_query,
)
from bitfount_api.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api._internal.urls import Origin

RawHeaders = list[tuple[bytes, bytes]]


class Response(httpx.Response):
    """A response, with the attributes that the responses of the package ``requests`` have, too."""

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def reason(self) -> str:
        """The reason phrase of the status."""
        return self.reason_phrase

    def raise_for_status(self) -> Response:
        """Return the response if its status is below 300; no redirect is ever followed.

        Raises:
            HTTPError: The status is 300 or higher.
        """
        if self.status_code < 300:
            return self
        where = strip_query(self.request.url)
        raise HTTPError(
            f"{self.request.method} {where} answered {self.status_code} {self.reason}".rstrip(),
            status_code=self.status_code,
            response=self,
            request=self.request,
            url=where,
        )


@attrs.frozen(eq=False)
class HTTPRequest:
    """A request as it is sent.

    Args:
        method: The method, in upper case.
        url: The absolute URL.
        origin: The URL's origin.
        target: The URL's path and query, as sent in the request line.
        headers: The headers, in the order in which they are sent.
        content: The body, if it is in memory.
        stream: The body otherwise: an iterable, or an async iterable, of bytes.
        extensions: The extensions of httpx, such as ``sni_hostname``.
        form_fields: The fields of a streamed form, for redaction.
    """

    method: str
    url: str = attrs.field(repr=False)
    origin: Origin
    target: bytes = attrs.field(repr=False)
    headers: RawHeaders = attrs.field(repr=False)
    content: bytes = attrs.field(default=b"", repr=False)
    stream: httpx.SyncByteStream | httpx.AsyncByteStream | None = attrs.field(
        default=None, repr=False
    )
    extensions: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    form_fields: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def to_httpx(self, *, with_query: bool = False) -> httpx.Request:
        """Return the request for users: without its credentials and its body.

        Args:
            with_query: Whether to keep the query of the URL, which is secret if it is presigned.
        """
        headers = [
            (name, value)
            for name, value in self.headers
            if name.decode("latin-1").lower() not in SECRET_HEADERS
        ]
        url = self.url if with_query else strip_query(self.url)
        return httpx.Request(self.method, url, headers=headers)


class HTTPResponse:
    """A response as it was received, with its body decoded.

    Args:
        status_code: The status.
        raw_headers: The headers.
        request: The request.
        content: The decoded body; None if it was not read into memory.
        http_version: The version, such as ``b"HTTP/1.1"``.
        reason_phrase: The reason phrase.
    """

    def __init__(
        self,
        status_code: int,
        raw_headers: RawHeaders,
        request: HTTPRequest,
        content: bytes | None = None,
        *,
        http_version: bytes = b"HTTP/1.1",
        reason_phrase: bytes = b"",
    ) -> None:
        self.status_code = status_code
        self.raw_headers = raw_headers
        self.sent = request
        self.content = content
        self.http_version = http_version
        self.reason_phrase = reason_phrase
        self.elapsed: float = 0.0
        """Seconds from the attempt to send the request to the end of the response."""
        self.attempt: int = 1
        """1 for the response to the first attempt of the request."""
        self._headers: httpx.Headers | None = None

    @property
    def headers(self) -> httpx.Headers:
        """The headers, by name."""
        if self._headers is None:
            self._headers = httpx.Headers(self.raw_headers)
        return self._headers

    @property
    def request(self) -> httpx.Request:
        """The request, for redaction: with its credentials and its body."""
        sent = self.sent
        return httpx.Request(
            sent.method,
            sent.url,
            headers=sent.headers,
            content=sent.content,
            extensions={FORM_FIELDS: sent.form_fields},
        )

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return 300 <= self.status_code < 400

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return 400 <= self.status_code < 600

    def to_httpx(self, *, with_query: bool = True) -> Response:
        """Return the response for users: its request is without the credentials.

        Args:
            with_query: Whether to keep the query of the URL, which is secret if it is presigned. If
                not, the headers and the body are redacted, too, since a service may quote secrets
                of the request or return presigned URLs.
        """
        content = self.content or b""
        # httpx would decode the body once more.
        received = [each for each in self.raw_headers if each[0].lower() != b"content-encoding"]
        if not with_query:
            request = self.request
            content = redact_content(content, request)
            received = [
                (name, redact_header(name.decode("latin-1"), value, request))
                for name, value in received
                if name.lower() not in (b"content-length", b"set-cookie")
            ]
        response = Response(
            self.status_code,
            headers=received,
            content=content,
            request=self.sent.to_httpx(with_query=with_query),
            extensions={"http_version": self.http_version, "reason_phrase": self.reason_phrase},
        )
        response.elapsed = timedelta(seconds=self.elapsed)
        return response
