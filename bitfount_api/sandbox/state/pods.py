"""Pods, their visibility and the grants to use them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api.sandbox.state.database import stamp
from bitfount_api.sandbox.state.public_keys import load

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from bitfount_api.sandbox.state.database import Database

POD_NAME = r"[a-z0-9]+((-|_)[a-z0-9]+)*"

ONLINE_SECONDS = 120.0
"""Number of seconds for which a pod is online after its registration or a heartbeat, unless the
heartbeat reports its dataset as unhealthy."""


@attrs.frozen
class Pod:
    """A pod; its schema is the object with the key ``schema_key``."""

    owner: str
    name: str
    display_name: str
    description: str
    public_key: str
    access_manager_key: str
    number_of_records: int | None
    schema_size: int
    files: dict[str, Any] | None
    visibility: str
    seen_at: float | None
    health: dict[str, str] | None
    online: bool

    @property
    def schema_key(self) -> str:
        """Key of the schema in the object store."""
        return f"schemas/{self.owner}/{self.name}"

    @property
    def identifier(self) -> str:
        """The pod's identifier, ``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def last_online(self) -> str | None:
        """Time of the registration or the last heartbeat, in the services' format."""
        return (
            None if self.seen_at is None else stamp(dt.datetime.fromtimestamp(self.seen_at, dt.UTC))
        )


class Pods:
    """The pods."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def register(
        self,
        owner: str,
        name: str,
        *,
        display_name: str,
        description: str,
        public_key: str,
        access_manager_key: str,
        number_of_records: int | None,
        schema_size: int,
        files: dict[str, Any] | None,
    ) -> bool:
        """Register a pod, or update it; return True if it existed.

        Registering an archived pod restores it, with its grants and projects.
        """
        with self._database.transaction():
            existed = self._row(owner, name) is not None
            self._database.execute(
                "INSERT INTO pods (owner, name, display_name, description, public_key, "
                "access_manager_key, number_of_records, schema_size, files, seen_at, "
                "registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (owner, name) DO UPDATE SET "
                "display_name = excluded.display_name, description = excluded.description, "
                "public_key = excluded.public_key, files = excluded.files, "
                "access_manager_key = excluded.access_manager_key, "
                "number_of_records = excluded.number_of_records, "
                "schema_size = excluded.schema_size, seen_at = excluded.seen_at, "
                "health = NULL, archived = 0",
                *(owner, name, display_name, description, public_key, access_manager_key),
                *(number_of_records, schema_size, None if files is None else json.dumps(files)),
                *(self._clock(), self._database.now()),
            )
        return existed

    def get(self, owner: str, name: str) -> Pod | None:
        """Return a pod by owner and name, regardless of its visibility; None if it is archived."""
        row = self._row(owner, name)
        return None if row is None or row["archived"] else self._pod(row)

    def all(self) -> list[Pod]:
        """Return every pod that is not archived, ordered by owner and name."""
        rows = self._database.rows("SELECT * FROM pods WHERE NOT archived ORDER BY owner, name")
        return [self._pod(row) for row in rows]

    def archive(self, owner: str, name: str) -> bool:
        """Archive a pod, so that nobody sees it; False if the owner never had such a pod."""
        return bool(
            self._database.execute(
                "UPDATE pods SET archived = 1 WHERE owner = ? AND name = ?", owner, name
            )
        )

    def visible(self, username: str, owner: str, name: str) -> Pod | None:
        """Return a pod if a user may see it without a project: it is public, or the user's."""
        pod = self.get(owner, name)
        if pod is None or (pod.visibility != "public" and pod.owner != username):
            return None
        return pod

    def record_heartbeat(self, owner: str, names: list[str], public_key: str) -> list[str]:
        """Mark pods as online; return the names for which the owner has no pod with that key.

        Raises:
            ValueError: If the public key is not valid.
        """
        unknown, key = [], load(public_key)
        with self._database.transaction():
            for name in names:
                pod = self.get(owner, name)
                if pod is None or load(pod.public_key) != key:
                    unknown.append(name)
            if not unknown:
                self._see(owner, dict.fromkeys(names))
        return unknown

    def record_health(self, owner: str, health: dict[str, dict[str, str] | None]) -> list[str]:
        """Record the health of pods, by name; return the names for which the owner has no pod.

        Args:
            owner: Owner of the pods.
            health: ``status`` (``healthy``, ``unhealthy``, ``unknown``) and, if given,
                ``error_code`` and ``message``; None: healthy.
        """
        with self._database.transaction():
            unknown = [name for name in health if self.get(owner, name) is None]
            if not unknown:
                self._see(owner, health)
        return unknown

    def _see(self, owner: str, health: Mapping[str, dict[str, str] | None]) -> None:
        for name, found in health.items():
            self._database.execute(
                "UPDATE pods SET seen_at = ?, health = ? WHERE owner = ? AND name = ?",
                *(self._clock(), None if found is None else json.dumps(found), owner, name),
            )

    def set_visibility(self, owner: str, name: str, visibility: str) -> None:
        """Make a pod ``public`` or ``private``."""
        self._database.execute(
            "UPDATE pods SET visibility = ? WHERE owner = ? AND name = ?", visibility, owner, name
        )

    def grant(self, owner: str, name: str, username: str) -> None:
        """Allow a modeller to run tasks on a pod without a project."""
        self._database.execute(
            "INSERT OR IGNORE INTO grants VALUES (?, ?, ?)", owner, name, username
        )

    def granted(self, owner: str, name: str, username: str) -> bool:
        """Return whether a modeller may run tasks on a pod without a project."""
        return username == owner or bool(
            self._database.scalar(
                "SELECT COUNT(*) FROM grants WHERE owner = ? AND name = ? AND username = ?",
                *(owner, name, username),
            )
        )

    def _row(self, owner: str, name: str) -> sqlite3.Row | None:
        return self._database.row("SELECT * FROM pods WHERE owner = ? AND name = ?", owner, name)

    def _pod(self, row: sqlite3.Row) -> Pod:
        seen_at = row["seen_at"]
        health = None if row["health"] is None else json.loads(row["health"])
        broken = health is not None and health["status"] == "unhealthy"
        recent = seen_at is not None and self._clock() - seen_at < ONLINE_SECONDS
        return Pod(
            row["owner"],
            row["name"],
            row["display_name"],
            row["description"],
            row["public_key"],
            row["access_manager_key"],
            row["number_of_records"],
            row["schema_size"],
            None if row["files"] is None else json.loads(row["files"]),
            row["visibility"],
            seen_at,
            health,
            recent and not broken,
        )
