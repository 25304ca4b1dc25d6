"""The file that keeps a user's token from one run to the next, shared with the official SDK.

Both SDKs, and any number of processes, read and write the same file. Reading needs no lock, because
the file is replaced whole; renewing a token does: each refresh token can be used once only.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import attrs
import msgspec

from bitfount_api._disk import make_private_folder, read_own_file, write_file
from bitfount_api.auth.values import header_value
from bitfount_api.exceptions import AuthenticationError
from bitfount_api.identifiers import user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

_log = logging.getLogger(__name__)

MAX_FILE_BYTES: Final = 256 * 1024
"""The largest file that is read as a token, in bytes; real ones have a few thousand."""

_END_OF_TIME: Final = 253_402_300_800  # the year 10,000, in POSIX seconds

NOBODY: Final = "_default"
"""The folder of a token that may be anybody's, where other folders have user names."""


@attrs.frozen
class Issuer:
    """Who gives a token, to which client, for what. A token is of no use to any other.

    Args:
        auth_domain: The OAuth authority, as the user names it.
        client_id: The OAuth client id.
        scopes: What was asked for, with spaces between.
        audience: Whom the access token is meant for.
    """

    auth_domain: str
    client_id: str
    scopes: str
    audience: str


@attrs.frozen
class Token:
    """What the OAuth service has granted. None of it shows in the repr.

    Args:
        access_token: Goes with each request.
        id_token: Says whose it is.
        expires_at: When the access token expires, in POSIX seconds.
        refresh_token: Gets the next token, once; None where there is none.
    """

    access_token: str = attrs.field(repr=False)
    id_token: str = attrs.field(repr=False)
    expires_at: float
    refresh_token: str | None = attrs.field(default=None, repr=False)

    def __reduce__(self) -> NoReturn:
        # A pickle travels, and would hold every secret in plain text.
        raise TypeError("a token is a secret, and cannot be pickled")


class _Document(msgspec.Struct):
    """The file's content, in the official SDK's order. Anything else in it is passed over."""

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    id_token: Annotated[str, msgspec.Meta(min_length=1)]
    access_token_expires_at: Annotated[float, msgspec.Meta(ge=0, lt=_END_OF_TIME)]
    auth_domain: str
    client_id: str
    scopes: str
    audience: str
    refresh_token: str | None = None


class TokenFile:
    """A user's token on disk.

    Args:
        storage: The folder for tokens and keys; made when first needed.
        username: Whose token it is; None for whoever logs in.
        issuer: Who gave it. What another one gave is passed over.

    Raises:
        ValueError: The user name is none.
    """

    def __init__(self, storage: Path, username: str | None, issuer: Issuer) -> None:
        folder = NOBODY if username is None else user_name(username)
        self.path = Path(storage) / folder / ".token"
        self._issuer = issuer
        self._warned: set[str] = set()

    def read(self) -> Token | None:
        """The token; None if there is none, or none of this issuer, or the file cannot be used.

        The last is said in the log, once.
        """
        try:
            content = read_own_file(self.path, MAX_FILE_BYTES)
            document = msgspec.json.decode(content, type=_Document)
            header_value(document.access_token, "its access token")
        except FileNotFoundError:
            return None
        except OSError as error:
            self.warn("cannot be read", error.strerror)
            return None
        except msgspec.ValidationError:
            self.warn("is passed over", "it is JSON, but no token's")  # the error would quote it
            return None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self.warn("is passed over", "it is not JSON")
            return None
        except (ValueError, AuthenticationError) as error:
            self.warn("is passed over", str(error))
            return None
        found = Issuer(document.auth_domain, document.client_id, document.scopes, document.audience)
        if found != self._issuer:
            return None
        return Token(
            document.access_token,
            document.id_token,
            document.access_token_expires_at,
            document.refresh_token or None,
        )

    def write(self, token: Token) -> None:
        """Keep a token in place of the one before.

        Where that cannot be done, the log says so, once, and the one before is taken away: its
        refresh token has been used, and may not be used again.
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
            write_file(self.path, json.dumps(document).encode("ascii"), private=True)
        except OSError as error:
            self.warn("cannot be written, so the next run has to log in again", error.strerror)
            self.remove()

    def remove(self) -> None:
        """Take the token away, if that can be done."""
        with suppress(OSError):
            self.path.unlink()

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Remove the token meanwhile. If an error ends that, and no other was written, restore it.

        Raises:
            OSError: The file cannot be removed.
        """
        try:
            before = read_own_file(self.path, MAX_FILE_BYTES)
        except (FileNotFoundError, ValueError):
            before = None  # there is none, or none that could be used
        self.path.unlink(missing_ok=True)
        try:
            yield
        except BaseException:
            if before is not None and not self.path.exists():
                write_file(self.path, before, private=True)
            raise

    def try_lock(self) -> BaseFileLock | None:
        """Take the lock under which tokens are renewed; None if another process holds it.

        Returns:
            The lock, to be released.

        Raises:
            OSError: There can be no lock: the folder cannot be written to, or knows no locks.
        """
        from filelock import FileLock, Timeout

        self._make_folder()
        if not os.access(self.path.parent, os.W_OK):
            # The lock may be there already, but the next token could not be kept.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        # Not bound to a thread: a flow's steps may each run in another one.
        lock = FileLock(self.path.with_name(".token.lock"), mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except NotImplementedError as error:
            raise OSError("the file system knows no locks") from error
        return lock

    def warn(self, what: str, why: str | None) -> None:
        """Say in the log, once, what is wrong with the file."""
        if what not in self._warned:
            self._warned.add(what)
            _log.warning("The token file %s %s: %s", self.path, what, why)

    def _make_folder(self) -> None:
        folder = self.path.parent
        make_private_folder(folder)
        if folder.stat().st_mode & 0o077:
            # Made by somebody with another umask. It need not be ours, and often it is enough
            # that the file is private.
            with suppress(OSError):
                folder.chmod(0o700)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"
