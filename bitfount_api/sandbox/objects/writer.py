"""Writer of an object or a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api.sandbox.objects.blobs import BlobWriter

T = TypeVar("T")


class Writer(Generic[T]):
    """Writes bytes until they are committed; a ``with`` statement discards uncommitted bytes.

    Args:
        blob: Writer of the blob.
        commit: Function that adds the blob to the store and returns the stored value.
    """

    def __init__(self, blob: BlobWriter, commit: Callable[[BlobWriter], T]) -> None:
        self._blob = blob
        self._commit = commit

    @property
    def size(self) -> int:
        """Number of bytes written so far."""
        return self._blob.size

    @property
    def md5(self) -> bytes:
        """The MD5 of the bytes written so far, 16 bytes."""
        return self._blob.md5

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._blob.write(data)

    def commit(self) -> T:
        """Add the bytes to the store, replacing what was stored before. Call it only once.

        Raises:
            S3Error: ``NoSuchUpload``, if the upload of a part has ended in the meantime.
        """
        return self._commit(self._blob)

    def discard(self) -> None:
        """Discard the bytes. No-op once they are committed."""
        self._blob.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()
