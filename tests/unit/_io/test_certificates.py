"""The trusted certificates come from the environment or the caller, and are loaded once."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import pytest
from support.rsa_keys import DATA, key_pair

from bitfount_api import APIKeysHandler, BitfountSession
from bitfount_api._io.certificates import Trust
from bitfount_api._io.settings import check_trust
from bitfount_api.keys import serialize_private_key

AUTHORITY = (DATA / "test-authority.pem").read_bytes()
VARIABLES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def bundle(folder: Path, name: str) -> str:
    """Write a file with one CA, and return its path."""
    (folder / name).write_bytes(AUTHORITY)
    return str(folder / name)


def hashed(folder: Path, name: str) -> str:
    """Make a folder as by `openssl rehash`, and return its path."""
    (folder / name).mkdir()
    (folder / name / "0a1b2c3d.0").write_bytes(AUTHORITY)
    return str(folder / name)


def trusted(*paths: str) -> ssl.SSLContext:
    return Trust.in_paths(list(paths), "verify").context()


# --- Where they come from ------------------------------------------------------------------------


def test_first_variable_that_is_set_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {name: bundle(tmp_path, f"{name}.pem") for name in VARIABLES}
    paths["SSL_CERT_DIR"] = hashed(tmp_path, "folder")
    for name, path in paths.items():
        monkeypatch.setenv(name, path)
    used = []
    for name in VARIABLES:
        used.append(Trust("default").context() is trusted(paths[name]))
        if len(used) % 2:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, "")
    assert used == [True] * 4
    assert len({id(trusted(path)) for path in paths.values()}) == 4


def test_certificates_of_certifi_are_the_default() -> None:
    context = Trust("default").context()
    expected = ssl.create_default_context(cafile=certifi.where())
    assert len(context.get_ca_certs()) == len(expected.get_ca_certs()) > 50
    assert Trust("default").context() is context


def test_variable_that_is_set_later_is_used_by_new_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bundle(tmp_path, "a.pem"), bundle(tmp_path, "b.pem")
    trust = check_trust(True)
    assert isinstance(trust, Trust)
    for path in (first, second, first):
        monkeypatch.setenv("SSL_CERT_FILE", path)
        assert trust.context() is trusted(path)


def test_ssl_cert_dir_may_list_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [hashed(tmp_path, "a"), hashed(tmp_path, "b")]
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join(["", *folders, ""]))
    assert Trust("default").context() is trusted(*folders)


def test_missing_folders_of_a_list_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, missing = hashed(tmp_path, "a"), str(tmp_path / "none")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([missing, folder]))
    assert Trust("default").context() is trusted(folder)
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([missing, missing]))
    with pytest.raises(ValueError, match=r"^SSL_CERT_DIR: none of its folders exists"):
        Trust("default").context()


def test_only_ssl_cert_dir_is_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / f"a{os.pathsep}b"
    folder.mkdir()
    path = bundle(folder, "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", path)
    assert Trust("default").context() is trusted(path)


def test_ssl_cert_dir_of_empty_names_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundle(tmp_path, "ca.pem")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", path)
    assert Trust("default").context() is trusted(path)


def test_certificates_of_the_system_are_loaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL itself reads variables of the environment."""
    trust = check_trust("system")
    assert isinstance(trust, Trust)
    monkeypatch.setenv("SSL_CERT_FILE", bundle(tmp_path, "ca.pem"))
    context = trust.context()
    assert len(context.get_ca_certs()) == 1
    assert trust.context() is context
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert trust.context() is not context
    assert trust.context().get_ca_certs() == []


def test_context_verifies_certificates_and_names(tmp_path: Path) -> None:
    context = trusted(bundle(tmp_path, "ca.pem"))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    (authority,) = context.get_ca_certs()
    assert "nobody's authority" in str(authority["subject"])


# --- Loaded once ---------------------------------------------------------------------------------


def test_same_file_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundle(tmp_path, "ca.pem")
    context = trusted(path)
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: pytest.fail("loaded again"))
    assert trusted(path) is context
    monkeypatch.setenv("CURL_CA_BUNDLE", path)
    assert Trust("default").context() is context


@pytest.mark.parametrize("by_variable", [False, True])
def test_file_that_changed_is_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_variable: bool
) -> None:
    path = bundle(tmp_path, "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", path)
    context = trusted(path)
    later = os.stat(path).st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))
    again = Trust("default").context() if by_variable else trusted(path)
    assert again is not context
    assert trusted(path) is again


def test_several_files_are_all_trusted(tmp_path: Path) -> None:
    path, folder = bundle(tmp_path, "ca.pem"), hashed(tmp_path, "folder")
    for paths in ([path, folder], [folder, path]):
        assert len(trusted(*paths).get_ca_certs()) == 1  # those of a folder are read when needed
    assert trusted(path, folder) is not trusted(path)


# --- What cannot be used -------------------------------------------------------------------------


def test_folder_that_is_not_hashed_says_what_to_run(tmp_path: Path) -> None:
    bundle(tmp_path, "ca.pem")
    bundle(tmp_path, "0a1b2c3d.pem")
    with pytest.raises(ValueError, match=r"^verify: the folder .* has no certificates") as caught:
        Trust.in_paths([str(tmp_path)], "verify")
    assert str(caught.value).endswith(f"run: openssl rehash {tmp_path}")


@pytest.mark.parametrize("name", VARIABLES)
def test_missing_file_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "none.pem"
    monkeypatch.setenv(name, str(path))
    with pytest.raises(ValueError, match=f"^{name}: there is no file or folder ") as caught:
        Trust("default").context()
    assert str(path) in str(caught.value)


def test_missing_file_of_the_caller_is_a_file_not_found_error(tmp_path: Path) -> None:
    path = tmp_path / "none.pem"
    with pytest.raises(FileNotFoundError, match=r"^verify: there is no file or folder"):
        Trust.in_paths([str(path)], "verify")
    with pytest.raises(FileNotFoundError, match=r"^verify: there is no file or folder"):
        check_trust(path)


def test_file_that_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = bundle(tmp_path, "ca.pem")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ValueError, match=r"^verify: .*ca\.pem cannot be read: Permission denied"):
        Trust.in_paths([path], "verify")


@pytest.mark.parametrize("content", [b"", b"no certificates", b"\xff\0"])
def test_file_without_certificates_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^verify: .*ca\.pem contains no PEM certificates"):
        Trust.in_paths([str(path)], "verify")


@pytest.mark.parametrize("first", [True, False])
def test_damaged_file_is_refused_each_time(tmp_path: Path, first: bool) -> None:
    path = tmp_path / "damaged.pem"
    path.write_bytes(AUTHORITY[:100])
    paths = [str(path), bundle(tmp_path, "ca.pem")]
    trust = Trust.in_paths(paths if first else paths[::-1], "verify")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"damaged\.pem contains no valid PEM certificates"):
            trust.context()


@pytest.mark.parametrize(
    "varied", [str, lambda text: text.replace("\n", "\\n"), lambda text: text[40:200]]
)
def test_text_of_a_certificate_is_not_quoted(
    varied: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = varied(AUTHORITY.decode())
    with pytest.raises(ValueError, match="verify must be a path, not the text") as caught:
        check_trust(text)
    assert text[50:70] not in str(caught.value)
    monkeypatch.setenv("SSL_CERT_FILE", text)
    with pytest.raises(ValueError, match="SSL_CERT_FILE must be a path") as caught:
        Trust("default").context()
    assert text[50:70] not in str(caught.value)


@pytest.mark.parametrize("value", [1, 7, 2.5, b"bundle.pem", bytearray(b"x"), ["a.pem"], object()])
def test_verify_of_another_type_is_explained(value: Any) -> None:
    with pytest.raises(ValueError, match="verify must be True, 'system', the path of") as caught:
        BitfountSession(APIKeysHandler("i", "k", "alice"), verify=value)
    assert str(caught.value).endswith(f"not {type(value).__name__}")


@pytest.mark.parametrize("value", [0, None, b"", "", []])
def test_certificates_are_verified_whatever_is_false(value: Any) -> None:
    with pytest.raises(ValueError, match="always verified"):
        BitfountSession(APIKeysHandler("i", "k", "alice"), verify=value)


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("private", [False, True], ids=["certificate", "key"])
def test_session_quotes_no_pem_text(kind: Callable[[str], Any], private: bool) -> None:
    text = serialize_private_key(key_pair().private_key) if private else AUTHORITY.decode()
    lines = text.split("\n")
    for given in (
        text,
        "\\n".join(lines),
        f'"{text}"',
        " ".join(lines),
        "".join(lines[1:-2]),
        lines[3],
        text[40:300],
    ):
        with pytest.raises(ValueError, match="verify must be a path, not the text") as caught:
            BitfountSession(APIKeysHandler("i", "k", "alice"), verify=kind(given))
        shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
        assert not any(given[at : at + 16] in shown for at in range(len(given) - 15))
