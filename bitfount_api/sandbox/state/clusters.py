"""Compute clusters, and the datasets linked to them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bitfount_api.sandbox.state.datasets import Dataset

if TYPE_CHECKING:
    from bitfount_api.sandbox.state.database import Database


class Clusters:
    """The compute clusters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, owner: str, name: str) -> str:
        """Create a cluster and return its id."""
        cluster = str(uuid.uuid4())
        self._database.execute(
            "INSERT INTO clusters VALUES (?, ?, ?, ?)", cluster, owner, name, self._database.now()
        )
        return cluster

    def owned(self, owner: str, cluster: str) -> bool:
        """Return whether a user has a cluster with that id."""
        return bool(
            self._database.scalar(
                "SELECT COUNT(*) FROM clusters WHERE owner = ? AND id = ?", owner, cluster
            )
        )

    def link(self, cluster: str, names: list[str]) -> bool:
        """Link datasets of the cluster's owner; return True if at least one was not linked."""
        with self._database.transaction():
            added = [
                self._database.execute(
                    "INSERT OR IGNORE INTO cluster_datasets VALUES (?, ?)", cluster, name
                )
                for name in names
            ]
        return any(added)

    def datasets(self, cluster: str) -> list[Dataset]:
        """Return the datasets linked to a cluster, ordered by name."""
        rows = self._database.rows(
            "SELECT d.owner || '/' || d.name, d.updated_at FROM cluster_datasets l "
            "JOIN clusters c ON c.id = l.cluster "
            "JOIN datasets d ON d.owner = c.owner AND d.name = l.name "
            "WHERE c.id = ? ORDER BY d.name",
            cluster,
        )
        return [Dataset(*row) for row in rows]
