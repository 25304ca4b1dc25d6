"""Users and their API keys."""

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
    """A user with an account in this sandbox.

    Args:
        username: Name of the user.
        api_key_id: Id of the API key, ``hub:access-manager``, the format of
            ``BITFOUNT_API_KEY_ID``.
        api_key: API key, in the same format. Not part of the repr.
    """

    username: str
    api_key_id: str
    api_key: str = attrs.field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the environment variables for clients of this user."""
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
        """Return the user of that name; create the user, with an API key, if missing.

        Raises:
            ValueError: If the name is not a valid user name.
        """
        if _USER_NAME.fullmatch(username) is None:
            raise ValueError(
                f"{username!r} is not a valid user name: use at most 39 lower-case letters and "
                "digits, with single - or _ between them"
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
        """Return the user of that name, or None."""
        row = self._database.row("SELECT * FROM users WHERE username = ?", username)
        return None if row is None else _user(row)

    def all(self) -> list[User]:
        """Return every user, ordered by name."""
        return [_user(row) for row in self._database.rows("SELECT * FROM users ORDER BY username")]

    def of_api_key(self, key_id: str, key: str, service: Literal["hub", "am"]) -> str | None:
        """Return the name of the user an API key belongs to, or None.

        The Hub receives the first parts of the id and of the key; the access manager receives both
        completely.
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
        matches = [
            hmac.compare_digest(value.encode(), received.encode())
            for value, received in zip(expected, (key_id, key), strict=True)
        ]
        return user.username if all(matches) else None


def _user(row: sqlite3.Row) -> User:
    return User(
        row["username"],
        f"{row['key_id_hub']}:{row['key_id_am']}",
        f"{row['key_hub']}:{row['key_am']}",
    )
