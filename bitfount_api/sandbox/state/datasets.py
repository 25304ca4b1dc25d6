"""Datasets, as the clusters list them, and their configurations.

A dataset is a pod, or the configuration of a pod that will be registered: the Hub's web interface
sets configurations before the pod starts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from bitfount_api.sandbox.state.database import Database


@attrs.frozen
class Dataset:
    """A dataset, and when its configuration was set (or else the pod was registered)."""

    identifier: str
    updated_at: str


class Datasets:
    """The datasets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, owner: str) -> list[Dataset]:
        """Return a user's datasets, ordered by name."""
        rows = self._database.rows(
            "SELECT owner || '/' || name, updated_at FROM datasets WHERE owner = ? ORDER BY name",
            owner,
        )
        return [Dataset(*row) for row in rows]

    def missing(self, owner: str, names: list[str]) -> list[str]:
        """Return the names for which a user has no dataset."""
        known = {dataset.identifier for dataset in self.of(owner)}
        return [name for name in dict.fromkeys(names) if f"{owner}/{name}" not in known]

    def configuration(self, owner: str, name: str) -> dict[str, Any] | None:
        """Return a dataset's configuration; None if none is set.

        Raises:
            KeyError: If there is no such dataset.
        """
        row = self._database.row(
            "SELECT configuration FROM datasets WHERE owner = ? AND name = ?", owner, name
        )
        if row is None:
            raise KeyError(f"{owner}/{name}")
        text = row["configuration"]
        configuration: dict[str, Any] | None = None if text is None else json.loads(text)
        return configuration

    def configure(self, owner: str, name: str, configuration: dict[str, Any] | None) -> None:
        """Set a dataset's configuration, or delete it (None); an equal one keeps its time.

        Raises:
            TypeError: If it contains an object that JSON cannot represent.
            ValueError: If it contains a number or a text that JSON cannot represent.
            RecursionError: If it is nested too deeply.
        """
        if configuration is None:
            self._database.execute(
                "DELETE FROM configurations WHERE owner = ? AND name = ?", owner, name
            )
            return
        text = json.dumps(configuration, sort_keys=True, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")  # raises the error that the response would raise
        self._database.execute(
            "INSERT INTO configurations VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "configuration = excluded.configuration, updated_at = excluded.updated_at "
            "WHERE configuration <> excluded.configuration",
            *(owner, name, text, self._database.now()),
        )
