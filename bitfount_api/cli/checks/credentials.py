"""API keys, the saved login, and the permissions of the files with secrets."""

from __future__ import annotations

import datetime as dt
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from bitfount_api import ExternallyManagedJWTHandler, RetryPolicy, config
from bitfount_api.auth.claims import username_from_id_token
from bitfount_api.auth.validation import header_value
from bitfount_api.cli.checks.report import Finding, Report
from bitfount_api.cli.errors import describe
from bitfount_api.cli.exit_codes import Exit, Failure, exit_code
from bitfount_api.cli.views import format_time
from bitfount_api.exceptions import AuthenticationError, BitfountError
from bitfount_api.redaction import looks_like_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api.auth.handler import AuthenticationHandler
    from bitfount_api.cli.app import App

_LOG_IN: Final = (
    "log in with 'bitfount-api login', or set BITFOUNT_API_KEY_ID, BITFOUNT_API_KEY and "
    "BITFOUNT_USERNAME"
)
_TIMEOUT: Final = 5.0
_MAX_FILES: Final = 1000
_HEAD_BYTES: Final = 64


def check(app: App) -> list[Finding]:
    """Check the credentials and the files that contain them, without sending a request."""
    findings = Report("Credentials")
    if os.name != "nt":  # modes mean little on Windows, and user folders are private
        _check_modes(findings)
    by_keys = _check_keys(app, findings)
    _check_login(app, findings, needed=not by_keys)
    return findings.found


def check_accepted(app: App) -> list[Finding]:
    """Check that the Hub accepts the credentials, without changing anything."""
    findings = Report("Credentials")
    try:
        handler = _handler(app)
    except (Failure, BitfountError, ValueError):
        return []  # already reported by check()
    if handler is None:
        return []
    session = app.session(handler, retry=RetryPolicy(retries=0), timeout=app.timeout or _TIMEOUT)
    try:
        app.hub(session).get_projects(limit=1)
    except BitfountError as error:  # first, since an AuthenticationError is also a ValueError
        code = exit_code(error)
        if code is Exit.NOT_AUTHENTICATED:
            findings.problem("the Hub does not accept the credentials", _LOG_IN)
        elif code is not Exit.UNREACHABLE:  # reported by the network check
            findings.problem(describe(error).line, "check the Hub's URL")
    except ValueError as error:
        findings.problem(str(error), "use the Hub's https:// URL")
    else:
        name = session.username
        findings.ok(
            f"the Hub accepts the credentials of {'the user' if looks_like_key(name) else name}"
        )
    return findings.found


def _handler(app: App) -> AuthenticationHandler | None:
    """Return a handler for the API keys or the login as it is: it is not refreshed, nor written.

    Returns:
        None if there is no token that can be used now.
    """
    if config.api_keys() is not None:
        return app.handler()
    token = app.token_file().read(change=False)
    if token is None:
        return None
    handler = ExternallyManagedJWTHandler(
        token.access_token,
        dt.datetime.fromtimestamp(token.expires_at, dt.UTC),
        _no_other_token,
        username_from_id_token(token.id_token),
    )
    return handler if handler.authenticated else None


def _no_other_token() -> NoReturn:
    raise AuthenticationError("the token is refused")


def _check_keys(app: App, findings: Report) -> bool:
    """Check the API keys, and return whether any are set, valid or not."""
    try:
        keys = config.api_keys()
        if keys is None:
            return False
        header_value(keys.api_key_id, "BITFOUNT_API_KEY_ID")
        header_value(keys.api_key, "BITFOUNT_API_KEY")
    except ValueError as error:
        findings.problem(str(error), "set the id and the key exactly as you received them")
        return True
    username = app.username or config.username()
    if username is None:
        findings.problem("the username of the API keys is missing", "set BITFOUNT_USERNAME")
    elif not looks_like_key(username):  # already reported with the settings
        findings.ok(f"the environment contains API keys of {username}")
    return True


def _check_login(app: App, findings: Report, *, needed: bool) -> None:
    file = app.token_file()
    if not os.path.lexists(file.path):
        if needed:
            findings.problem("there are neither API keys nor a login", _LOG_IN)
        return
    token = file.read(change=False)
    if token is None:
        text = f"{file.path} contains no login that can be used in this environment"
        if needed:
            findings.problem(text, _LOG_IN)
        else:
            findings.note(text)
        return
    try:
        username = username_from_id_token(token.id_token)
    except AuthenticationError as error:
        findings.problem(f"{file.path}: {error}", _LOG_IN)
        return
    if token.expires_at > time.time():
        findings.ok(
            f"logged in as {username}; the token expires at {format_time(token.expires_at)}"
        )
    elif token.refresh_token:
        findings.ok(f"logged in as {username}; the next command refreshes the token")
    else:
        findings.problem(f"the login of {username} has expired", "log in with 'bitfount-api login'")
    if not needed:
        findings.note("the API keys take precedence over the login")


def _check_modes(findings: Report) -> None:
    storage = config.storage_path()
    secrets = [path for path in _files(storage) if path.name == ".token" or _is_private_key(path)]
    if not secrets and (not storage.is_dir() or os.access(storage, os.R_OK | os.X_OK)):
        return  # there is nothing that other users must not see
    _check_mode(findings, storage, 0o700, "tokens and keys")
    for path in secrets:
        _check_mode(findings, path, 0o600, "a secret")
    if not any(finding.advice for finding in findings.found):
        findings.ok(f"no other user can read the secrets in {storage}")


def _check_mode(findings: Report, path: Path, expected_mode: int, content: str) -> None:
    try:
        status = path.lstat()
    except OSError as error:
        findings.problem(
            f"{path} cannot be checked: {error.strerror}", "check that you own the folder"
        )
        return
    if stat.S_ISLNK(status.st_mode):
        findings.warn(f"{path} is a link, which is not followed", "replace the link with the file")
        return
    if hasattr(os, "getuid") and status.st_uid not in (os.getuid(), 0):
        findings.warn(
            f"{path} belongs to another user (id {status.st_uid})", f"chown {os.getuid()} '{path}'"
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        findings.problem(
            f"other users can access {path}, which contains {content} (mode {mode:04o})",
            f"chmod {expected_mode:o} '{path}'",
        )
    elif not mode & 0o400:
        findings.problem(
            f"you cannot read {path} (mode {mode:04o})", f"chmod {expected_mode:o} '{path}'"
        )


def _files(folder: Path) -> Iterator[Path]:
    """Yield files of a folder and its subfolders, up to a limit in depth and number."""
    count = 0
    for base, folders, names in os.walk(folder):
        if len(Path(base).relative_to(folder).parts) >= 3:
            folders.clear()
        for name in names:
            count += 1
            if count > _MAX_FILES:
                return
            yield Path(base, name)


def _is_private_key(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            return b"PRIVATE KEY-----" in file.read(_HEAD_BYTES)
    except OSError:
        return False
