"""The file with the profiles, and the settings that it gives."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountAM,
    BitfountHub,
    BitfountSession,
    DeviceCodeFlowHandler,
    config,
)
from bitfount_api.auth._default import default_handler
from bitfount_api.profiles import read_profile, read_profiles, write_profiles

KEYS = APIKeysHandler("id", "key", "alice")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "storage"
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(folder))
    return folder


def use(storage: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    write_profiles(storage, {"ward-7": settings, "other": {"environment": "dev"}})
    monkeypatch.setenv("BITFOUNT_PROFILE", "ward-7")


@posix
def test_written_profiles_are_read_and_private(storage: Path) -> None:
    assert read_profiles(storage) == {}
    before = os.umask(0)
    try:
        path = write_profiles(storage, {"a": {"environment": "dev"}, "b": {}})
    finally:
        os.umask(before)
    assert read_profiles(storage) == {"a": {"environment": "dev"}, "b": {}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(storage.stat().st_mode) == 0o700
    path.chmod(0o644)
    read_profiles(storage)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{\n"a": {},\n}', "line [23], column [18]: the profiles are not JSON"),
        ("", "line 1, column 1: the profiles are not JSON"),
        ("[]", "must be an object that maps names to settings"),
        ('{"a": 1}', "the profile a must be an object"),
        ('{"a b": {}}', "the profile's name is 'a b'"),
        ('{"../a": {}}', "the profile's name is '../a'"),
        ('{"a": {"environment": 1}}', "environment of the profile a must be a non-empty text"),
        ('{"a": {"environment": " "}}', "environment of the profile a must be a non-empty text"),
        ('{"a": {"api_key": "s3cret"}}', "has the setting 'api_key', not one of: environment,"),
        ("[" * 100_000, "nested too deeply"),
        (" " * 300_000, "larger than"),
    ],
)
def test_invalid_file_is_explained(
    text: str, why: str, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.mkdir()
    path = storage / "profiles.json"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("BITFOUNT_PROFILE", "a")
    with pytest.raises(ValueError, match=why.replace("(", r"\(")) as caught:
        BitfountSession()
    assert str(path) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_file_that_is_not_text_is_explained(storage: Path) -> None:
    storage.mkdir()
    (storage / "profiles.json").write_bytes(b'{"\xff": {}}')
    with pytest.raises(ValueError, match="are not UTF-8 text"):
        read_profiles(storage)


@posix
def test_link_in_place_of_the_file_is_refused(storage: Path, tmp_path: Path) -> None:
    storage.mkdir()
    (tmp_path / "theirs").write_text('{"a": {"hub_url": "https://theirs.test"}}', encoding="utf-8")
    (storage / "profiles.json").symlink_to(tmp_path / "theirs")
    with pytest.raises(ValueError, match=r"profiles\.json"):
        read_profiles(storage)


@pytest.mark.skipif(not hasattr(os, "chown") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("which", ["file", "folder"])
def test_file_of_another_user_is_refused(which: str, storage: Path) -> None:
    path = write_profiles(storage, {"a": {"hub_url": "https://theirs.test"}})
    os.chown(path if which == "file" else storage, 12345, -1)
    with pytest.raises(ValueError, match="it belongs to another user"):
        read_profile(storage, "a")


def test_unknown_profile_names_the_known_ones(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch)
    monkeypatch.setenv("BITFOUNT_PROFILE", "ward-8")
    for start in (BitfountSession, lambda: BitfountHub.from_env(BitfountSession(KEYS))):
        with pytest.raises(ValueError, match=r"the profile 'ward-8', .*: it has other, ward-7$"):
            start()
    (storage / "profiles.json").unlink()
    with pytest.raises(ValueError, match="there are none yet"):
        BitfountSession()


def test_profile_selects_services_and_the_user(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch, environment="staging", username="bob", hub_url="https://hub.test/")
    session = BitfountSession()
    assert isinstance(session.authentication_handler, DeviceCodeFlowHandler)
    assert session.username == "bob"
    assert session.user_storage_path == storage / "bob"
    assert "auth.staging.bitfount.com" in repr(session.authentication_handler)
    for hub in (BitfountHub.from_env(session), AsyncBitfountHub.from_env(session)):
        assert hub.url == "https://hub.test"
    assert BitfountAM(session).url == "https://am.hub.staging.bitfount.com"
    assert BitfountHub(session).url == config.PRODUCTION_HUB_URL


def test_profile_names_the_owner_of_api_keys(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch, username="bob")
    monkeypatch.setenv("BITFOUNT_API_KEY_ID", "id")
    monkeypatch.setenv("BITFOUNT_API_KEY", "key")
    assert default_handler().username == "bob"
    monkeypatch.setenv("BITFOUNT_USERNAME", "carol")
    assert default_handler().username == "carol"


def test_variables_take_precedence_over_the_profile(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch, environment="staging", auth_domain="auth.test")
    assert config.overridden() == []
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", "staging")
    assert config.overridden() == []
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", "dev")
    monkeypatch.setenv("BITFOUNT_HUB_URL", "https://hub.test")
    assert config.overridden() == ["BITFOUNT_ENVIRONMENT", "BITFOUNT_HUB_URL"]
    session = BitfountSession()
    assert BitfountHub.from_env(session).url == "https://hub.test"
    assert BitfountAM(session).url == "http://localhost:3001"
    assert "auth.test" in repr(session.authentication_handler)
    # Owners of API keys are no users who log in.
    monkeypatch.setenv("BITFOUNT_USERNAME", "carol")
    assert session.user_storage_path == storage / "_default"


def test_profile_selects_the_store_of_logins(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch, token_store="keyring")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ValueError, match=r"^token_store of the profile ward-7 is 'keyring', but"):
        BitfountSession()
    monkeypatch.setenv("BITFOUNT_TOKEN_STORE", "file")
    BitfountSession()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("environment", "prod"),
        ("hub_url", "hub.test"),
        ("hub_url", "http://hub.test"),
        ("auth_domain", "http://auth.test"),
    ],
)
def test_invalid_setting_names_the_profile(
    setting: str, value: str, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(storage, monkeypatch, **{setting: value})
    with pytest.raises(ValueError, match=f"^{setting} of the profile ward-7"):
        BitfountHub.from_env(BitfountSession())


def test_profile_is_read_at_each_use(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(storage, monkeypatch, environment="staging")
    assert config.environment().name == "staging"
    (storage / "profiles.json").write_text(json.dumps({"ward-7": {}}), encoding="utf-8")
    assert config.environment().name == "production"
