"""The public keys that verify the signatures of users' tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    import sqlite3

    from bitfount_api.sandbox.state.database import Database

SALT_LENGTH = 20
"""Salt length of a task's signature, in bytes."""


@attrs.frozen
class PublicKey:
    """A registered key; ``text`` is the key in OpenSSH's one-line format."""

    id: int
    owner: str
    text: str
    active: bool

    @property
    def pem(self) -> str:
        """The key in PEM format."""
        return to_pem(load(self.text))


class PublicKeys:
    """The registered keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, owner: str, text: str) -> PublicKey:
        """Register a key; registering the same key again reactivates the first registration.

        Raises:
            ValueError: If the text is not an RSA public key.
        """
        text = to_openssh(load(text))
        with self._database.transaction():
            number = self._database.scalar(
                "SELECT id FROM public_keys WHERE owner = ? AND key = ?", owner, text
            )
            if number is None:
                number = self._database.insert(
                    "INSERT INTO public_keys (owner, key) VALUES (?, ?)", owner, text
                )
            self._database.execute("UPDATE public_keys SET active = 1 WHERE id = ?", number)
        return PublicKey(number, owner, text, True)

    def get(self, owner: str, key_id: str) -> PublicKey | None:
        """Return a user's key by its id, or None."""
        row = self._database.row(
            "SELECT * FROM public_keys WHERE owner = ? AND CAST(id AS TEXT) = ?", owner, key_id
        )
        return None if row is None else _key(row)

    def active(self, owner: str) -> list[PublicKey]:
        """Return a user's active keys."""
        rows = self._database.rows("SELECT * FROM public_keys WHERE owner = ? AND active", owner)
        return [_key(row) for row in rows]

    def deactivate(self, owner: str, key_id: int | str) -> None:
        """Deactivate a key."""
        self._database.execute(
            "UPDATE public_keys SET active = 0 WHERE owner = ? AND CAST(id AS TEXT) = ?",
            *(owner, str(key_id)),
        )


def load(text: str) -> rsa.RSAPublicKey:
    """Load an RSA public key from PEM or OpenSSH text.

    Raises:
        ValueError: If the text is not an RSA public key.
    """
    data = text.encode()
    try:
        if text.lstrip().startswith("-----BEGIN"):
            key: object = serialization.load_pem_public_key(data)
        else:
            key = serialization.load_ssh_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the text is not a public key in PEM or OpenSSH format") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the key is not an RSA key")
    return key


def to_openssh(key: rsa.RSAPublicKey) -> str:
    """Return the key in OpenSSH's one-line format."""
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_bytes(encoding, form).decode()


def to_pem(key: rsa.RSAPublicKey) -> str:
    """Return the key in PEM format."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form).decode()


def signed(text: str, message: bytes, signature: bytes) -> bool:
    """Return whether a signature by that key is valid: RSA-PSS, SHA-256, salt length 20."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), SALT_LENGTH)
    try:
        load(text).verify(signature, message, scheme, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _key(row: sqlite3.Row) -> PublicKey:
    return PublicKey(row["id"], row["owner"], row["key"], bool(row["active"]))
