"""Login, logout, and whoami."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.console import REPOSITORY, Console, Outcome
from support import fake_keyring

from bitfount_api.sandbox import Sandbox
from bitfount_api.sandbox.state.tokens import Lifetimes


@pytest.fixture(scope="module")
def _quick_sandbox() -> Iterator[Sandbox]:
    with Sandbox(lifetimes=Lifetimes(interval=0.2)) as sandbox:
        yield sandbox


@pytest.fixture
def logged_out(_quick_sandbox: Sandbox, console: Console, tmp_path: Path) -> Console:
    """A console without credentials."""
    storage = {"BITFOUNT_STORAGE_PATH": str(tmp_path / "storage")}
    return Console(_quick_sandbox, console.folder, storage)


def log_in(console: Console, *options: str, username: str | None = "alice") -> Outcome:
    """Log in, with a user at a browser who approves, or denies if there is no name."""
    words = ("--json", *options) if "login" in options else ("login", "--no-browser", *options)
    with console.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = b""
        while not (code := re.search(rb"[A-Z]{4}-[A-Z]{4}", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        if username is None:
            assert console.sandbox.deny(code[0].decode())
        else:
            assert console.sandbox.approve(code[0].decode(), username)
        out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out.decode(), (said + err).decode())


def token_path(console: Console) -> Path:
    return Path(console.environment["BITFOUNT_STORAGE_PATH"], "_default", ".token")


def test_login_is_stored_until_logout(logged_out: Console) -> None:
    outcome = log_in(logged_out, "--json")
    assert outcome.code == 0, outcome
    assert outcome.json["username"] == "alice"
    assert "open http://" in outcome.err

    assert stat.S_IMODE(os.stat(token_path(logged_out)).st_mode) == 0o600
    me = logged_out.json("whoami")
    assert (me["username"], me["credentials"], me["checked"]) == ("alice", "login", True)
    assert logged_out.json("whoami", "--offline")["username"] == "alice"
    assert "alice" in logged_out.ok("whoami").out

    again = logged_out.ok("login")  # no approval is needed
    assert (again.err, "alice" in again.out) == ("", True)

    assert logged_out.json("logout") == {"loggedOut": True}
    assert not token_path(logged_out).exists()
    assert logged_out.run("whoami").code == 3
    assert "not logged in" in logged_out.ok("logout").err


def test_logout_keeps_the_login_for_another_server(logged_out: Console) -> None:
    assert log_in(logged_out).code == 0
    before = token_path(logged_out).read_bytes()
    outcome = logged_out.ok("logout", "--auth-domain", "auth.other.test", "--json")
    assert outcome.json == {"loggedOut": False}
    warning = json.loads(outcome.err)["warning"]["message"]
    assert f"{token_path(logged_out)} is kept" in warning
    assert f"give --auth-domain {logged_out.sandbox.hub_url}." in warning
    assert token_path(logged_out).read_bytes() == before
    assert logged_out.json("logout") == {"loggedOut": True}


def test_logout_removes_the_copy_of_a_killed_write(logged_out: Console) -> None:
    path = token_path(logged_out)
    for _ in range(2):  # with a login, and without
        path.parent.mkdir(parents=True, exist_ok=True)
        copy = path.with_name(f"..token.{'0f' * 8}")
        copy.write_text('{"refresh_token": "r"}', encoding="ascii")
        logged_out.ok("logout")
        assert not copy.exists()


def test_login_shows_no_secret(logged_out: Console) -> None:
    outcome = log_in(logged_out, "--debug")
    kept = token_path(logged_out).read_text(encoding="utf-8")
    secrets = re.findall(r"[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*", kept)
    assert len(secrets) >= 3
    said = outcome.out + outcome.err + logged_out.ok("whoami", "--debug").err
    assert not [secret for secret in secrets if secret[-20:] in said and secret not in KNOWN]
    logged_out.ok("logout")


KNOWN = {"8iCJ33Kp6hc9ofrXTzr5GLxMRHWrlzZO"}  # the client id is public


@pytest.mark.slow
def test_denied_login_keeps_the_previous_login(logged_out: Console) -> None:
    assert log_in(logged_out).code == 0
    kept = token_path(logged_out).read_bytes()
    outcome = log_in(logged_out, "--force", username=None)
    assert (outcome.code, outcome.out) == (3, "")
    assert "denied" in outcome.err
    assert token_path(logged_out).read_bytes() == kept
    assert log_in(logged_out, "--force", username="bob").code == 0
    assert logged_out.json("whoami")["username"] == "bob"
    logged_out.ok("logout")


def test_commands_never_start_a_login_by_themselves(logged_out: Console) -> None:
    seen = len(logged_out.sandbox.requests)
    outcome = logged_out.run("whoami")
    assert (outcome.code, outcome.out) == (3, "")
    assert "bitfount-api login" in outcome.err
    assert outcome.err.count("\n") == 1
    assert len(logged_out.sandbox.requests) == seen


def test_revoked_login_asks_for_a_new_one(logged_out: Console) -> None:
    assert log_in(logged_out).code == 0
    text = token_path(logged_out).read_text(encoding="utf-8")
    expired = re.sub(r'"access_token_expires_at": [0-9.]+', '"access_token_expires_at": 1.0', text)
    token_path(logged_out).write_text(expired, encoding="utf-8")
    logged_out.sandbox.state.tokens.revoke()
    outcome = logged_out.run("whoami")
    assert (outcome.code, outcome.out) == (3, "")
    assert "bitfount-api login" in outcome.err
    logged_out.ok("logout")


def test_api_keys_determine_the_user(console: Console) -> None:
    me = console.json("whoami")
    assert (me["username"], me["credentials"]) == ("alice", "API keys")
    assert me["hubUrl"] == console.sandbox.hub_url
    assert me["environment"] == "production"


def test_rejected_api_keys_are_reported(console: Console) -> None:
    console.environment["BITFOUNT_API_KEY"] = "planted-key:planted-am"
    outcome = console.run("--debug", "whoami")
    assert (outcome.code, outcome.out) == (3, "")
    assert "planted" not in outcome.err
    assert console.run("whoami", "--offline").code == 0


def test_api_keys_without_a_user_name_are_reported(console: Console) -> None:
    del console.environment["BITFOUNT_USERNAME"]
    outcome = console.run("whoami")
    assert outcome.code == 3
    assert "BITFOUNT_USERNAME" in outcome.err
    assert console.json("--username", "alice", "whoami")["username"] == "alice"


def test_incomplete_api_key_is_reported(console: Console) -> None:
    del console.environment["BITFOUNT_API_KEY_ID"]
    outcome = console.run("whoami")
    assert (outcome.code, outcome.out) == (3, "")
    assert "BITFOUNT_API_KEY_ID" in outcome.err
    assert "set both" in console.run("doctor", "--offline").out
    console.run("logout")


def test_unusable_login_is_replaced(logged_out: Console) -> None:
    path = token_path(logged_out)
    path.parent.mkdir(parents=True)
    path.write_text("no token", encoding="utf-8")
    assert logged_out.run("whoami").code == 3
    path.unlink()
    path.symlink_to(logged_out.folder / "elsewhere")
    assert log_in(logged_out, "--force").code == 0
    assert not path.is_symlink()
    logged_out.ok("logout")


def test_login_next_to_api_keys_warns(console: Console) -> None:
    assert "take precedence over a login" in console.ok("logout").err


@pytest.mark.slow
def test_login_can_be_kept_with_the_keyring(logged_out: Console, tmp_path: Path) -> None:
    passwords = fake_keyring.install(tmp_path / "installed")
    logged_out.environment |= {
        "BITFOUNT_TOKEN_STORE": "keyring",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(passwords.parent)]),
    }
    assert log_in(logged_out, "--json").code == 0
    file = token_path(logged_out).with_name(".token.encrypted")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not token_path(logged_out).exists()
    for line in file.parent.iterdir():
        assert b"access_token" not in line.read_bytes()
    outcome = logged_out.spawn("whoami", "--json")
    assert (outcome.json["credentials"], outcome.json["checked"]) == ("login", True)
    report = logged_out.spawn("doctor", "--offline")
    assert "logged in as alice" in report.out
    passwords.with_name("locked").touch()
    outcome = logged_out.spawn("whoami")
    assert outcome.code == 3
    assert "unlock the keyring" in outcome.err
    stored = file.read_bytes()
    outcome = logged_out.spawn("login", "--force", "--no-browser")  # asks nobody to confirm a code
    assert outcome.code == 6
    assert outcome.err == (
        "Error: The login could not be stored: the keyring cannot be used (it is locked). "
        "Unlock the keyring, or set BITFOUNT_TOKEN_STORE to 'file'.\n"
    )
    assert "s3cret" not in outcome.err
    assert file.read_bytes() == stored
    passwords.with_name("locked").unlink()
    assert logged_out.spawn("logout", "--json").json == {"loggedOut": True}
    assert not file.exists()
    assert ".token" not in passwords.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("store", ["file", "keyring"])
def test_logout_removes_plain_and_encrypted_logins(
    logged_out: Console, tmp_path: Path, store: str
) -> None:
    passwords = fake_keyring.install(tmp_path / "installed")
    path = os.pathsep.join([str(REPOSITORY), str(passwords.parent)])
    logged_out.environment["PYTHONPATH"] = path
    for each in ("file", "keyring"):
        logged_out.environment["BITFOUNT_TOKEN_STORE"] = each
        assert log_in(logged_out).code == 0
    logged_out.environment["BITFOUNT_TOKEN_STORE"] = store
    outcome = logged_out.spawn("logout")
    for file in (token_path(logged_out), token_path(logged_out).with_name(".token.encrypted")):
        assert str(file) in outcome.out
        assert not file.exists()
    assert ".token" not in passwords.read_text(encoding="utf-8")
    assert logged_out.spawn("logout", "--json").json == {"loggedOut": False}


def test_login_that_could_not_be_stored_asks_nobody(logged_out: Console, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    logged_out.environment["BITFOUNT_STORAGE_PATH"] = str(blocked / "storage")
    outcome = logged_out.spawn("login", "--no-browser")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err == (
        f"Error: The login could not be stored in {blocked / 'storage' / '_default'}: "
        "Not a directory. Set BITFOUNT_STORAGE_PATH to a folder that you can write to.\n"
    )


@pytest.mark.slow
def test_missing_keyring_is_reported(logged_out: Console, tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "keyring.py"
    missing.parent.mkdir()
    missing.write_text("raise ModuleNotFoundError(__name__)", encoding="utf-8")
    logged_out.environment |= {
        "BITFOUNT_TOKEN_STORE": "keyring",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(missing.parent)]),
    }
    for command in ("login", "whoami", "logout"):
        outcome = logged_out.spawn(command)
        assert (outcome.code, outcome.out) == (6, "")
        assert "BITFOUNT_TOKEN_STORE is 'keyring', but the package keyring" in outcome.err
        assert "pip install keyring" in outcome.err
    assert "pip install keyring" in logged_out.spawn("doctor", "--offline").out
