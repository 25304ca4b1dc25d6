"""The doctor finds what is wrong, says what to do, and shows no secret."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import certifi
import pytest
from cli.console import Console
from cli.doctoring import findings, problems
from support.rsa_keys import private_key

from bitfount_api import keys as rsa
from bitfount_api.cli.checks import versions


def test_doctor_without_problems_exits_with_zero(console: Console) -> None:
    found = findings(console, code=0)
    assert {finding["area"] for finding in found} == {
        "Versions",
        "Settings",
        "Credentials",
        "Network",
        "Clock",
    }
    assert sum("answers in" in finding["text"] for finding in found) == 4
    assert any("accepts the credentials of alice" in finding["text"] for finding in found)
    assert "Versions" in console.ok("doctor").out


def test_offline_sends_nothing(console: Console) -> None:
    findings(console, "--offline", code=0)
    assert not console.sandbox.requests


def test_doctor_shows_no_secret(console: Console) -> None:
    console.environment |= {
        "BITFOUNT_API_KEY": "planted-key:planted-am",
        "BITFOUNT_API_KEY_ID": "planted-id:planted-am-id",
        "BITFOUNT_KEY_PASSWORD": "planted-password",
        "HTTPS_PROXY": "http://planted-user:planted-pw@proxy.invalid:1",
        "NO_PROXY": "localhost,127.0.0.1",
    }
    for options in ([], ["--json"], ["--debug"]):
        outcome = console.run("doctor", *options)
        assert outcome.code == 1
        assert "planted" not in outcome.out + outcome.err
        assert "proxy.invalid:1" in outcome.out


@pytest.mark.parametrize("mark", ["#", "/", "?", "@", "#a/b?c@"])
@pytest.mark.parametrize("start", ["http://", "socks5://", ""])
def test_doctor_shows_no_password_of_a_proxy(console: Console, mark: str, start: str) -> None:
    proxy = f"{start}planted-user:planted{mark}planted@proxy.invalid:1"
    console.environment |= {"HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "NO_PROXY": "127.0.0.1"}
    for options in ([], ["--json"], ["--debug"]):
        outcome = console.run("--hub-url", "https://hub.invalid", "doctor", *options)
        assert "planted" not in outcome.out + outcome.err
        assert "proxy.invalid:1" in outcome.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BITFOUNT_WEB_MAX_RETRIES", "many"),
        ("SMART_ON_FHIR_API_TIMEOUT", "-1"),
        ("SMART_ON_FHIR_URL", "ehr"),
        ("BITFOUNT_HUB_URL", "hub"),
        ("BITFOUNT_TOKEN_STORE", "vault"),
        ("BITFOUNT_ACCESS_MANAGER_URL", "https://am.test?x"),
        ("BITFOUNT_AUTH_DOMAIN", "http://auth.test"),
        ("BITFOUNT_ENVIRONMENT", "prod"),
        ("BITFOUNT_LOG", "loud"),
        ("SSL_CERT_FILE", "/no/such/file"),
    ],
)
def test_invalid_setting_is_reported(console: Console, name: str, value: str) -> None:
    console.environment[name] = value
    reported = problems(console, "--offline")
    assert f"{name} is " in reported or f"{name}: " in reported
    assert f"correct {name}" in reported


def test_invalid_log_level_hides_no_other_finding(console: Console) -> None:
    console.environment |= {"BITFOUNT_LOG": "loud", "HTTPS_PROXY": "http://proxy.test:8080"}
    reported = [found["text"] for found in findings(console, "--offline", code=1)]
    assert "HTTPS_PROXY is http://proxy.test:8080" in reported
    assert "BITFOUNT_LOG is 'loud'; set it to debug, info or warning" in reported


def test_option_that_cannot_be_used_is_named(console: Console) -> None:
    reported = problems(console, "--ca", "/no/such/file")
    assert "--ca: there is no file or folder /no/such/file. -> correct it" in reported


def test_only_one_authority_setting_applies(console: Console) -> None:
    console.environment |= {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": "/no/such/folder"}
    reported = [found["text"] for found in findings(console, "--offline", code=0)]
    assert f"SSL_CERT_FILE is {certifi.where()}: only the CAs in it are trusted" in reported
    assert (
        "SSL_CERT_DIR is /no/such/folder, but ignored: SSL_CERT_FILE takes precedence" in reported
    )


@pytest.fixture
def folders(console: Console, tmp_path: Path) -> dict[str, str]:
    """Folders of certificates: hashed, not hashed, missing; and files."""
    authority = Path(certifi.where()).read_bytes()
    paths = {name: tmp_path / name for name in ("hashed", "plain", "missing", "pem", "broken")}
    for name in ("hashed", "plain"):
        paths[name].mkdir()
    (paths["hashed"] / "0a1b2c3d.0").write_bytes(authority)
    (paths["plain"] / "ca.pem").write_bytes(authority)
    paths["pem"].write_bytes(authority)
    paths["broken"].write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        console.environment[name] = ""
    return {name: str(path) for name, path in paths.items()}


@pytest.mark.parametrize(
    ("name", "parts", "ignored"),
    [
        ("SSL_CERT_DIR", ["hashed", "missing"], ["missing"]),
        ("SSL_CERT_DIR", ["missing", "hashed"], ["missing"]),
        ("SSL_CERT_DIR", ["hashed"], []),
        ("SSL_CERT_FILE", ["pem"], []),
        ("REQUESTS_CA_BUNDLE", ["pem"], []),
        ("REQUESTS_CA_BUNDLE", ["hashed"], []),
        ("CURL_CA_BUNDLE", ["pem"], []),
    ],
)
def test_usable_certificates_are_no_problem(
    console: Console, folders: dict[str, str], name: str, parts: list[str], ignored: list[str]
) -> None:
    value = os.pathsep.join(folders[part] for part in parts)
    console.environment[name] = value
    texts = [found["text"] for found in findings(console, "--offline", code=0)]
    assert f"{name} is {value}: only the CAs in it are trusted" in texts
    assert [text for text in texts if "ignored" in text] == [
        f"{name}: {folders[part]} does not exist, and is ignored" for part in ignored
    ]


@pytest.mark.parametrize(
    ("name", "parts", "reason"),
    [
        ("SSL_CERT_DIR", ["missing"], "no file or folder"),
        ("SSL_CERT_DIR", ["missing", "missing"], "none of its folders exists"),
        ("SSL_CERT_DIR", ["plain"], "openssl rehash"),
        ("SSL_CERT_FILE", ["plain"], "openssl rehash"),
        ("SSL_CERT_FILE", ["broken"], "no valid PEM certificates"),
        ("SSL_CERT_FILE", ["hashed", "pem"], "no file or folder"),
        ("REQUESTS_CA_BUNDLE", ["plain"], "openssl rehash"),
        ("CURL_CA_BUNDLE", ["missing"], "no file or folder"),
    ],
)
def test_unusable_certificates_are_reported(
    console: Console, folders: dict[str, str], name: str, parts: list[str], reason: str
) -> None:
    console.environment[name] = os.pathsep.join(folders[part] for part in parts)
    console.options = [*console.services, "--hub-url", "https://127.0.0.1:9"]
    reported = problems(console, "--offline")
    assert name in reported
    assert reason in reported
    assert f"correct {name}" in reported
    everything = problems(console)
    assert "firewall" not in everything
    assert reason in everything.partition("the Hub (")[2]


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_pem_text_in_a_certificate_variable_is_not_shown(
    console: Console, folders: dict[str, str], name: str
) -> None:
    text = "-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n"
    console.environment |= {"SSL_CERT_FILE": folders["pem"], name: text}
    for options in (["--json"], ["--debug"], []):
        outcome = console.run("doctor", "--offline", *options)
        assert outcome.code == 1
        assert f"{name} contains text" in outcome.out
        assert "planted" not in outcome.out + outcome.err


def test_list_of_nothing_names_no_certificates(console: Console, folders: dict[str, str]) -> None:
    console.environment["SSL_CERT_DIR"] = os.pathsep * 3
    console.environment["CURL_CA_BUNDLE"] = folders["pem"]
    texts = [found["text"] for found in findings(console, "--offline", code=0)]
    assert not any("SSL_CERT_DIR" in text for text in texts)
    assert any(text.startswith("CURL_CA_BUNDLE is") and "only" in text for text in texts)


KEY = rsa.serialize_private_key(private_key())
KEYS = {
    "PEM": KEY,
    "one line": KEY.replace("\n", "\\n"),
    "base64": "".join(KEY.splitlines()[1:-1]),
    "beginning": KEY.splitlines()[1][:20],
    "SSH": rsa.serialize_public_key(private_key().public_key(), "SSH"),
}


@pytest.mark.parametrize("text", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(
    "name",
    [
        *("BITFOUNT_STORAGE_PATH", "BITFOUNT_USERNAME", "BITFOUNT_ENVIRONMENT"),
        *("BITFOUNT_HUB_URL", "BITFOUNT_ACCESS_MANAGER_URL", "BITFOUNT_AUTH_DOMAIN"),
        *("BITFOUNT_PROFILE", "BITFOUNT_TOKEN_STORE"),
        *("BITFOUNT_WEB_MAX_RETRIES", "SMART_ON_FHIR_URL", "SMART_ON_FHIR_RESOURCE_SERVER_URL"),
        *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    ],
)
def test_key_in_a_variable_is_not_shown(console: Console, name: str, text: str) -> None:
    folder = console.folder
    for value in (text, f"{folder}{os.pathsep}{text}") if name == "SSL_CERT_DIR" else (text,):
        console.environment[name] = value
        for options in ([], ["--offline", "--json"]):
            outcome = console.run("doctor", *options)
            output = "".join((outcome.out + outcome.err).split())
            for at in range(0, len(text) - 15, 10):
                assert "".join(text[at : at + 15].split()) not in output
            assert f"{name}containstext" in output
    assert not list(folder.rglob("*token*"))


def test_query_of_a_url_without_a_scheme_is_not_shown(console: Console) -> None:
    for url in ("ehr.test/fhir?planted", "https://ehr.test/fhir#planted", "/fhir?token=planted"):
        console.environment["SMART_ON_FHIR_RESOURCE_SERVER_URL"] = url
        outcome = console.run("doctor", "--offline")
        assert "planted" not in outcome.out + outcome.err
        assert "/fhir" in outcome.out


def test_misspelt_setting_is_reported(console: Console) -> None:
    console.environment["BITFOUNT_APIKEY"] = "planted"
    (found,) = [f for f in findings(console, "--offline", code=0) if f["level"] == "warning"]
    assert "BITFOUNT_API_KEY" in found["advice"]


def test_missing_credentials_are_reported(console: Console) -> None:
    console.be(None)
    assert "bitfount-api login" in problems(console, "--offline")
    console.environment["BITFOUNT_API_KEY"] = "k"
    assert "BITFOUNT_API_KEY_ID" in problems(console, "--offline")
    console.environment["BITFOUNT_API_KEY_ID"] = "i"
    assert "set BITFOUNT_USERNAME" in problems(console, "--offline")


def test_rejected_credentials_are_reported(console: Console) -> None:
    console.environment["BITFOUNT_API_KEY"] = "other:other"
    assert "does not accept the credentials" in problems(console)


def test_failed_check_is_reported_as_a_problem(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise KeyError("planted")

    monkeypatch.setattr(versions, "check", broken)
    reported = problems(console, "--offline")
    assert "KeyError" in reported
    assert "planted" not in reported


def test_missing_or_incompatible_packages_are_reported(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"bitfount-api": "0.0.1", "bitfount": "5.3.0"}
    monkeypatch.setattr(versions, "_version", there.get)
    reported = findings(console, "--offline", code=1)
    texts = [finding["text"] for finding in reported]
    assert "httpx is not installed" in texts
    assert "the installed package has version 0.0.1" in texts
    assert any("bitfount 5.3.0" in text for text in texts)
    assert "the sandbox is not installed" in texts


# --- Files on disk -------------------------------------------------------------------------------


def write_token(console: Console, storage: Path, **changes: Any) -> Path:
    from bitfount_api import config

    grant = console.sandbox.state.tokens._grant("alice", "c", "openid", "a", "family")
    document = {
        "access_token": grant["access_token"],
        "id_token": grant["id_token"],
        "refresh_token": None,
        "access_token_expires_at": time.time() + 3600,
        "auth_domain": console.sandbox.hub_url,
        "client_id": config.environment().client_id,
        "scopes": config.OAUTH_SCOPES,
        "audience": config.OAUTH_AUDIENCE,
        **changes,
    }
    folder = storage / "_default"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    path = folder / ".token"
    path.write_text(json.dumps(document), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def storage(console: Console, tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir(mode=0o700)
    console.environment["BITFOUNT_STORAGE_PATH"] = str(folder)
    console.be(None)
    return folder


def test_stored_login_is_reported(console: Console, storage: Path) -> None:
    write_token(console, storage)
    texts = [finding["text"] for finding in findings(console, code=0)]
    assert any("logged in as alice" in text for text in texts)
    assert any("accepts the credentials of alice" in text for text in texts)


def test_expired_login_is_reported(console: Console, storage: Path) -> None:
    write_token(console, storage, access_token_expires_at=1)
    assert "has expired" in problems(console, "--offline")
    write_token(console, storage, access_token_expires_at=1, refresh_token="r")
    findings(console, "--offline", code=0)


@pytest.mark.parametrize("changes", [{"auth_domain": "other"}, {"access_token": 3}])
def test_unusable_login_is_reported(
    console: Console, storage: Path, changes: dict[str, Any]
) -> None:
    write_token(console, storage, **changes)
    assert "can be used" in problems(console, "--offline")


@pytest.mark.skipif(os.name == "nt", reason="modes are another matter on Windows")
def test_folder_without_secrets_is_not_mentioned(console: Console, storage: Path) -> None:
    console.be("alice")
    storage.chmod(0o755)
    (storage / "schemas").mkdir()
    (storage / "schemas" / "scans.yaml").write_text("features: []\n", encoding="utf-8")
    found = findings(console, "--offline", code=0)
    (only,) = (finding["text"] for finding in found if str(storage) in finding["text"])
    assert only == f"BITFOUNT_STORAGE_PATH is {storage}"


@pytest.mark.skipif(os.name == "nt", reason="modes are another matter on Windows")
def test_secrets_readable_by_others_are_reported(console: Console, storage: Path) -> None:
    token = write_token(console, storage)
    key = storage / "alice" / "signing.pem"
    key.parent.mkdir()
    key.write_text("-----BEGIN PRIVATE KEY-----\n", encoding="ascii")
    key.chmod(0o640)
    token.chmod(0o644)
    storage.chmod(0o755)
    reported = problems(console, "--offline")
    for path, mode, wanted in (
        (token, "0644", "600"),
        (key, "0640", "600"),
        (storage, "0755", "700"),
    ):
        assert f"(mode {mode})" in reported
        assert f"chmod {wanted} '{path}'" in reported
    for path in (token, key):
        path.chmod(0o600)
    storage.chmod(0o700)
    found = findings(console, "--offline", code=0)
    assert any("no other user can read" in finding["text"] for finding in found)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the modes and the contents of all files and folders."""
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.skipif(os.name == "nt", reason="modes are another matter on Windows")
@pytest.mark.parametrize("left", [3600, 30, -60], ids=["valid", "nearly expired", "expired"])
@pytest.mark.parametrize("options", [(), ("--offline",)], ids=["online", "offline"])
def test_doctor_changes_nothing(
    console: Console, storage: Path, left: float, options: tuple[str, ...]
) -> None:
    login = {"access_token_expires_at": time.time() + left, "refresh_token": "r"}
    token = write_token(console, storage, **login)
    for path, mode in ((token, 0o644), (token.parent, 0o755), (storage, 0o755)):
        path.chmod(mode)
    before = snapshot(storage)
    for _ in range(2):
        outcome = console.run("doctor", *options)
        assert "can access" in outcome.out
        assert "from now on" not in outcome.out + outcome.err
    assert snapshot(storage) == before
    used = [each for each in console.sandbox.requests if "oauth" in str(each)]
    assert used == []


def test_login_that_the_hub_refuses_is_reported(console: Console, storage: Path) -> None:
    write_token(console, storage, access_token="refused")
    assert "does not accept the credentials" in problems(console)


@pytest.mark.skipif(os.name == "nt", reason="modes are another matter on Windows")
def test_unreadable_secrets_and_links_are_reported(console: Console, storage: Path) -> None:
    token = write_token(console, storage)
    token.chmod(0o200)
    assert "cannot read" in problems(console, "--offline")
    token.unlink()
    token.symlink_to(storage / "elsewhere")
    outcome = console.run("doctor", "--offline", "--json")
    assert any("is a link" in finding["text"] for finding in outcome.json["findings"])


def test_login_without_a_user_name_is_reported(console: Console, storage: Path) -> None:
    write_token(console, storage, id_token="planted")
    reported = problems(console, "--offline")
    assert "bitfount-api login" in reported
    assert "planted" not in reported


def test_login_next_to_api_keys_is_reported(console: Console, storage: Path) -> None:
    console.be("bob")
    write_token(console, storage)
    texts = [finding["text"] for finding in findings(console, "--offline", code=0)]
    assert "the API keys take precedence over the login" in texts
    write_token(console, storage, auth_domain="other")
    findings(console, "--offline", code=0)


def test_api_key_invalid_in_a_header_is_reported(console: Console) -> None:
    console.environment["BITFOUNT_API_KEY"] = "planted one"
    reported = problems(console, "--offline")
    assert "BITFOUNT_API_KEY contains a character" in reported
    assert "planted" not in reported
