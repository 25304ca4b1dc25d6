"""Updates about tasks that the monitor has received."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitfount_api.sandbox.state.database import Database


class Monitor:
    """The received updates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, sender: str, update: dict[str, Any]) -> None:
        """Store an update."""
        self._database.execute(
            "INSERT INTO monitor_updates (sender, received_at, content) VALUES (?, ?, ?)",
            *(sender, self._database.now(), json.dumps(update)),
        )

    def updates(self, task_id: str | None = None) -> list[dict[str, Any]]:
        """Return the updates about a task, or all updates, in the order of their arrival."""
        rows = self._database.rows("SELECT content FROM monitor_updates ORDER BY id")
        updates: list[dict[str, Any]] = [json.loads(row["content"]) for row in rows]
        return [update for update in updates if task_id in (None, update["taskId"])]
