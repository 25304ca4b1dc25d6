"""The object store itself: keys, objects, and uploads in parts, in a folder."""

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
    """Objects in a folder. Any thread may use it; one process at a time has the folder.

    Whatever was committed is there after a crash, and nothing else is.

    Args:
        folder: Where they are kept. It is made where it is missing.
        clock: Seconds since 1970, for the times of objects.

    Raises:
        CatalogInUseError: Another store has the folder.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._catalog = Catalog(folder / "objects.sqlite3")
        self._blobs = Blobs(folder)
        self._blobs.clean(self._catalog.blobs())

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- Reading ---------------------------------------------------------------------------------

    def head(self, key: str) -> StoredObject | None:
        """What is known of an object; None if there is none."""
        with self._lock:
            row = self._catalog.object(checked_key(key))
        return None if row is None else self._stored(row)

    def open_read(self, key: str) -> tuple[StoredObject, BinaryIO]:
        """An object and its bytes, which stay readable if it is replaced meanwhile.

        Raises:
            S3Error: ``NoSuchKey``.
        """
        with self._lock:  # between the look and the opening nobody may replace it
            row = self._catalog.object(checked_key(key))
            if row is None:
                raise no_such_key(key)
            return self._stored(row), self._blobs.path(row.blob).open("rb", buffering=0)

    def read(self, key: str) -> bytes:
        """The bytes of an object, all at once.

        Raises:
            S3Error: ``NoSuchKey``.
        """
        _, file = self.open_read(key)
        with file:
            return file.read()

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so, in the order of their UTF-8 bytes."""
        return [each.key for each in self.listing(prefix)]

    def listing(
        self, prefix: str = "", *, after: str = "", limit: int = _EVERYTHING
    ) -> list[StoredObject]:
        """Objects whose keys begin so and come after that one, ``limit`` at most."""
        with self._lock:
            rows = self._catalog.objects(prefix, after, limit)
        return [self._stored(row) for row in rows]

    # --- Writing ---------------------------------------------------------------------------------

    def open_write(
        self, key: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Writer[StoredObject]:
        """Begin to write an object. It appears when the writer commits, whole.

        Raises:
            S3Error: ``KeyTooLongError``, or ``InvalidArgument`` for a key that is none.
        """
        checked_key(key)
        kind = Kind(content_type or DEFAULT_CONTENT_TYPE, dict(headers or {}))
        return Writer(self._blobs.new(), lambda blob: self._commit(blob, key, kind, blob.md5.hex()))

    def put(self, key: str, data: bytes, content_type: str | None = None) -> StoredObject:
        """Store an object, in place of what was there."""
        with self.open_write(key, content_type) as writer:
            writer.write(data)
            return writer.commit()

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if there is none."""
        with self._lock:
            freed = self._catalog.delete(checked_key(key))
        self._blobs.remove(freed)

    def flip_byte(self, key: str, offset: int | None = None) -> int:
        """Spoil one byte as a failing disk would: nothing but the byte changes, its ETag neither.

        Args:
            key: Of which object.
            offset: Which byte, from 0; None for the one in the middle.

        Returns:
            The offset of that byte.

        Raises:
            S3Error: ``NoSuchKey``.
            ValueError: The object has no such byte.
        """
        stored = self.head(key)
        if stored is None:
            raise no_such_key(key)
        offset = stored.size // 2 if offset is None else offset
        if not 0 <= offset < stored.size:
            raise ValueError(f"{key} has {stored.size} bytes; there is none at offset {offset}")
        with stored.path.open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))
        return offset

    # --- Uploads in parts ------------------------------------------------------------------------

    def create_upload(
        self, key: str, content_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """Begin an upload in parts.

        Returns:
            Its id.
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
        """Begin to write a part.

        Args:
            key: The object that the upload is for.
            upload_id: The upload.
            number: Which part, from 1 to 10,000. One that is there already is replaced.

        Raises:
            S3Error: ``NoSuchUpload``, or ``InvalidArgument`` for another number.
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
        """The parts of an upload that are there, by their numbers.

        Raises:
            S3Error: ``NoSuchUpload``.
        """
        _, rows = self._upload(key, upload_id)
        return [StoredPart(row.number, row.size, row.etag, row.modified) for row in rows]

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]
    ) -> StoredObject:
        """Make an object of parts; the upload ends, and parts that are not named are deleted.

        Args:
            key: The object that the upload is for.
            upload_id: The upload.
            parts: The number and the ETag of each, in ascending order.

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
                except FileNotFoundError:  # ended, or the part was replaced, by somebody else
                    raise no_such_upload() from None
            return writer.commit()

    def abort_upload(self, key: str, upload_id: str) -> None:
        """End an upload; its parts are deleted.

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

    # --- What writers do at their end ------------------------------------------------------------

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
