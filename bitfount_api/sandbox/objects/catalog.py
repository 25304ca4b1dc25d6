"""Metadata of the object store, in SQLite."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects (
    key BLOB PRIMARY KEY, blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    content_type TEXT NOT NULL, headers TEXT NOT NULL, modified REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, key BLOB NOT NULL, content_type TEXT NOT NULL, headers TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """Headers that are stored with an object and returned with it.

    Args:
        content_type: Media type of the content.
        headers: Other headers: ``x-amz-meta-…``, ``content-disposition`` and the like.
    """

    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object: its file and its metadata."""

    key: str
    blob: str
    size: int
    etag: str
    kind: Kind
    modified: dt.datetime


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an upload that is not complete yet."""

    number: int
    blob: str
    size: int
    etag: str
    modified: dt.datetime


class CatalogInUseError(RuntimeError):
    """Another process, or another store in this process, uses this folder."""


class Catalog:
    """The database, for one process and one thread at a time.

    Args:
        path: Path of the database.

    Raises:
        CatalogInUseError: If another catalog has the database open.
    """

    def __init__(self, path: Path) -> None:
        # One second, because a process that has just been killed may still hold the lock.
        self._db = sqlite3.connect(path, timeout=1, check_same_thread=False)
        try:
            # Exclusive, because a second store would delete files that this one is still writing.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            if "locked" not in str(error):
                raise
            raise CatalogInUseError(
                f"{path.parent} is in use by another sandbox: stop that one, or use another folder"
            ) from None

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # --- Objects ---------------------------------------------------------------------------------

    def object(self, key: str) -> ObjectRow | None:
        """Return one object, or None."""
        rows = self._objects("WHERE key = ?", key.encode())
        return rows[0] if rows else None

    def objects(self, prefix: str, after: str, limit: int) -> list[ObjectRow]:
        """Return objects whose keys have a prefix and follow ``after``, in byte order."""
        start = prefix.encode()
        return self._objects(
            "WHERE substr(key, 1, ?) = ? AND key > ? ORDER BY key LIMIT ?",
            len(start),
            start,
            after.encode(),
            limit,
        )

    def put(self, row: ObjectRow, upload: str | None = None) -> list[str] | None:
        """Store or replace an object, and end the upload it comes from.

        Returns:
            Blobs without references; None if there is no such upload.
        """
        with self._db:
            freed = self._blobs("SELECT blob FROM objects WHERE key = ?", row.key.encode())
            if upload is not None:
                freed += self._blobs("SELECT blob FROM parts WHERE upload = ?", upload)
                if not self._db.execute("DELETE FROM uploads WHERE id = ?", (upload,)).rowcount:
                    return None
            self._db.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.key.encode(),
                    row.blob,
                    row.size,
                    row.etag,
                    row.kind.content_type,
                    json.dumps(dict(row.kind.headers)),
                    row.modified.timestamp(),
                ),
            )
        return freed

    def delete(self, key: str) -> list[str]:
        """Delete an object; return the blobs that are no longer referenced."""
        with self._db:
            freed = self._blobs("SELECT blob FROM objects WHERE key = ?", key.encode())
            self._db.execute("DELETE FROM objects WHERE key = ?", (key.encode(),))
        return freed

    # --- Multipart uploads -----------------------------------------------------------------------

    def begin(self, upload: str, key: str, kind: Kind) -> None:
        """Create an upload."""
        with self._db:
            self._db.execute(
                "INSERT INTO uploads VALUES (?, ?, ?, ?)",
                (upload, key.encode(), kind.content_type, json.dumps(dict(kind.headers))),
            )

    def upload(self, upload: str, key: str) -> Kind | None:
        """Return the headers for the object of an upload; None if there is no such upload."""
        row = self._db.execute(
            "SELECT content_type, headers FROM uploads WHERE id = ? AND key = ?",
            (upload, key.encode()),
        ).fetchone()
        return None if row is None else Kind(row[0], json.loads(row[1]))

    def put_part(self, upload: str, part: PartRow) -> list[str] | None:
        """Store or replace a part. Returns the same as :meth:`put`."""
        with self._db:
            if not self._blobs("SELECT id FROM uploads WHERE id = ?", upload):
                return None
            freed = self._blobs(
                "SELECT blob FROM parts WHERE upload = ? AND number = ?", upload, part.number
            )
            self._db.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                (
                    upload,
                    part.number,
                    part.blob,
                    part.size,
                    part.etag,
                    part.modified.timestamp(),
                ),
            )
        return freed

    def parts(self, upload: str) -> list[PartRow]:
        """Return the parts of an upload, ordered by number."""
        rows = self._db.execute(
            "SELECT number, blob, size, etag, modified FROM parts WHERE upload = ? ORDER BY number",
            (upload,),
        )
        return [PartRow(row[0], row[1], row[2], row[3], _moment(row[4])) for row in rows]

    def abort(self, upload: str) -> list[str]:
        """Delete an upload; return the blobs that are no longer referenced."""
        with self._db:
            freed = self._blobs("SELECT blob FROM parts WHERE upload = ?", upload)
            self._db.execute("DELETE FROM uploads WHERE id = ?", (upload,))
        return freed

    def blobs(self) -> set[str]:
        """Return all blobs that are referred to."""
        return set(self._blobs("SELECT blob FROM objects UNION ALL SELECT blob FROM parts"))

    def _objects(self, where: str, *values: Any) -> list[ObjectRow]:
        names = "key, blob, size, etag, content_type, headers, modified"
        # Only constants of this module are interpolated.
        rows = self._db.execute(f"SELECT {names} FROM objects {where}", values)  # noqa: S608
        return [
            ObjectRow(
                key=bytes(row[0]).decode(),
                blob=row[1],
                size=row[2],
                etag=row[3],
                kind=Kind(row[4], json.loads(row[5])),
                modified=_moment(row[6]),
            )
            for row in rows
        ]

    def _blobs(self, query: str, *values: Any) -> list[str]:
        return [row[0] for row in self._db.execute(query, values)]


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
