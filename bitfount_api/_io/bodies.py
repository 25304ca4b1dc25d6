"""The bodies of requests and responses: opened, counted, and decoded."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from bitfount_api._io.decoders import (
    BoundedDecoder,
    DecodingError,
    check_size,
    content_encodings,
    without_encoding,
)
from bitfount_api._io.errors import BodyLengthError
from bitfount_api.exceptions import InvalidJSONError

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from bitfount_api._core.effects import Send
    from bitfount_api._core.messages import HTTPRequest, HTTPResponse
    from bitfount_api._io.driver import CallContext

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""The maximum decompressed size of a response that is read into memory, in bytes. The largest
expected response, a pod's schema, is a sixth of it."""


def open_body(call: Send) -> AbstractContextManager[Generator[bytes] | None]:
    """Return the chunks of a call's body, or None; the iterator is closed after the block.

    If the garbage collector closed it, a file would stay open as long as a traceback refers to it.
    """
    return nullcontext() if call.body is None else closing(call.body.chunks())


class BodyLength:
    """Checks a streamed body against the ``content-length`` header, if there is one.

    Args:
        request: The request.
    """

    def __init__(self, request: HTTPRequest) -> None:
        headers = {name.lower(): value for name, value in request.headers}
        length = headers.get(b"content-length", b"")
        self._left = int(length) if length.isdigit() else None

    def take(self, chunk: bytes) -> bytes:
        """Return the next chunk.

        Raises:
            BodyLengthError: The body is longer than the header says.
        """
        if self._left is not None:
            self._left -= len(chunk)
            if self._left < 0:
                raise BodyLengthError
        return chunk

    def end(self) -> None:
        """Check that nothing is missing.

        Raises:
            BodyLengthError: The body is shorter than the header says.
        """
        if self._left:
            raise BodyLengthError


class BodyReader:
    """Reads the body of a response into memory, decoded.

    Args:
        response: The response, whose content is set at the end.
        context: The context of the run, with the deadline.
    """

    def __init__(self, response: HTTPResponse, context: CallContext) -> None:
        self._response = response
        self._context = context
        self._chunks: list[bytes] = []
        self._size = 0
        encodings = content_encodings(response.raw_headers)
        # A refusal is understood by its status, even if its body is unreadable.
        self._lenient = response.is_error
        self._unreadable = False
        self._decoder: BoundedDecoder | None = None
        if encodings:
            try:
                self._decoder = BoundedDecoder(encodings, MAX_RESPONSE_BYTES)
            except InvalidJSONError:
                if not self._lenient:
                    raise
                self._unreadable = True

    def feed(self, chunk: bytes) -> None:
        """Receive the next bytes.

        Raises:
            InvalidJSONError: If the body is too large.
            DecodingError: If the compressed body is damaged.
            RequestTimeout: If the deadline has passed.
        """
        self._context.remaining()
        self._size += len(chunk)
        check_size(self._size, MAX_RESPONSE_BYTES)
        if self._unreadable:
            return
        if self._decoder is None:
            self._chunks.append(chunk)
            return
        try:
            self._decoder.feed(chunk)
        except DecodingError as error:
            self._damaged(error)

    @property
    def decodes(self) -> bool:
        """Whether the body is compressed, so that :meth:`feed` may take long."""
        return self._decoder is not None

    def end(self) -> HTTPResponse:
        """Return the response with its body."""
        response = self._response
        content = b"".join(self._chunks)
        if self._decoder is not None and not self._unreadable:
            try:
                content = self._decoder.end()
            except DecodingError as error:
                self._damaged(error)
        if self._size and (self._decoder is not None or self._unreadable):
            response.raw_headers = without_encoding(response.raw_headers)
        response.content = content
        return response

    def _damaged(self, error: DecodingError) -> None:
        if not self._lenient:
            raise error
        self._unreadable = True
