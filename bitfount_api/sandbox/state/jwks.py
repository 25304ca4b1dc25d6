"""Public JSON Web Keys that users upload for clinical systems (RFC 7517)."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from bitfount_api.sandbox.state.database import Database

# RFC 7518, 6.2.2, 6.3.2 and 6.4.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


class PrivateKeyError(ValueError):
    """A key is private, and must not be uploaded."""


class JwkSets:
    """The sets of keys: one for each user, issuer and client id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, owner: str, issuer: str, client_id: str, jwk: dict[str, Any]) -> str:
        """Add a public key, or replace the key with the same ``kid``; return the set's id.

        Raises:
            PrivateKeyError: If the key is private or symmetric.
            ValueError: If it is not a valid key.
        """
        _check(jwk)
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO jwk_sets VALUES (?, ?, ?, ?)",
                *(str(uuid.uuid4()), owner, issuer, client_id),
            )
            jwk_set: str = self._database.scalar(
                "SELECT id FROM jwk_sets WHERE owner = ? AND issuer = ? AND client_id = ?",
                *(owner, issuer, client_id),
            )
            self._database.execute(
                "INSERT OR REPLACE INTO jwks VALUES (?, ?, ?)",
                *(jwk_set, jwk.get("kid", ""), json.dumps(jwk)),
            )
        return jwk_set

    def get(self, owner: str, jwk_set: str) -> list[dict[str, Any]]:
        """Return the keys of a user's set; empty if there is no such set."""
        rows = self._database.rows(
            "SELECT k.jwk FROM jwks k JOIN jwk_sets s ON s.id = k.jwk_set "
            "WHERE s.owner = ? AND s.id = ? ORDER BY k.key_id",
            *(owner, jwk_set),
        )
        return [json.loads(row["jwk"]) for row in rows]


def _check(jwk: dict[str, Any]) -> None:
    if found := _PRIVATE & jwk.keys():
        raise PrivateKeyError(f"it is private: leave out {', '.join(sorted(found))}")
    if not isinstance(jwk.get("kid", ""), str):
        raise ValueError("kid must be a text")
    try:
        jwt.PyJWK.from_dict(jwk)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        # Not PyJWT's reason: it may quote the key, private members included.
        raise ValueError(
            "it is not a valid key: a member is missing, not valid or not supported"
        ) from None
