"""Objects on their way out of storage, taken up again where they broke off."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from bitfount_api._call import Call, Flow, Pause
from bitfount_api._decode import refusal
from bitfount_api._flows import operations
from bitfount_api._services import STORAGE, presigned_url
from bitfount_api.exceptions import (
    ConnectError,
    InvalidJSONError,
    RequestTimeout,
    TransferError,
)

if TYPE_CHECKING:
    import httpx

    from bitfount_api._flows.remote import Remote

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def fetch(remote: Remote, url: str, *, most: int | None = None) -> Flow[bytes]:
    """The whole of an object, in memory once.

    Args:
        remote: Whose connections and retries to use; its credentials stay at home.
        url: The presigned URL.
        most: The most bytes to take.

    Raises:
        HTTPError: Object storage refused.
        TransferError: The object is larger than ``most``.
        RequestException: It could not be had whole.
    """
    try:
        address = presigned_url(url)
    except ValueError as error:
        raise InvalidJSONError(f"the Hub's answer is not usable: {error}") from None
    basin = Basin(most)
    yield from pull(remote, address, basin)
    return basin.content()


def pull(remote: Remote, url: str, basin: Basin) -> Flow[None]:
    """Fill a basin with an object. What has come is kept over a break, and asked for no more."""
    operation = operations.DOWNLOAD_OBJECT
    policy = remote.retry
    failures = 0
    while True:
        before = basin.position
        request = {"method": "get", "url": url, "headers": basin.wanted()}
        retry_after = None
        try:
            response: httpx.Response = yield Call(operation, STORAGE, request, sink=basin)
        except (ConnectError, RequestTimeout) as error:
            # Whoever gets on does not give up: only failures in a row count.
            failures = 1 if basin.position > before else failures + 1
            if failures > policy.most_retries():
                raise
            reason: Any = error
        else:
            if basin.whole:
                return
            failures += 1
            if not policy.repeats(response.status_code) or failures > policy.most_retries():
                raise refusal(response, operation, STORAGE)
            retry_after = response.headers.get("retry-after")
            reason = response
        try:
            yield Pause(policy.pause(failures, retry_after))
        except RequestTimeout:
            if isinstance(reason, Exception):
                raise reason from None
            raise refusal(reason, operation, STORAGE) from None


class Basin:
    """A sink in memory that knows how far it has come, and of which object."""

    def __init__(self, most: int | None) -> None:
        self.position = 0
        self.whole = False
        self._most = most
        self._etag: str | None = None
        self._buffer = io.BytesIO()

    def wanted(self) -> dict[str, str]:
        """The headers that ask for what is missing, if it still is of the same object."""
        headers = {"accept-encoding": "identity"}
        if self.position and self._etag:
            headers |= {"range": f"bytes={self.position}-", "if-range": self._etag}
        return headers

    def accept(self, response: httpx.Response) -> bool:
        """Take a whole object, or the missing end of it."""
        if response.status_code == 206:
            found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            if not found or int(found[1]) != self.position:
                raise ConnectError("object storage gave another range than it was asked for")
            return True
        if response.status_code != 200:
            return False
        self.position = 0
        self._buffer.seek(0)
        self._buffer.truncate()
        etag = response.headers.get("etag", "")
        self._etag = etag if etag.startswith('"') else None
        length = response.headers.get("content-length", "")
        if length.isascii() and length.isdigit():
            self._check(int(length))
        return True

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._check(self.position + len(chunk))
        self._buffer.write(chunk)
        self.position += len(chunk)

    def close(self, *, whole: bool) -> None:
        """Note whether that was all."""
        self.whole = whole

    def content(self) -> bytes:
        """Everything; the buffer's own bytes, not a copy of them."""
        return self._buffer.getvalue()

    def _check(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise TransferError(f"the object has more than the {self._most:,} bytes it may have")
