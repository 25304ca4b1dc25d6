"""The object store: keys, objects and multipart uploads, in a folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from bitfount_api.sandbox.objects.blobs import Blobs, copy
from bitfount_api.sandbox.objects.catalog import Catalog, Kind, ObjectRow, PartRow
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.values import (
    DEFAULT_CONTENT_TYPE,
    MAX_PARTS,
    MIN_PART_BYTES,
    StoredObject,
    StoredPart,
    checked_key,
    chosen_parts,
    no_such_key,
    no_such_upload,
)
from bitfount_api.sandbox.objects.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bitfount_api.sandbox.objects.blobs import BlobWriter

__all__ = ["MAX_PARTS", "MIN_PART_BYTES", "ObjectStore", "StoredObject", "StoredPart"]

_EVERYTHING: Final = 2**62


class ObjectStore:
    """Objects in a folder. Thread-safe; only one process at a time can use the folder.

    After a crash, the store contains exactly what was committed.

    Args:
        folder: Folder of the store; created if missing.
        clock: Function that returns the POSIX time in seconds, for the times of objects.

    Raises:
        CatalogInUseError: If another store uses the folder.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._catalog = Catalog(folder / "objects.sqlite3")
        self._blobs = Blobs(folder)
        self._blobs.clean(self._catalog.blobs())

    def close(self) -> None:
        """Close the store, and release its folder."""
        with self._lock:
            self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- Reading ---------------------------------------------------------------------------------

    def head(self, key: str) -> StoredObject | None:
        """Return the metadata of an object; None if it does not exist."""
        with self._lock:
            row = self._catalog.object(checked_key(key))
        return None if row is None else self._stored(row)

    def open_read(self, key: str) -> tuple[StoredObject, BinaryIO]:
        """Return an object and its open file, which stays readable if the object is replaced.

        Raises:
            S3Error: ``NoSuchKey``.
        """
        with self._lock:  # the object must not be replaced between head() and open()
            row = self._catalog.object(checked_key(key))
            if row is None:
                raise no_such_key(key)
            return self._stored(row), self._blobs.path(row.blob).open("rb", buffering=0)

    def read(self, key: str) -> bytes:
        """Return all bytes of an object.

        Raises:
            S3Error: ``NoSuchKey``.
        """
        _, file = self.open_read(key)
        with file:
            return file.read()

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys with a prefix, in the order of their UTF-8 bytes."""
        return [each.key for each in self.listing(prefix)]

    def listing(
        self, prefix: str = "", *, after: str = "", limit: int = _EVERYTHING
    ) -> list[StoredObject]:
        """Return at most ``limit`` objects whose keys have a prefix and follow ``after``."""
        with self._lock:
            rows = self._catalog.objects(prefix, after, limit)
        return [self._stored(row) for row in rows]

    # --- Writing ---------------------------------------------------------------------------------

    def open_write(
        self, key: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Writer[StoredObject]:
        """Return a writer for an object, which appears atomically when the writer commits.

        Raises:
            S3Error: ``KeyTooLongError``, or ``InvalidArgument`` for an invalid key.
        """
        checked_key(key)
        kind = Kind(content_type or DEFAULT_CONTENT_TYPE, dict(headers or {}))
        return Writer(self._blobs.new(), lambda blob: self._commit(blob, key, kind, blob.md5.hex()))

    def put(self, key: str, data: bytes, content_type: str | None = None) -> StoredObject:
        """Store an object, replacing any object with the same key."""
        with self.open_write(key, content_type) as writer:
            writer.write(data)
            return writer.commit()

    def delete(self, key: str) -> None:
        """Delete an object; no-op if it does not exist."""
        with self._lock:
            freed = self._catalog.delete(checked_key(key))
        self._blobs.remove(freed)

    def flip_byte(self, key: str, offset: int | None = None) -> int:
        """Corrupt one byte, as a failing disk would: only the byte changes, not the ETag.

        Args:
            key: Key of the object.
            offset: Offset of the byte, from 0; None for the middle byte.

        Returns:
            The offset of the changed byte.

        Raises:
            S3Error: ``NoSuchKey``.
            ValueError: If the object has no byte at that offset.
        """
        stored = self.head(key)
        if stored is None:
            raise no_such_key(key)
        offset = stored.size // 2 if offset is None else offset
        if not 0 <= offset < stored.size:
            raise ValueError(f"offset {offset} is out of range: {key} has {stored.size} bytes")
        with stored.path.open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))
        return offset

    # --- Multipart uploads -----------------------------------------------------------------------

    def create_upload(
        self, key: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """Create a multipart upload.

        Returns:
            The id of the upload.
        """
        upload_id = secrets.token_urlsafe(48)
        with self._lock:
            self._catalog.begin(
                upload_id,
                checked_key(key),
                Kind(content_type or DEFAULT_CONTENT_TYPE, dict(headers or {})),
            )
        return upload_id

    def open_part(self, key: str, upload_id: str, number: int) -> Writer[StoredPart]:
        """Return a writer for a part.

        Args:
            key: Key of the upload's object.
            upload_id: Id of the upload.
            number: Number of the part, from 1 to 10,000. An existing part is replaced.

        Raises:
            S3Error: ``NoSuchUpload``, or ``InvalidArgument`` for any other number.
        """
        if not 1 <= number <= MAX_PARTS:
            raise S3Error(
                "InvalidArgument", f"Part number must be an integer between 1 and {MAX_PARTS}."
            )
        self._upload(key, upload_id)
        return Writer(self._blobs.new(), lambda blob: self._commit_part(blob, upload_id, number))

    def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> StoredPart:
        """Store a part."""
        with self.open_part(key, upload_id, number) as writer:
            writer.write(data)
            return writer.commit()

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """Return the stored parts of an upload, ordered by number.

        Raises:
            S3Error: ``NoSuchUpload``.
        """
        _, rows = self._upload(key, upload_id)
        return [StoredPart(row.number, row.size, row.etag, row.modified) for row in rows]

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]
    ) -> StoredObject:
        """Join parts into an object and end the upload; parts that are not listed are deleted.

        Args:
            key: Key of the upload's object.
            upload_id: Id of the upload.
            parts: Number and ETag of each part, in ascending order.

        Raises:
            S3Error: ``NoSuchUpload``, ``MalformedXML`` for no parts, ``InvalidPartOrder``,
                ``InvalidPart``, or ``EntityTooSmall``.
        """
        kind, rows = self._upload(key, upload_id)
        chosen = chosen_parts({row.number: row for row in rows}, parts)
        digest = hashlib.md5(usedforsecurity=False)
        with Writer(
            self._blobs.new(),
            lambda blob: self._commit(
                blob, key, kind, f"{digest.hexdigest()}-{len(chosen)}", upload_id
            ),
        ) as writer:
            for part in chosen:
                digest.update(bytes.fromhex(part.etag))
                try:
                    copy(self._blobs.path(part.blob), writer.write)
                except FileNotFoundError:  # another caller ended the upload or replaced the part
                    raise no_such_upload() from None
            return writer.commit()

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort an upload and delete its parts.

        Raises:
            S3Error: ``NoSuchUpload``.
        """
        self._upload(key, upload_id)
        with self._lock:
            freed = self._catalog.abort(upload_id)
        self._blobs.remove(freed)

    def _upload(self, key: str, upload_id: str) -> tuple[Kind, list[PartRow]]:
        with self._lock:
            kind = self._catalog.upload(upload_id, checked_key(key))
            if kind is None:
                raise no_such_upload()
            return kind, self._catalog.parts(upload_id)

    # --- Committing ------------------------------------------------------------------------------

    def _commit(
        self, blob: BlobWriter, key: str, kind: Kind, etag: str, upload_id: str | None = None
    ) -> StoredObject:
        blob.finish()
        row = ObjectRow(key, blob.name, blob.size, etag, kind, self._now())
        with self._lock:
            freed = self._catalog.put(row, upload_id)
        if freed is None:
            self._blobs.remove([blob.name])
            raise no_such_upload()
        self._blobs.remove(freed)
        return self._stored(row)

    def _commit_part(self, blob: BlobWriter, upload_id: str, number: int) -> StoredPart:
        blob.finish()
        row = PartRow(number, blob.name, blob.size, blob.md5.hex(), self._now())
        with self._lock:
            freed = self._catalog.put_part(upload_id, row)
        if freed is None:
            self._blobs.remove([blob.name])
            raise no_such_upload()
        self._blobs.remove(freed)
        return StoredPart(row.number, row.size, row.etag, row.modified)

    def _stored(self, row: ObjectRow) -> StoredObject:
        path = self._blobs.path(row.blob)
        kind = row.kind
        return StoredObject(
            row.key, row.size, row.etag, kind.content_type, row.modified, path, kind.headers
        )

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)
