"""Read weights as a stream: a flow for each of its chunks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bitfount_api._core.effects import Flow, run_in_thread
from bitfount_api._operations.downloads import download_into
from bitfount_api._transfer.stream_window import Contents, StreamWindow
from bitfount_api.exceptions import RequestException, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api._operations.downloads import Renew


class WeightsReader:
    """Reads an object chunk by chunk. Between two chunks, it holds no connection.

    A request that failed is repeated by the next call, from the same byte on.

    Args:
        hub: The service whose connections and retries to use.
        url: The presigned URL.
        renew: Requests a new URL when it has expired.
        limit: The maximum size in bytes, both as stored and decompressed.
    """

    def __init__(self, hub: ServiceClient, url: str, renew: Renew, limit: int) -> None:
        self.exhausted: bool = False
        self._hub = hub
        self._url = url
        self._renew = renew
        self._window = StreamWindow(limit)
        self._contents = Contents(limit)
        self._pieces: Iterator[bytes] = iter(())
        self._chunk = b""
        self._turn = threading.Lock()
        self._finished = self._broken = self._closed = False

    @property
    def size(self) -> int:
        """The number of bytes.

        Raises:
            ValueError: The stream has not been read to its end.
        """
        self._check_exhausted("size")
        return self._contents.size

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hex.

        Raises:
            ValueError: The stream has not been read to its end.
        """
        self._check_exhausted("sha256")
        return self._contents.digest.hexdigest()

    def next_chunk(self) -> Flow[bytes]:
        """Return the next bytes, empty at the end.

        Raises:
            HTTPError: Object storage refused the request.
            RequestException: The bytes could not be received.
            TransferError: The object is damaged, too large, or has changed.
            ValueError: The stream is closed.
            RuntimeError: Another thread or task is reading it.
        """
        if not self._turn.acquire(blocking=False):
            raise RuntimeError("the stream is being read by another thread or task")
        try:
            return (yield from self._next_chunk())
        finally:
            self._turn.release()
            if self._closed or self.exhausted:
                self.close()

    def close(self) -> None:
        """Free the memory, or delete the temporary file. May be called more than once."""
        self._closed = True
        if not self._turn.locked():  # or else, when the chunk has been read
            self._window.close()
            self._pieces, self._chunk = iter(()), b""

    def _next_chunk(self) -> Flow[bytes]:
        if self.exhausted:
            return b""
        if self._closed:
            raise ValueError("the stream is closed")
        if self._broken:
            raise TransferError("the stream has failed before: read it again from the beginning")
        while True:
            if not self._chunk:
                yield from run_in_thread(self._take)
            # Kept until here, since a cancellation may come when it has been taken.
            chunk, self._chunk = self._chunk, b""
            if chunk or self.exhausted:
                return chunk
            yield from self._receive()

    def _take(self) -> None:
        """Take the next chunk of what has been received, if there is one."""
        self._broken = True  # if an error or a signal ends this, it may have lost bytes
        try:
            while not self._chunk and not self.exhausted:
                if chunk := next(self._pieces, b""):
                    self._chunk = chunk
                elif data := self._window.read():
                    self._pieces = self._contents.feed(data)
                elif not self._window.ended:
                    break
                elif not self._finished:
                    self._finished = True
                    self._pieces = self._contents.finish()
                else:
                    self.exhausted = True
        except OSError as error:
            raise _unwritable(error) from error
        self._broken = False

    def _receive(self) -> Flow[None]:
        try:
            yield from download_into(self._hub, self._url, self._window, renew=self._renewed)
        except RequestException:
            raise
        except OSError as error:
            raise _unwritable(error) from error
        except Exception:
            self._broken = True
            raise

    def _renewed(self) -> Flow[str | None]:
        fresh = yield from self._renew()
        self._url = fresh or self._url
        return fresh

    def _check_exhausted(self, name: str) -> None:
        if not self.exhausted:
            raise ValueError(f"the stream has no {name} before it has been read to its end")


def _unwritable(error: OSError) -> TransferError:
    return TransferError(f"no temporary file can be written: {error.strerror or error}")
