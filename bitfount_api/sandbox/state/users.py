"""Users, their API keys, and who a request's credentials belong to."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    import sqlite3

    from bitfount_api.sandbox.state.database import Database

USER_NAME = r"[a-z0-9](?:[a-z0-9]|(-|_)(?=[a-z0-9])){0,38}"
_USER_NAME = re.compile(USER_NAME)


@attrs.frozen
class User:
    """Somebody with an account in this sandbox.

    Args:
        username: The name.
        api_key_id: The API key's id, ``hub:access-manager``, as ``BITFOUNT_API_KEY_ID`` takes it.
        api_key: The API key, in two halves likewise. Kept out of the repr.
    """

    username: str
    api_key_id: str
    api_key: str = attrs.field(repr=False)

    def environment(self) -> dict[str, str]:
        """The environment variables that make this user the one who calls."""
        return {
            "BITFOUNT_API_KEY_ID": self.api_key_id,
            "BITFOUNT_API_KEY": self.api_key,
            "BITFOUNT_USERNAME": self.username,
        }


class Users:
    """The accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, username: str) -> User:
        """The user of that name; made, with an API key, if there is none.

        Raises:
            ValueError: That is no name for a user.
        """
        if _USER_NAME.fullmatch(username) is None:
            raise ValueError(
                f"{username!r} is no user name: lower-case letters and digits, "
                "with single - or _ between them, 39 at most"
            )
        key_id_hub, key_id_am = secrets.token_hex(8), secrets.token_hex(8)
        key_hub, key_am = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING",
                *(username, key_id_hub, key_hub, key_id_am, key_am),
            )
            user = self.get(username)
        assert user is not None
        return user

    def get(self, username: str) -> User | None:
        """The user of that name, if there is one."""
        row = self._database.row("SELECT * FROM users WHERE username = ?", username)
        return None if row is None else _user(row)

    def all(self) -> list[User]:
        """Every user, by name."""
        return [_user(row) for row in self._database.rows("SELECT * FROM users ORDER BY username")]

    def of_api_key(self, key_id: str, key: str, service: Literal["hub", "am"]) -> str | None:
        """The name of the user an API key belongs to.

        The Hub is shown the first half of id and key; the access manager is shown both whole.
        """
        row = self._database.row(
            "SELECT * FROM users WHERE key_id_hub = ?", key_id.partition(":")[0]
        )
        if row is None:
            return None
        user = _user(row)
        expected = (user.api_key_id, user.api_key)
        if service == "hub":
            expected = (row["key_id_hub"], row["key_hub"])
        right = [
            hmac.compare_digest(ours.encode(), theirs.encode())
            for ours, theirs in zip(expected, (key_id, key), strict=True)
        ]
        return user.username if all(right) else None


def _user(row: sqlite3.Row) -> User:
    return User(
        row["username"],
        f"{row['key_id_hub']}:{row['key_id_am']}",
        f"{row['key_hub']}:{row['key_am']}",
    )
