"""Projects: their members, datasets and models, and the usage limits of the models."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import sqlite3

    from bitfount_api.sandbox.state.database import Database
    from bitfount_api.sandbox.state.models import Model

OWNER, MODELLER, CUSTODIAN, OBSERVER = "OWNER", "MODELLER", "DATA_CUSTODIAN", "OBSERVER"
ROLES = (OWNER, MODELLER, CUSTODIAN, OBSERVER)

_OF_MEMBER = (
    "SELECT p.id, p.name, m.role, p.status, p.demo, p.created_at, p.updated_at "
    "FROM projects p JOIN members m ON m.project = p.id WHERE m.username = ?"
)

MAY_RUN = frozenset({OWNER, MODELLER})
"""The roles whose members may run tasks on the project's datasets."""


@attrs.frozen
class Project:
    """A project, with the role of the member who requested it."""

    id: str
    name: str
    role: str
    status: str
    demo: bool
    created_at: str
    updated_at: str


@attrs.frozen
class Usage:
    """A member's use count of a model in a project, and its limit (None: unlimited)."""

    resource: str
    username: str
    role: str
    used: int
    limit: int | None

    @property
    def exhausted(self) -> bool:
        """True if the limit is reached."""
        return self.limit is not None and self.used >= self.limit


class Projects:
    """The projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, owner: str, name: str, metadata: dict[str, Any], *, demo: bool = False) -> str:
        """Create a project and return its id."""
        project = str(uuid.uuid4())
        time = self._database.now()
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
        """Return whether a project with that id exists."""
        return bool(self._database.scalar("SELECT COUNT(*) FROM projects WHERE id = ?", project))

    def count(self, username: str) -> int:
        """Return the number of projects of which a user is a member."""
        count: int = self._database.scalar(
            "SELECT COUNT(*) FROM members WHERE username = ?", username
        )
        return count

    def page(self, username: str, offset: int, limit: int) -> list[Project]:
        """Return a page of the projects of which a user is a member, newest first."""
        rows = self._database.rows(
            f"{_OF_MEMBER} ORDER BY p.number DESC LIMIT ? OFFSET ?", username, limit, offset
        )
        return [Project(*row) for row in rows]

    def get(self, project: str, username: str) -> Project | None:
        """Return a project; None if the user is not a member."""
        row = self._database.row(f"{_OF_MEMBER} AND p.id = ?", username, project)
        return None if row is None else Project(*row)

    def archive(self, project: str) -> None:
        """Archive a project."""
        self._database.execute(
            "UPDATE projects SET status = 'ARCHIVED', updated_at = ? WHERE id = ?",
            self._database.now(),
            project,
        )

    # --- Members ---------------------------------------------------------------------------------

    def add_member(self, project: str, username: str, role: str) -> None:
        """Make a user a member, or change a member's role.

        Raises:
            ValueError: If there is no such role.
        """
        if role not in ROLES:
            raise ValueError(f"role {role!r} is not one of {', '.join(ROLES)}")
        self._database.execute(
            "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET role = excluded.role",
            *(project, username, role),
        )

    def role(self, project: str, username: str) -> str | None:
        """Return the role of a member; None if the user is not a member."""
        role: str | None = self._database.scalar(
            "SELECT role FROM members WHERE project = ? AND username = ?", project, username
        )
        return role

    # --- Datasets --------------------------------------------------------------------------------

    def add_pods(self, project: str, owner: str, names: list[str]) -> bool:
        """Add pods to a project; return True if at least one of them was not in it before."""
        added = 0
        with self._database.transaction():
            for name in names:
                added += self._database.execute(
                    "INSERT OR IGNORE INTO project_pods VALUES (?, ?, ?)", project, owner, name
                )
            self._database.execute(
                "UPDATE projects SET updated_at = ? WHERE id = ?", self._database.now(), project
            )
        return added > 0

    def has_pod(self, project: str, owner: str, name: str) -> bool:
        """Return whether a pod is in a project."""
        return bool(
            self._database.scalar(
                "SELECT COUNT(*) FROM project_pods WHERE project = ? AND owner = ? AND name = ?",
                *(project, owner, name),
            )
        )

    def pods(self, project: str) -> list[tuple[str, str]]:
        """Return the owner and name of each pod in a project."""
        rows = self._database.rows(
            "SELECT owner, name FROM project_pods WHERE project = ? ORDER BY owner, name", project
        )
        return [(row["owner"], row["name"]) for row in rows]

    # --- Models and their usage ------------------------------------------------------------------

    def add_model(self, project: str, model: Model, default_limit: int | None) -> None:
        """Add a model to the project's task, with a limit for each member."""
        self._database.execute(
            "INSERT INTO project_models VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET default_limit = excluded.default_limit",
            *(project, model.owner, model.name, model.version, default_limit),
        )

    def limit(self, project: str, model: Model, username: str, limit: int | None) -> None:
        """Set an individual limit for one member."""
        self._database.execute(
            "INSERT INTO usages VALUES (?, ?, ?, ?, ?, 0, ?) "
            "ON CONFLICT DO UPDATE SET own_limit = excluded.own_limit",
            *(project, model.owner, model.name, model.version, username, limit),
        )

    def models(self, project: str) -> list[sqlite3.Row]:
        """Return the project's models: owner, name, version, default_limit."""
        return self._database.rows(
            "SELECT owner, name, version, default_limit FROM project_models "
            "WHERE project = ? ORDER BY owner, name, version",
            project,
        )

    def usages(self, project: str, owner: str, name: str, version: int) -> list[Usage]:
        """Return each member's usage of a model; empty if the model is not in the project."""
        rows = self._database.rows(
            "SELECT m.username, m.role, coalesce(u.used, 0) AS used, "
            "coalesce(u.own_limit, p.default_limit) AS usage_limit FROM project_models p "
            "JOIN members m ON m.project = p.project LEFT JOIN usages u ON u.project = p.project "
            "AND u.owner = p.owner AND u.name = p.name AND u.version = p.version "
            "AND u.username = m.username "
            "WHERE p.project = ? AND p.owner = ? AND p.name = ? AND p.version = ? "
            "ORDER BY m.username",
            *(project, owner, name, version),
        )
        resource = f"{owner}/{name}:{version}"
        return [
            Usage(resource, row["username"], row["role"], row["used"], row["usage_limit"])
            for row in rows
        ]

    def usage(self, project: str, model: Model, username: str) -> Usage | None:
        """Return a member's usage of a model; None if either is not in the project."""
        for usage in self.usages(project, model.owner, model.name, model.version):
            if usage.username == username:
                return usage
        return None

    def use(self, project: str, model: Model, username: str) -> Usage | None:
        """Count one use; None if the limit is reached, or model or user is not in the project."""
        with self._database.transaction():
            usage = self.usage(project, model, username)
            if usage is None or usage.exhausted:
                return None
            self._database.execute(
                "INSERT INTO usages VALUES (?, ?, ?, ?, ?, 1, NULL) "
                "ON CONFLICT DO UPDATE SET used = used + 1",
                *(project, model.owner, model.name, model.version, username),
            )
            return attrs.evolve(usage, used=usage.used + 1)
