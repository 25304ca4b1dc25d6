"""A module named keyring, with the functions that the library of this name documents.

It stands for the real one in processes, since not every environment has that. Passwords are kept in
a JSON file, which processes share.
"""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
import json
import os
import pathlib

FILE = pathlib.Path(__file__).with_name("passwords.json")


class KeyringError(Exception):
    """The base class of errors, keyring.errors.KeyringError."""


class KeyringLocked(KeyringError):
    """A locked keyring, keyring.errors.KeyringLocked."""


def _all():
    if FILE.with_name("locked").exists():
        raise KeyringLocked("s3cret")
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def get_password(service_name: str, username: str) -> str | None:
    return _all().get(service_name, {}).get(username)


def set_password(service_name: str, username: str, password: str) -> None:
    found = _all()
    if not FILE.with_name("forgetful").exists():
        found.setdefault(service_name, {})[username] = password
        FILE.write_text(json.dumps(found))


def delete_password(service_name: str, username: str) -> None:
    found = _all()
    if username not in found.get(service_name, {}):
        raise KeyringError("not found")
    del found[service_name][username]
    FILE.write_text(json.dumps(found))
'''


def install(folder: Path) -> Path:
    """Write the module into a folder, to be put on the path, and return its passwords' file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keyring.py").write_text(SOURCE, encoding="utf-8")
    return folder / "passwords.json"
