"""Projects: their members, datasets and models, and how often those may be used."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api.sandbox.state.database import now

if TYPE_CHECKING:
    import sqlite3

    from bitfount_api.sandbox.state.database import Database
    from bitfount_api.sandbox.state.models import Model

OWNER, MODELLER, CUSTODIAN, OBSERVER = "OWNER", "MODELLER", "DATA_CUSTODIAN", "OBSERVER"
ROLES = (OWNER, MODELLER, CUSTODIAN, OBSERVER)

MAY_RUN = frozenset({OWNER, MODELLER})
"""The roles whose members may run tasks on the project's datasets."""


@attrs.frozen
class Project:
    """One project, with the role of the member who asked."""

    id: str
    name: str
    role: str
    status: str
    demo: bool
    created_at: str
    updated_at: str


@attrs.frozen
class Usage:
    """How often a member has used a model in a project, and how often they may (None: ever)."""

    resource: str
    username: str
    role: str
    used: int
    limit: int | None

    @property
    def spent(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.used >= self.limit


class Projects:
    """The projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, owner: str, name: str, metadata: dict[str, Any], *, demo: bool = False) -> str:
        """Make a project; returns its id."""
        project = str(uuid.uuid4())
        time = now()
        with self._database.transaction():
            number = self._database.scalar("SELECT coalesce(max(number), 0) + 1 FROM projects")
            self._database.execute(
                "INSERT INTO projects (id, number, name, metadata, demo, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(project, number, name, json.dumps(metadata), demo, time, time),
            )
            self.add_member(project, owner, OWNER)
        return project

    def exists(self, project: str) -> bool:
        """Whether there is a project of that id."""
        return bool(self._database.scalar("SELECT COUNT(*) FROM projects WHERE id = ?", project))

    def count(self, username: str) -> int:
        """How many projects that user is a member of."""
        count: int = self._database.scalar(
            "SELECT COUNT(*) FROM members WHERE username = ?", username
        )
        return count

    def page(self, username: str, offset: int, limit: int) -> list[Project]:
        """The projects that user is a member of, the newest first."""
        rows = self._database.rows(
            "SELECT p.id, p.name, m.role, p.status, p.demo, p.created_at, p.updated_at "
            "FROM projects p JOIN members m ON m.project = p.id WHERE m.username = ? "
            "ORDER BY p.number DESC LIMIT ? OFFSET ?",
            *(username, limit, offset),
        )
        return [Project(*row) for row in rows]

    def archive(self, project: str) -> None:
        """Archive a project."""
        self._database.execute(
            "UPDATE projects SET status = 'ARCHIVED', updated_at = ? WHERE id = ?", now(), project
        )

    # --- Members ---------------------------------------------------------------------------------

    def add_member(self, project: str, username: str, role: str) -> None:
        """Make a user a member, or give a member another role.

        Raises:
            ValueError: There is no such role.
        """
        if role not in ROLES:
            raise ValueError(f"{role!r} is no role: {', '.join(ROLES)}")
        self._database.execute(
            "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET role = excluded.role",
            *(project, username, role),
        )

    def role(self, project: str, username: str) -> str | None:
        """The role of a member; None for somebody who is none."""
        role: str | None = self._database.scalar(
            "SELECT role FROM members WHERE project = ? AND username = ?", project, username
        )
        return role

    # --- Datasets --------------------------------------------------------------------------------

    def add_pods(self, project: str, owner: str, names: list[str]) -> bool:
        """Add pods; True if one of them was not in it before."""
        added = 0
        with self._database.transaction():
            for name in names:
                added += self._database.execute(
                    "INSERT OR IGNORE INTO project_pods VALUES (?, ?, ?)", project, owner, name
                )
            self._database.execute(
                "UPDATE projects SET updated_at = ? WHERE id = ?", now(), project
            )
        return added > 0

    def has_pod(self, project: str, owner: str, name: str) -> bool:
        """Whether a pod is in a project."""
        return bool(
            self._database.scalar(
                "SELECT COUNT(*) FROM project_pods WHERE project = ? AND owner = ? AND name = ?",
                *(project, owner, name),
            )
        )

    # --- Models and their usage ------------------------------------------------------------------

    def add_model(self, project: str, model: Model, default_limit: int | None) -> None:
        """Make a model part of the project's task, with a limit for each member."""
        self._database.execute(
            "INSERT INTO project_models VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET default_limit = excluded.default_limit",
            *(project, model.owner, model.name, model.version, default_limit),
        )

    def limit(self, project: str, model: Model, username: str, limit: int | None) -> None:
        """Give one member a limit of their own."""
        self._database.execute(
            "INSERT INTO usages VALUES (?, ?, ?, ?, ?, 0, ?) "
            "ON CONFLICT DO UPDATE SET own_limit = excluded.own_limit",
            *(project, model.owner, model.name, model.version, username, limit),
        )

    def models(self, project: str) -> list[sqlite3.Row]:
        """The project's models: owner, name, version, default_limit."""
        return self._database.rows(
            "SELECT owner, name, version, default_limit FROM project_models "
            "WHERE project = ? ORDER BY owner, name, version",
            project,
        )

    def usages(self, project: str, owner: str, name: str, version: int) -> list[Usage]:
        """The usage of a model, member by member; none if it is not in the project."""
        rows = self._database.rows(
            "SELECT m.username, m.role, coalesce(u.used, 0) AS used, "
            "coalesce(u.own_limit, p.default_limit) AS most FROM project_models p "
            "JOIN members m ON m.project = p.project LEFT JOIN usages u ON u.project = p.project "
            "AND u.owner = p.owner AND u.name = p.name AND u.version = p.version "
            "AND u.username = m.username "
            "WHERE p.project = ? AND p.owner = ? AND p.name = ? AND p.version = ? "
            "ORDER BY m.username",
            *(project, owner, name, version),
        )
        resource = f"{owner}/{name}:{version}"
        return [
            Usage(resource, row["username"], row["role"], row["used"], row["most"]) for row in rows
        ]

    def usage(self, project: str, model: Model, username: str) -> Usage | None:
        """One member's usage of a model; None if the model or the member is not in the project."""
        for usage in self.usages(project, model.owner, model.name, model.version):
            if usage.username == username:
                return usage
        return None

    def use(self, project: str, model: Model, username: str) -> Usage | None:
        """Count one use; None if there is none left, or nothing to count."""
        with self._database.transaction():
            usage = self.usage(project, model, username)
            if usage is None or usage.spent:
                return None
            self._database.execute(
                "INSERT INTO usages VALUES (?, ?, ?, ?, ?, 1, NULL) "
                "ON CONFLICT DO UPDATE SET used = used + 1",
                *(project, model.owner, model.name, model.version, username),
            )
            return attrs.evolve(usage, used=usage.used + 1)
