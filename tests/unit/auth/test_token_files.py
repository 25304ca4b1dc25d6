"""Logins that are encrypted with a key in the keyring."""

from __future__ import annotations

import importlib
import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import fake_keyring
from support.oauth import CODE, ISSUER, PENDING, HandlerFactory, answer, grant, id_token

from bitfount_api import APIKeysHandler, BitfountSession, DeviceCodeFlowHandler, config
from bitfount_api.auth.token_files import SERVICE, EncryptedTokenFile, token_file
from bitfount_api.auth.token_store import Token, TokenFile
from bitfount_api.exceptions import AuthenticationError

TOKEN = Token("SECRET-access", id_token(), 4102444800.0, "SECRET-refresh")


@pytest.fixture
def passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The passwords of a keyring that is installed and asked for."""
    path = fake_keyring.install(tmp_path / "installed")
    monkeypatch.syspath_prepend(str(path.parent))
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    monkeypatch.setenv("BITFOUNT_TOKEN_STORE", "keyring")
    yield path
    sys.modules.pop("keyring", None)


@pytest.fixture
def file(passwords: Path, tmp_path: Path) -> TokenFile:
    del passwords
    return token_file(tmp_path / "storage", "alice", ISSUER)


def everything_in(folder: Path) -> str:
    return "".join(
        path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()
    )


def test_written_token_is_read_and_encrypted(
    file: TokenFile, passwords: Path, tmp_path: Path
) -> None:
    assert isinstance(file, EncryptedTokenFile)
    assert file.read() is None
    file.write(TOKEN)
    assert file.read() == TOKEN
    assert token_file(tmp_path / "storage", "alice", ISSUER).read() == TOKEN
    assert "SECRET" not in everything_in(tmp_path / "storage")
    assert TOKEN.id_token not in everything_in(tmp_path / "storage")
    assert list(json.loads(passwords.read_text())) == [SERVICE]
    if os.name != "nt":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_next_token_is_encrypted_with_the_same_key(file: TokenFile, passwords: Path) -> None:
    file.write(TOKEN)
    before = passwords.read_text()
    file.write(Token("SECRET-2", id_token(), 4102444800.0))
    assert passwords.read_text() == before
    found = file.read()
    assert found is not None
    assert found.access_token == "SECRET-2"


def test_users_and_folders_have_their_own_keys(passwords: Path, tmp_path: Path) -> None:
    for storage in ("a", "b"):
        for username in ("alice", None):
            token_file(tmp_path / storage, username, ISSUER).write(TOKEN)
    keys = json.loads(passwords.read_text())[SERVICE]
    assert len(set(keys.values())) == 4
    assert str(tmp_path / "a" / "alice" / ".token.encrypted") in keys


def test_deleted_token_leaves_no_key(file: TokenFile, passwords: Path) -> None:
    file.write(TOKEN)
    assert file.delete()
    assert not file.path.exists()
    assert json.loads(passwords.read_text()) == {SERVICE: {}}
    assert not file.delete()


@pytest.mark.parametrize("damage", ["other key", "no key", "no valid key", "damaged", "plain"])
def test_token_that_cannot_be_decrypted_is_ignored(
    damage: str, file: TokenFile, passwords: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write(TOKEN)
    if damage == "damaged":
        file.path.write_bytes(file.path.read_bytes()[:-5])
    elif damage == "plain":
        file.path.write_text('{"access_token": "SECRET"}', encoding="utf-8")
    elif damage == "no key":
        passwords.unlink()
    else:
        from cryptography.fernet import Fernet

        key = Fernet.generate_key().decode() if damage == "other key" else "s3cret"
        passwords.write_text(json.dumps({SERVICE: {str(file.path): key}}))
    assert file.read() is None
    (warning,) = caplog.messages
    assert f"{file.path} is ignored" in warning
    assert "SECRET" not in warning
    assert "s3cret" not in warning


def test_locked_keyring_is_an_error_and_no_login(
    make: HandlerFactory, passwords: Path, tmp_path: Path
) -> None:
    make.storage = tmp_path / "storage"
    authority = make()
    authority.authenticate(answer(200, CODE), PENDING, grant())
    assert authority.access_token == "SECRET-access-1"
    passwords.with_name("locked").touch()
    later = make()
    with pytest.raises(AuthenticationError, match=r"the keyring .* \(it is locked\)") as caught:
        later.authenticate()
    assert "s3cret" not in str(caught.value)
    passwords.with_name("locked").unlink()
    later.authenticate()
    assert later.access_token == "SECRET-access-1"


@pytest.mark.parametrize("problem", ["locked", "forgetful"])
def test_token_without_a_key_is_not_written(
    problem: str, file: TokenFile, passwords: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords.with_name(problem).touch()
    file.write(TOKEN)
    assert not file.path.exists()
    (warning,) = caplog.messages
    assert "cannot be written, so the next run needs a new login" in warning
    assert "the keyring cannot be used" in warning
    assert "s3cret" not in warning


def test_login_in_plain_text_is_warned_of(
    file: TokenFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = TokenFile(tmp_path / "storage", "alice", ISSUER)
    plain.write(TOKEN)
    with caplog.at_level(logging.WARNING):
        file.write(TOKEN)
        file.write(TOKEN)
    (warning,) = caplog.messages
    assert f"delete {plain.path}" in warning
    assert plain.read() == TOKEN  # the official SDK may use it


@pytest.mark.parametrize("value", [None, "", "file"])
def test_plain_file_is_used_unless_asked_otherwise(
    value: str | None, passwords: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BITFOUNT_TOKEN_STORE")
    if value is not None:
        monkeypatch.setenv("BITFOUNT_TOKEN_STORE", value)
    assert type(token_file(tmp_path, None, ISSUER)) is TokenFile
    assert DeviceCodeFlowHandler(storage_path=tmp_path).token_file.name == ".token"
    assert "keyring" not in sys.modules
    assert not passwords.exists()


def test_missing_package_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("BITFOUNT_TOKEN_STORE", "keyring")
    for start in (BitfountSession, DeviceCodeFlowHandler):
        with pytest.raises(ValueError, match=r"^BITFOUNT_TOKEN_STORE is .* pip install keyring"):
            start()
    BitfountSession(APIKeysHandler("id", "key", "alice"))  # API keys are never stored


def test_unknown_store_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITFOUNT_TOKEN_STORE", "vault")
    for start in (BitfountSession, config.token_store):
        with pytest.raises(ValueError, match=r"^BITFOUNT_TOKEN_STORE is 'vault', not one of: file"):
            start()


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The library keyring itself, which release tools of this project bring along."""
    keyring = pytest.importorskip("keyring")
    for name in ("fail", "null"):
        importlib.import_module(f"keyring.backends.{name}")
    monkeypatch.setenv("BITFOUNT_TOKEN_STORE", "keyring")
    before = keyring.get_keyring()
    yield keyring
    keyring.set_keyring(before)


def test_real_keyring_keeps_the_key(real: Any, tmp_path: Path) -> None:
    class Memory(real.backend.KeyringBackend):  # type: ignore[misc]
        priority = 1
        kept: dict[tuple[str, str], str]

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del self.kept[service, username]

    memory = Memory()
    memory.kept = {}
    real.set_keyring(memory)
    file = token_file(tmp_path, "alice", ISSUER)
    file.write(TOKEN)
    assert file.read() == TOKEN
    assert list(memory.kept) == [(SERVICE, str(file.path))]
    assert file.delete()
    assert memory.kept == {}


def test_real_keyring_without_a_backend_keeps_nothing(real: Any, tmp_path: Path) -> None:
    for backend in (real.backends.fail.Keyring, real.backends.null.Keyring):
        real.set_keyring(backend())
        file = token_file(tmp_path, "alice", ISSUER)
        file.write(TOKEN)
        assert not file.path.exists()
        assert file.read() is None
