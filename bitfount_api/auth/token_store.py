"""The file that stores a user's token between runs, shared with the official SDK.

Both SDKs, and any number of processes, read and write the same file. Reading needs no lock, because
the file is replaced atomically. Refreshing a token needs one, because each refresh token can be
used only once.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import attrs
import msgspec

from bitfount_api._internal.files import (
    Access,
    atomic_write,
    make_private,
    make_private_dir,
    read_regular_file,
    remove_leftovers,
)
from bitfount_api._internal.logs import get_logger
from bitfount_api.auth.validation import header_value
from bitfount_api.exceptions import AuthenticationError
from bitfount_api.identifiers import user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

_logger = get_logger(__name__)

MAX_FILE_BYTES: Final = 256 * 1024
"""The maximum size of a token file, in bytes; real ones have a few thousand."""

_END_OF_TIME: Final = 253_402_300_800  # the year 10,000, in POSIX seconds

_TIGHTENED: Final = (
    "only you can access it from now on; log in again if others may have read it before"
)

_OPEN: Final = (
    "their access could not be removed, since the file system has no modes, or the file is the "
    "administrator's; set BITFOUNT_STORAGE_PATH to a folder that only you can access"
)

DEFAULT_USER: Final = "_default"
"""The folder name for a token of any user; other folders are named after their user."""


@attrs.frozen
class Issuer:
    """The issuer of a token, with its client, scopes and audience. A token is valid only for these.

    Args:
        auth_domain: Authorization server, as given by the user.
        client_id: OAuth client id.
        scopes: Requested scopes, separated by spaces.
        audience: Audience of the access token.
    """

    auth_domain: str
    client_id: str
    scopes: str
    audience: str


@attrs.frozen
class Token:
    """The tokens that the authorization server has granted. The repr does not contain them.

    Args:
        access_token: Token sent with each request.
        id_token: Token that names the user.
        expires_at: Expiry of the access token, in POSIX seconds.
        refresh_token: Token that can be exchanged once for the next token; None if not granted.
    """

    access_token: str = attrs.field(repr=False)
    id_token: str = attrs.field(repr=False)
    expires_at: float
    refresh_token: str | None = attrs.field(default=None, repr=False)

    def __reduce__(self) -> NoReturn:
        # A pickle may be sent or stored, and would hold every secret in plain text.
        raise TypeError("a token is a secret, and cannot be pickled")


class _Document(msgspec.Struct):
    """The content of the file, in the official SDK's order. Unknown fields are ignored."""

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    id_token: Annotated[str, msgspec.Meta(min_length=1)]
    access_token_expires_at: Annotated[float, msgspec.Meta(ge=0, lt=_END_OF_TIME)]
    auth_domain: str
    client_id: str
    scopes: str
    audience: str
    refresh_token: str | None = None


class KeyringUnavailableError(AuthenticationError):
    """The key of an encrypted token cannot be read now, for example because it is locked."""


class TokenFile:
    """A user's token on disk.

    Args:
        storage: Folder for tokens and keys, created on first use.
        username: User the token belongs to; None for any user.
        issuer: Issuer of the token. Tokens of other issuers are ignored.

    Raises:
        ValueError: If ``username`` is not a valid user name.
    """

    def __init__(self, storage: Path, username: str | None, issuer: Issuer) -> None:
        folder = DEFAULT_USER if username is None else user_name(username)
        self.path: Path = Path(storage) / folder / ".token"
        self._issuer = issuer
        self._warned: set[str] = set()

    def read(self, *, change: bool = True) -> Token | None:
        """Return the token; None if there is no valid token of this issuer.

        A file that cannot be read, is invalid or belongs to another user is logged once. If others
        can access the file or its folder, that is ended, and logged once.

        Args:
            change: Whether to end that access; False to change nothing.

        Raises:
            KeyringUnavailableError: The file is encrypted, and the keyring cannot be used.
        """
        try:
            found = [self._folder_access(change=change)]
            content = read_regular_file(
                self.path,
                MAX_FILE_BYTES,
                lambda file: found.append(make_private(file, change=change)),
            )
            document = msgspec.json.decode(self._decoded(content), type=_Document)
            header_value(document.access_token, "its access token")
        except FileNotFoundError:
            return None
        except OSError as error:
            self.warn("cannot be read", error.strerror)
            return None
        except KeyringUnavailableError:
            raise  # it is a ValueError, too
        except msgspec.ValidationError:
            # The exception's text would quote the token.
            self.warn("is ignored", "it is JSON, but not a token")
            return None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self.warn("is ignored", "it is not JSON")
            return None
        except ValueError as error:
            self.warn("is ignored", str(error))
            return None
        if change:
            self._warn_of_access(*found)
        issuer = Issuer(
            document.auth_domain, document.client_id, document.scopes, document.audience
        )
        if issuer != self._issuer:
            return None
        return Token(
            document.access_token,
            document.id_token,
            document.access_token_expires_at,
            document.refresh_token or None,
        )

    def authority(self) -> str | None:
        """Return the authorization server of the stored token, which may be of another issuer.

        Returns:
            None if there is no token, or it cannot be read. Nothing is logged or changed.
        """
        try:
            content = read_regular_file(self.path, MAX_FILE_BYTES)
            return msgspec.json.decode(self._decoded(content), type=_Document).auth_domain
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
            return None

    def write(self, token: Token) -> None:
        """Replace the stored token.

        If the file cannot be written, log a warning once and remove the old token, since its
        refresh token has been used and must not be used again.
        """
        document = {
            "access_token": token.access_token,
            "refresh_token": token.refresh_token,
            "id_token": token.id_token,
            "access_token_expires_at": float(token.expires_at),
            **attrs.asdict(self._issuer),
        }
        try:
            self._make_folder()
            if self.path.is_symlink():
                self.path.unlink()  # it is never followed
            remove_leftovers(self.path)
            content = self._encoded(json.dumps(document).encode("ascii"))
            atomic_write(self.path, content, private=True)
        except OSError as error:
            self.warn("cannot be written, so the next run needs a new login", error.strerror)
            self.remove()

    def check_storable(self) -> None:
        """Check, before a login, that its token can be stored.

        Raises:
            OSError: The folder cannot be created, or nothing can be written to it.
            KeyringUnavailableError: The file would be encrypted, and the keyring cannot be used.
        """
        self._make_folder()
        with tempfile.TemporaryFile(dir=self.path.parent):
            pass

    def remove(self) -> None:
        """Remove the stored token, if possible."""
        with suppress(OSError):
            self.delete()

    def delete(self) -> bool:
        """Remove the stored token, and the copies of writes that were killed.

        Returns:
            Whether there was a token.

        Raises:
            OSError: The file cannot be removed.
        """
        remove_leftovers(self.path)
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Remove the token during the block. Restore it if the block fails without a new token.

        Raises:
            OSError: The file cannot be removed.
        """
        try:
            before = read_regular_file(self.path, MAX_FILE_BYTES)
        except (FileNotFoundError, ValueError):
            before = None  # no token, or a file that is not valid
        self.path.unlink(missing_ok=True)
        try:
            yield
        except BaseException:
            if before is not None and not self.path.exists():
                atomic_write(self.path, before, private=True)
            raise

    def try_lock(self) -> BaseFileLock | None:
        """Acquire the lock for refreshing the token, without waiting.

        Returns:
            The lock, which the caller must release; None if another process holds it.

        Raises:
            OSError: If the folder is not writable, or its file system does not support locks.
        """
        from filelock import FileLock, Timeout

        self._make_folder()
        if not os.access(self.path.parent, os.W_OK):
            # A lock file may exist already, but the next token could not be written.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        # Not thread-local: each step of a flow may run in another thread.
        lock = FileLock(self.path.with_name(".token.lock"), mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except NotImplementedError as error:
            raise OSError("the file system does not support locks") from error
        return lock

    def warn(self, what: str, why: str | None) -> None:
        """Log a warning about the file, once for each kind of problem."""
        if what not in self._warned:
            self._warned.add(what)
            _logger.warning("The token file %s %s: %s", self.path, what, why)

    def _encoded(self, document: bytes) -> bytes:
        """Return the content of the file for a token.

        Raises:
            OSError: The content cannot be created, for example because the keyring is locked.
        """
        return document

    def _decoded(self, content: bytes) -> bytes:
        """Return the token from the content of the file.

        Raises:
            ValueError: The content is not valid. The text does not quote it.
            KeyringUnavailableError: The key of the content cannot be read now.
        """
        return content

    def _make_folder(self) -> None:
        make_private_dir(self.path.parent)
        try:
            self._warn_of_access(self._folder_access(change=True))
        except ValueError as error:
            raise PermissionError(errno.EACCES, f"its folder cannot be used: {error}") from None

    def _warn_of_access(self, *found: Access) -> None:
        if Access.REMAINS in found:
            self.warn("can be accessed by other users", _OPEN)
        elif Access.ENDED in found:
            self.warn("could be accessed by other users", _TIGHTENED)

    def _folder_access(self, *, change: bool) -> Access:
        """Make the folder private, whose owner could replace the file.

        Raises:
            ValueError: The folder belongs to another user.
        """
        folder = self.path.parent
        try:
            return make_private(folder, change=change) if folder.is_dir() else Access.NONE
        except ValueError as error:
            raise ValueError(f"its folder is not yours: {error}") from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"
