"""Weights as a stream of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from bitfount_api._client import AsyncClient
    from bitfount_api._operations.streams import WeightsReader


class AsyncWeightsStream:
    """The bytes of weights, in their order: an async iterator of chunks of at most 1 MiB.

    ``AsyncBitfountHub.stream_weights()`` returns it. Use it as a context manager, or call
    :meth:`aclose`, if it may not be read to its end::

        async with stream:
            async for chunk in stream:
                file.write(chunk)
        print(stream.size, stream.sha256)

    The stream requests 8 MiB at a time, when the previous bytes have been read. So it holds no
    connection while the program does something else, and uses about 20 MiB of memory. If object
    storage does not support range requests, the whole object is kept in a temporary file.

    A failed request is retried by the retry policy, from the first missing byte on, and an expired
    URL is renewed. If that fails, iteration raises the error. You may iterate again, which
    continues at the same byte. An iteration that ends without an error has returned all bytes.

    The client's ``deadline`` limits the time for each chunk, not for the whole stream.
    """

    def __init__(self, client: AsyncClient, reader: WeightsReader) -> None:
        self._client = client
        self._reader = reader

    @property
    def size(self) -> int:
        """The size in bytes, when the stream has been read to its end.

        Raises:
            ValueError: The stream has not been read to its end.
        """
        return self._reader.size

    @property
    def sha256(self) -> str:
        """The SHA-256 of all bytes, 64 lower-case hex digits, when they have been read.

        Raises:
            ValueError: The stream has not been read to its end.
        """
        return self._reader.sha256

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes.

        Raises:
            TransferError: The weights are larger than ``max_bytes``, damaged, or have changed.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.
            ValueError: The stream is closed.
            RuntimeError: Another thread or task is reading the stream.
        """
        chunk = await self._client._run(self._reader.next_chunk())
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Free the memory, or delete the temporary file. May be called more than once."""
        self._reader.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = "read" if self._reader.exhausted else "not read to its end"
        return f"<{type(self).__name__}: {state}>"
