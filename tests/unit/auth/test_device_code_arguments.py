"""The arguments of the device-code handler, and the secrets that it does not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bitfount_api import (
    AuthenticatedUserError,
    DeviceCodeFlowHandler,
)
from bitfount_api.auth.token_store import Issuer

# --- Arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth_domain", "url", "kept"),
    [
        ("auth.test", "https://auth.test", "auth.test"),
        ("AUTH.test", "https://auth.test", "auth.test"),
        ("auth.test:8443", "https://auth.test:8443", "auth.test:8443"),
        ("https://auth.test", "https://auth.test", "auth.test"),
        ("https://auth.test/", "https://auth.test", "auth.test"),
        ("http://localhost:8080", "http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_authority_is_a_domain_or_local(
    tmp_path: Path, auth_domain: str, url: str, kept: str
) -> None:
    handler = DeviceCodeFlowHandler(auth_domain, storage_path=tmp_path)
    assert handler._authority.url == url
    assert handler._authority.issuer.auth_domain == kept


@pytest.mark.parametrize(
    "auth_domain",
    [
        "http://auth.test", "http://localhost.evil.test", "http://127.0.0.1.evil.test",
        "http://127.0.0.2", "http://localhost@evil.test", "http://evil.test#localhost",
        "http://evil.test\\@localhost", "auth.test/path", "auth.test?x", "auth.test#x",
        "user@auth.test", "user:pw@auth.test", "ftp://auth.test", "file:///etc", "https://", "://",
        "auth.test\n", " auth.test", "auth test", "auth.test\\x", "auth.test:x", "http://0x7f.1",
        7, b"auth.test", ["auth.test"],
    ],
)  # fmt: skip
def test_other_authority_is_rejected(tmp_path: Path, auth_domain: Any) -> None:
    with pytest.raises(ValueError, match="auth_domain"):
        DeviceCodeFlowHandler(auth_domain, storage_path=tmp_path)


@pytest.mark.parametrize("argument", ["client_id", "scopes", "audience"])
@pytest.mark.parametrize("value", [" ", 7, ["openid"]])
def test_arguments_must_be_strings(tmp_path: Path, argument: str, value: Any) -> None:
    with pytest.raises(ValueError, match=argument):
        DeviceCodeFlowHandler(**{argument: value, "storage_path": tmp_path})


@pytest.mark.parametrize("username", ["", "../bob", "Alice", 7])
def test_invalid_user_name_is_rejected(tmp_path: Path, username: Any) -> None:
    with pytest.raises(ValueError, match="user name"):
        DeviceCodeFlowHandler(username=username, storage_path=tmp_path)


@pytest.mark.parametrize(
    ("environment", "domain", "client_id"),
    [
        ("", "auth.bitfount.com", "8iCJ33Kp6hc9ofrXTzr5GLxMRHWrlzZO"),
        ("staging", "auth.staging.bitfount.com", "Wk4XZHDKfY8F3OYcKdagIHETt6JYwX08"),
        ("dev", "auth.sandbox.bitfount.com", "nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB"),
        ("sandbox", "auth.sandbox.bitfount.com", "nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB"),
    ],
)
def test_defaults_come_from_the_environment(
    tmp_path: Path,
    environment: str,
    domain: str,
    client_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BITFOUNT_ENVIRONMENT", environment)
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(tmp_path / "kept"))
    handler = DeviceCodeFlowHandler()
    assert handler._authority.issuer == Issuer(
        domain, client_id, "profile openid offline_access", "https://hub.bitfount.com/api"
    )
    assert handler._file.path == tmp_path / "kept/_default/.token"
    assert not (tmp_path / "kept").exists()  # the folder is created only when it is needed


def test_storage_path_may_start_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    handler = DeviceCodeFlowHandler(storage_path="~/kept", username="alice")
    assert handler._file.path == tmp_path / "kept/alice/.token"


def test_default_user_of_the_official_sdk_is_no_user_name() -> None:
    handler = DeviceCodeFlowHandler(username="_default")
    with pytest.raises(AuthenticatedUserError, match="not known before the login"):
        _ = handler.username
