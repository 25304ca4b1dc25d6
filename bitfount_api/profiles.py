"""Profiles: settings under a name, in a file of the storage folder. The file holds no secrets.

A profile gives values for variables that are not set. The commands ``bitfount-api profiles`` write
the file. It is JSON, which has no comments that rewriting could lose.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from bitfount_api._internal.files import (
    atomic_write,
    make_private,
    make_private_dir,
    read_regular_file,
)
from bitfount_api._internal.validation import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE_NAME: Final = "profiles.json"
MAX_FILE_BYTES: Final = 256 * 1024
_LOCK_TIMEOUT: Final = 10.0

SETTINGS: Final = {
    "environment": "BITFOUNT_ENVIRONMENT",
    "username": "BITFOUNT_USERNAME",
    "hub_url": "BITFOUNT_HUB_URL",
    "access_manager_url": "BITFOUNT_ACCESS_MANAGER_URL",
    "smart_on_fhir_url": "SMART_ON_FHIR_URL",
    "auth_domain": "BITFOUNT_AUTH_DOMAIN",
    "token_store": "BITFOUNT_TOKEN_STORE",
}
"""The settings of a profile, and the variables that they stand for."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def profile_name(name: str) -> str:
    """Validate the name of a profile.

    Raises:
        ValueError: The name is not valid.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"the profile's name is {quote(name)}, not 1 to 64 letters, digits, '.', '_' and '-'"
        )
    return name


def read_profiles(storage: Path) -> dict[str, dict[str, str]]:
    """Return the settings of all profiles, by their names; empty if there is no file.

    Raises:
        ValueError: The file cannot be read, is not valid, or belongs to another user, who could
            send the credentials elsewhere.
    """
    path = storage / FILE_NAME
    try:
        make_private(storage, change=False)
        text = read_regular_file(path, MAX_FILE_BYTES, make_private).decode("utf-8")
        return _checked(json.loads(text, object_pairs_hook=_without_duplicates))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(f"the profiles in {path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{path}, {where}: the profiles are not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the profiles in {path} are not UTF-8 text") from None
    except RecursionError:
        raise ValueError(f"the profiles in {path} are nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the profiles in {path} are not valid: {error}") from None


def read_profile(storage: Path, name: str) -> dict[str, str]:
    """Return the settings of a profile.

    Raises:
        ValueError: There is no such profile, or the file is not valid.
    """
    found = read_profiles(storage)
    if name not in found:
        known = f"it has {', '.join(sorted(found))}" if found else "there are none yet"
        raise ValueError(
            f"the profile {quote(name)}, of --profile or BITFOUNT_PROFILE, is not in "
            f"{storage / FILE_NAME}: {known}"
        )
    return found[name]


@contextmanager
def changed_profiles(storage: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Yield all profiles, to be changed in the block, and write them after it.

    Meanwhile other processes wait, so that none of them undoes the change of another.

    Raises:
        ValueError: The file is not valid.
        OSError: The file cannot be written, or another process does not finish.
    """
    from filelock import FileLock  # few programs change profiles

    make_private_dir(storage)
    lock = FileLock(storage / ".profiles.lock", timeout=_LOCK_TIMEOUT, mode=0o600)
    with suppress(NotImplementedError):  # the file system has no locks
        lock.acquire()
    try:
        found = read_profiles(storage)
        yield found
        write_profiles(storage, found)
    finally:
        lock.release()


def write_profiles(storage: Path, profiles: Mapping[str, Mapping[str, str]]) -> Path:
    """Replace the profiles, in a file that only the user can read, and return its path.

    Raises:
        OSError: The file cannot be written.
    """
    make_private_dir(storage)
    path = storage / FILE_NAME
    text = json.dumps(profiles, indent=2, ensure_ascii=False, sort_keys=True)
    atomic_write(path, f"{text}\n".encode(), private=True)
    return path


def _checked(document: Any) -> dict[str, dict[str, str]]:
    if not isinstance(document, dict):
        raise ValueError("the file must be an object that maps names to settings")
    for name, settings in document.items():
        profile_name(name)
        if not isinstance(settings, dict):
            raise ValueError(f"the profile {name} must be an object with settings")
        for setting, value in settings.items():
            if setting not in SETTINGS:
                known = ", ".join(SETTINGS)
                raise ValueError(
                    f"the profile {name} has the setting {quote(setting)}, not one of: {known}"
                )
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{setting} of the profile {name} must be a non-empty text")
            if not value.isprintable():  # an unpaired surrogate could not be written, either
                raise ValueError(f"{setting} of the profile {name} has a control character")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{quote(twice)} is there twice")
    return found
