"""Models, their versions, and the multipart uploads in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from bitfount_api.sandbox.state.database import Database

_MAX_VERSIONS = 2**63 - 1
"""SQLite's integers have 64 bits."""


@attrs.frozen
class Model:
    """One version of a model; its code and weights are stored as objects."""

    owner: str
    name: str
    version: int
    hash: str
    size: int
    private: bool
    description: str | None
    weights_size: int | None

    @property
    def code_key(self) -> str:
        """Key of the code in the object store."""
        return f"models/{self.owner}/{self.name}/{self.version}"

    @property
    def weights_key(self) -> str:
        """Key of the weights in the object store."""
        return f"weights/{self.owner}/{self.name}/{self.version}"


class Models:
    """The models.

    Args:
        database: Database that stores the models.
        stored: Function that returns whether an object with a key exists. A version is available
            only if its code was uploaded.
    """

    def __init__(self, database: Database, stored: Callable[[str], bool]) -> None:
        self._database = database
        self._stored = stored

    def publish(
        self,
        owner: str,
        name: str,
        *,
        hash_: str,
        size: int,
        private: bool,
        description: str | None,
    ) -> tuple[Model, bool]:
        """Return the version for some code, and whether its code is already stored.

        The version is the newest one if it has the same hash or its code was never uploaded,
        otherwise a new one.
        """
        with self._database.transaction():
            row = self._database.row(
                "SELECT * FROM models WHERE owner = ? AND name = ? ORDER BY version DESC",
                *(owner, name),
            )
            newest = None if row is None else _model(row)
            has_code = newest is not None and self._stored(newest.code_key)
            if newest is not None and (newest.hash == hash_ or not has_code):
                version = newest.version
            else:
                version = 1 if newest is None else newest.version + 1
            same = newest is not None and has_code and newest.hash == hash_
            self._database.execute(
                "INSERT INTO models (owner, name, version, hash, size, private, description) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET hash = excluded.hash, "
                "size = excluded.size, private = excluded.private, "
                "description = coalesce(excluded.description, description)",
                *(owner, name, version, hash_, size, private, description),
            )
        model = self.get(owner, name, version)
        assert model is not None
        return model, same

    def get(self, owner: str, name: str, version: int) -> Model | None:
        """Return one version, whether or not its code is stored."""
        if version > _MAX_VERSIONS:
            return None
        row = self._database.row(
            "SELECT * FROM models WHERE owner = ? AND name = ? AND version = ?",
            *(owner, name, version),
        )
        return None if row is None else _model(row)

    def find(self, owner: str, name: str, version: int | None) -> Model | None:
        """Return the given version, or the newest one, if its code is stored."""
        if version is not None:
            model = self.get(owner, name, version)
            return model if model is not None and self._stored(model.code_key) else None
        for row in self._database.rows(
            "SELECT * FROM models WHERE owner = ? AND name = ? ORDER BY version DESC", owner, name
        ):
            model = _model(row)
            if self._stored(model.code_key):
                return model
        return None

    def all(self) -> list[Model]:
        """Return every version of every model."""
        return [_model(row) for row in self._database.rows("SELECT * FROM models ORDER BY 1, 2, 3")]

    def set_weights_size(self, model: Model, size: int) -> None:
        """Record the size in bytes of the weights that are about to be uploaded."""
        self._database.execute(
            "UPDATE models SET weights_size = ? WHERE owner = ? AND name = ? AND version = ?",
            *(size, model.owner, model.name, model.version),
        )


@attrs.frozen
class Upload:
    """A multipart upload: its owner, kind (``Model`` or ``Schema``), key and size."""

    id: str
    owner: str
    kind: str
    key: str
    size: int


class Uploads:
    """The multipart uploads in progress."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, upload: Upload) -> None:
        """Record an upload."""
        self._database.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", *attrs.astuple(upload))

    def get(self, upload_id: str) -> Upload | None:
        """Return the upload with an id, or None."""
        row = self._database.row("SELECT * FROM uploads WHERE id = ?", upload_id)
        return None if row is None else Upload(*row)

    def all(self) -> list[Upload]:
        """Return all uploads."""
        return [Upload(*row) for row in self._database.rows("SELECT * FROM uploads")]

    def remove(self, upload_id: str) -> None:
        """Delete the record of an upload."""
        self._database.execute("DELETE FROM uploads WHERE id = ?", upload_id)


def _model(row: sqlite3.Row) -> Model:
    return Model(
        row["owner"],
        row["name"],
        row["version"],
        row["hash"],
        row["size"],
        bool(row["private"]),
        row["description"],
        row["weights_size"],
    )
