"""Something on its way into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api.sandbox.objects.blobs import BlobWriter

T = TypeVar("T")


class Writer(Generic[T]):
    """Takes bytes until they are committed; used in a ``with`` statement, nothing is left over.

    Args:
        blob: Where the bytes go.
        commit: Makes them appear in the store, and says as what.
    """

    def __init__(self, blob: BlobWriter, commit: Callable[[BlobWriter], T]) -> None:
        self._blob = blob
        self._commit = commit

    @property
    def size(self) -> int:
        """How many bytes it has been given."""
        return self._blob.size

    @property
    def md5(self) -> bytes:
        """The MD5 of these, 16 bytes."""
        return self._blob.md5

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._blob.write(data)

    def commit(self) -> T:
        """Put it into the store, in place of what was there. Once only.

        Raises:
            S3Error: ``NoSuchUpload``: it was a part of an upload that has ended meanwhile.
        """
        return self._commit(self._blob)

    def discard(self) -> None:
        """Give it up. Does nothing once it is committed."""
        self._blob.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()
