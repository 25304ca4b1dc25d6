"""Pairings of users with clinical systems."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from bitfount_api.sandbox.state.database import Database

_VALID = dt.timedelta(days=30)


class NotPairedError(Exception):
    """A pairing has no session yet."""


class Pairings:
    """The pairings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, owner: str) -> str:
        """Create a pairing whose code has not yet been entered into the clinical system."""
        return self._add(owner, "initialised", code=secrets.token_hex(3).upper())

    def pair(
        self,
        owner: str,
        resource_server: str,
        *,
        remote_user: str | None,
        nextgen: dict[str, Any] | None,
    ) -> str:
        """Create a complete pairing with a token for the resource server; return its id."""
        return self._add(
            owner,
            "paired",
            resource_server=resource_server,
            remote_user=remote_user,
            token=secrets.token_urlsafe(24),
            context=None if nextgen is None else json.dumps(nextgen),
        )

    def _add(self, owner: str, state: str, **columns: Any) -> str:
        pairing = str(uuid.uuid4())
        now, expires_at = self._database.now(), self._database.now(_VALID)
        with self._database.transaction():
            number = self._database.scalar("SELECT coalesce(max(number), 0) + 1 FROM pairings")
            self._database.execute(
                "INSERT INTO pairings (id, number, owner, state, created_at, updated_at, "
                "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(pairing, number, owner, state, now, now, expires_at),
            )
            for name, value in columns.items():
                self._database.execute(
                    f"UPDATE pairings SET {name} = ? WHERE id = ?",  # noqa: S608 - our names
                    *(value, pairing),
                )
        return pairing

    def of(self, owner: str) -> list[dict[str, Any]]:
        """Return a user's pairings in the service's format, in the order of their creation."""
        rows = self._database.rows("SELECT * FROM pairings WHERE owner = ? ORDER BY number", owner)
        return [_to_json(row) for row in rows]

    def session(self, owner: str, pairing: str) -> dict[str, Any] | None:
        """Return the session of a user's pairing; None if there is no such pairing.

        Raises:
            NotPairedError: If the pairing's code has not been entered yet.
        """
        row = self._database.row(
            "SELECT * FROM pairings WHERE owner = ? AND id = ?", owner, pairing
        )
        if row is None:
            return None
        if row["state"] != "paired":
            raise NotPairedError
        session: dict[str, Any] = {"type": "confidentialClient", "accessToken": row["token"]}
        if row["context"] is not None:
            session["context"] = {"nextgen": json.loads(row["context"])}
        return session


def _to_json(row: sqlite3.Row) -> dict[str, Any]:
    pairing = {
        "id": row["id"],
        "ownerUsername": row["owner"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "expiresAt": row["expires_at"],
        "state": row["state"],
    }
    if row["state"] == "initialised":
        return {**pairing, "pairingCode": row["code"]}
    return {**pairing, "resourceServer": row["resource_server"], "remoteUser": row["remote_user"]}
