"""Which token file a login uses: the plain one, or one encrypted with a key in the keyring.

With ``BITFOUNT_TOKEN_STORE=keyring``, the keyring of the operating system holds only the key, and
the file the encrypted token. The token itself is too long for some keyrings: on Windows, an entry
holds 2560 bytes. A file is also replaced atomically, and shared by processes with a lock.
"""

from __future__ import annotations

import errno
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bitfount_api import config
from bitfount_api.auth.token_store import Issuer, KeyringUnavailableError, Token, TokenFile

if TYPE_CHECKING:
    from pathlib import Path

SERVICE: Final = "bitfount-api"
"""The name under which the keyring holds the keys. The user name of a key is the file's path."""


def token_file(storage: Path, username: str | None, issuer: Issuer) -> TokenFile:
    """Return the token file of a user, of the kind that ``BITFOUNT_TOKEN_STORE`` names.

    Raises:
        ValueError: The user name or the setting is not valid, or the package keyring is missing.
    """
    keyring = keyring_in_use()
    if keyring is None:
        return TokenFile(storage, username, issuer)
    return EncryptedTokenFile(storage, username, issuer, keyring)


def all_token_files(storage: Path, username: str | None, issuer: Issuer) -> list[TokenFile]:
    """Return the token files of a user: the plain one, and an encrypted one that may exist.

    Raises:
        ValueError: As for :func:`token_file`.
    """
    plain = TokenFile(storage, username, issuer)
    keyring = keyring_in_use()
    encrypted = EncryptedTokenFile(storage, username, issuer, keyring)
    if keyring is None:
        if not encrypted.path.exists():
            return [plain]  # a keyring could ask the user for a password
        with suppress(Exception):  # without the package, the file can still be deleted
            encrypted = EncryptedTokenFile(
                storage, username, issuer, importlib.import_module("keyring")
            )
    return [plain, encrypted]


def keyring_in_use() -> Any:
    """Return the module keyring if ``BITFOUNT_TOKEN_STORE`` asks for it, else None.

    Raises:
        ValueError: The setting is not valid, or the package keyring cannot be imported.
    """
    asked_for = config.token_store()
    if asked_for.value != "keyring":
        return None
    try:
        return importlib.import_module("keyring")
    except ImportError as error:
        raise ValueError(
            f"{asked_for.source} is 'keyring', but the package keyring cannot be imported "
            f"({type(error).__name__}): pip install keyring, or set it to 'file'"
        ) from None


class EncryptedTokenFile(TokenFile):
    """A user's token on disk, encrypted with a key that the keyring holds.

    Args:
        storage: Folder for tokens and keys, created on first use.
        username: User the token belongs to; None for any user.
        issuer: Issuer of the token. Tokens of other issuers are ignored.
        keyring: The module keyring, or an object with its three functions.

    Raises:
        ValueError: If ``username`` is not a valid user name.
    """

    def __init__(self, storage: Path, username: str | None, issuer: Issuer, keyring: Any) -> None:
        super().__init__(storage, username, issuer)
        self._plain_path = self.path
        # Another name, since the official SDK reads the plain file.
        self.path: Path = self.path.with_name(".token.encrypted")
        self._keyring = keyring

    def write(self, token: Token) -> None:
        """Replace the stored token, as the plain file does, and warn of a token in plain text."""
        super().write(token)
        if self.path.exists() and self._plain_path.exists():
            self.warn(
                "is encrypted, but an older login is still stored in plain text",
                f"delete {self._plain_path}, unless the official SDK uses it",
            )

    def check_storable(self) -> None:
        """Check, before a login, that its token can be stored: a key for it, too.

        Raises:
            OSError: The folder cannot be created, or nothing can be written to it.
            KeyringUnavailableError: The keyring cannot be used.
        """
        super().check_storable()
        try:
            self._encoded(b"")
        except OSError as error:
            raise KeyringUnavailableError(
                f"the login could not be stored: {error.strerror}"
            ) from None

    def delete(self) -> bool:
        """Remove the stored token and its key.

        Returns:
            Whether there was a token.

        Raises:
            OSError: The file cannot be removed.
        """
        found = super().delete()
        with suppress(Exception):  # without the file, the key is worthless
            self._keyring.delete_password(SERVICE, self._entry)
        return found

    def _encoded(self, document: bytes) -> bytes:
        from cryptography.fernet import Fernet

        try:
            key = self._key()
            if key is None:
                key = Fernet.generate_key().decode("ascii")
                self._keyring.set_password(SERVICE, self._entry, key)
                if self._key() != key:  # the backend "null" keeps nothing
                    raise _KeyNotKeptError
            return Fernet(key).encrypt(document)
        except Exception as error:  # noqa: BLE001 - backends raise errors of other libraries
            raise OSError(errno.EIO, _failure(error)) from None

    def _decoded(self, content: bytes) -> bytes:
        from cryptography.fernet import Fernet, InvalidToken

        try:
            key = self._key()
        except Exception as error:  # noqa: BLE001 - as above
            # Not a reason for a new login, which could not be stored either.
            raise KeyringUnavailableError(
                f"the login in {self.path} cannot be read: {_failure(error)}: unlock the keyring, "
                "or set BITFOUNT_TOKEN_STORE to 'file' and log in again"
            ) from None
        if key is None:
            raise ValueError("the keyring does not hold its key")
        try:
            return Fernet(key).decrypt(content)
        except (InvalidToken, ValueError):
            raise ValueError("it is not encrypted with the key in the keyring") from None

    def _key(self) -> str | None:
        key: str | None = self._keyring.get_password(SERVICE, self._entry)
        return key

    @property
    def _entry(self) -> str:
        return str(self.path.absolute())


_REASONS: Final = {
    "InitError": "it cannot be opened",
    "KeyringLocked": "it is locked",
    "NoKeyringError": "this system has none",
    "PasswordSetError": "it cannot store the key",
    "_KeyNotKeptError": "it does not keep the key",
}
"""What the errors of the package keyring, which may be missing, mean."""


class _KeyNotKeptError(Exception):
    """The keyring stores nothing, like the backend "null"."""


def _failure(error: Exception) -> str:
    # Without the text of the error: a backend's may quote the secret.
    reason = _REASONS.get(type(error).__name__, "it reports an error")
    return f"the keyring cannot be used ({reason})"
