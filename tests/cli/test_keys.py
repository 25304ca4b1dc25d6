"""Keys: generated, registered, checked, compared."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from cli.console import Console
from support.rsa_keys import key_pair

from bitfount_api import keys as rsa
from bitfount_api.cli import keys as commands


@pytest.fixture
def public_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pub"
    path.write_text(rsa.serialize_public_key(key_pair().public_key, "SSH"), encoding="ascii")
    return path


def test_key_pair_is_generated_registered_and_found(console: Console) -> None:
    made = console.json("keys", "generate", "a.pem", "--bits", 2048)
    private, public = Path(made["privateKey"]), Path(made["publicKey"])
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "PRIVATE" not in public.read_text(encoding="ascii")
    assert rsa.public_keys_equal(
        rsa.load_private_key(private).public_key(), rsa.load_public_key(public)
    )

    registered = console.json("keys", "register", public)
    assert registered["fingerprint"] == made["fingerprint"]
    found = console.json("keys", "check", registered["id"], "--public-key", public)
    assert (found["same"], found["active"]) == (True, True)
    assert found["fingerprint"] == made["fingerprint"]
    console.be("bob")
    assert console.ok("keys", "check", registered["id"], "--owner", "alice")


def test_different_key_is_reported(console: Console, public_file: Path) -> None:
    console.ok("keys", "generate", "a.pem", "--bits", 2048)
    key_id = console.json("keys", "register", "a.pem.pub")["id"]
    outcome = console.run("keys", "check", key_id, "--public-key", public_file)
    assert outcome.code == 1
    assert "Do not trust it" in outcome.err


def test_unknown_key_is_reported(console: Console) -> None:
    outcome = console.run("keys", "check", "4711")
    assert (outcome.code, outcome.out) == (4, "")
    assert "keys register" in outcome.err


def test_existing_keys_are_replaced_only_with_the_option(console: Console) -> None:
    Path("a.pem.pub").write_text("mine", encoding="ascii")
    outcome = console.run("keys", "generate", "a.pem", "--bits", 2048)
    assert outcome.code == 6
    assert "--force" in outcome.err
    assert Path("a.pem.pub").read_text(encoding="ascii") == "mine"
    assert not Path("a.pem").exists()
    console.ok("keys", "generate", "a.pem", "--bits", 2048, "--force")
    assert Path("a.pem.pub").read_text(encoding="ascii") != "mine"


def test_failed_generation_leaves_no_half_pair(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(commands, "atomic_write", full)
    outcome = console.run("keys", "generate", "a.pem", "--bits", 2048)
    assert (outcome.code, outcome.err) == (6, "Error: No space left on device.\n")
    assert os.listdir() == []


def test_key_password_is_read_from_the_environment(console: Console) -> None:
    console.environment["BITFOUNT_KEY_PASSWORD"] = "planted password"
    made = console.json("keys", "generate", "a.pem", "--bits", 2048, "--encrypt")
    assert "ENCRYPTED" in Path("a.pem").read_text(encoding="ascii")
    assert console.json("keys", "fingerprint", "a.pem")["fingerprint"] == made["fingerprint"]
    console.environment["BITFOUNT_KEY_PASSWORD"] = "another planted one"
    outcome = console.run("--debug", "keys", "fingerprint", "a.pem")
    assert outcome.code == 6
    assert "password is wrong" in outcome.err
    assert "planted" not in outcome.err
    del console.environment["BITFOUNT_KEY_PASSWORD"]
    outcome = console.run("keys", "fingerprint", "a.pem")
    assert outcome.code == 6
    assert "BITFOUNT_KEY_PASSWORD" in outcome.err
    assert console.run("keys", "generate", "b.pem", "--encrypt").code == 6


def test_empty_password_is_rejected(console: Console) -> None:
    console.environment["BITFOUNT_KEY_PASSWORD"] = "\n"
    outcome = console.run("keys", "generate", "a.pem", "--encrypt")
    assert (outcome.code, outcome.err) == (6, "Error: The password is empty.\n")
    assert os.listdir() == []


def test_fingerprint_is_equal_for_both_keys_of_a_pair(console: Console, public_file: Path) -> None:
    expected = rsa.fingerprint(key_pair().public_key)
    assert console.json("keys", "fingerprint", public_file)["fingerprint"] == expected
    typed = public_file.read_bytes()
    assert console.json("keys", "fingerprint", "-", typed=typed)["fingerprint"] == expected
    private = rsa.serialize_private_key(key_pair().private_key)
    assert console.json("keys", "fingerprint", "-", typed=private)["fingerprint"] == expected


@pytest.mark.parametrize("command", ["register", "fingerprint"])
@pytest.mark.parametrize("content", ["no key", "", "x" * 70_000, "\N{SNOWMAN}"])
def test_invalid_key_is_rejected(console: Console, command: str, content: str) -> None:
    Path("x.pub").write_text(content, encoding="utf-8")
    outcome = console.run("keys", command, "x.pub")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1


def test_private_key_is_never_registered(console: Console) -> None:
    Path("a.pem").write_text(rsa.serialize_private_key(key_pair().private_key), encoding="ascii")
    outcome = console.run("keys", "register", "a.pem")
    assert outcome.code == 6
    assert "keep it secret" in outcome.err
    assert not [seen for seen in console.sandbox.requests if "keys" in seen.path]


def test_missing_file_is_reported(console: Console) -> None:
    outcome = console.run("keys", "register", "none.pub")
    assert outcome.code == 6
    assert outcome.err == "Error: none.pub: No such file or directory.\n"


@pytest.mark.parametrize("key_id", ["../x", "a/b", ""])
def test_invalid_id_is_a_usage_error(console: Console, key_id: str) -> None:
    assert console.run("keys", "check", key_id).code == 2


@pytest.mark.skipif(os.name == "nt", reason="variables are text on Windows")
def test_password_that_is_not_utf8_is_an_error(console: Console) -> None:
    console.environment["BITFOUNT_KEY_PASSWORD"] = os.fsdecode(b"planted\xff")
    outcome = console.run("keys", "generate", "a.pem", "--encrypt", "--bits", "2048")
    assert (outcome.code, outcome.err) == (6, "Error: The password is not UTF-8 text.\n")
    assert os.listdir() == []


@pytest.mark.parametrize("command", ["register", "fingerprint"])
def test_key_in_place_of_its_file_is_not_quoted(console: Console, command: str) -> None:
    text = rsa.serialize_private_key(key_pair().private_key)
    for given in (text, text.replace("\n", "\\n"), text[30:200]):
        outcome = console.run("keys", command, "--", given)
        assert outcome.code == 6
        assert "not the path of a file" in outcome.err
        assert given[40:60] not in outcome.out + outcome.err


PATHS = [
    ("keys", "generate"),
    ("models", "push"),
    ("weights", "push", "Net:1"),
    ("models", "pull", "alice/Net", "--output"),
    ("weights", "pull", "alice/Net:1", "--output"),
    ("fhir", "token", "--output"),
    ("pods", "register", "scans", "--public-key", "k", "--schema"),
    ("pods", "register", "scans", "--schema", "s", "--public-key"),
    ("pods", "heartbeat", "scans", "--public-key"),
    ("pods", "register", "scans", "--public-key", "k", "--schema", "s", "--file-processing"),
    ("compute", "csr", "c.example.com", "--key"),
    ("compute", "csr", "c.example.com", "--key", "k", "--output"),
    ("compute", "certificate", "c-1", "--csr"),
    ("compute", "certificate", "c-1", "--output"),
    ("compute", "certificate", "c-1", "--ca-output"),
    ("sandbox", "--free-ports", "--env-file"),
    ("sandbox", "--free-ports", "--data"),
]


@pytest.mark.parametrize("words", PATHS, ids=" ".join)
@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["", "debug"])
def test_key_in_place_of_any_path_is_not_quoted(
    console: Console, words: tuple[str, ...], debug: tuple[str, ...]
) -> None:
    text = rsa.serialize_private_key(key_pair().private_key)
    for given in (text, text.replace("\n", "\\n"), " ".join(text.split("\n"))):
        outcome = console.run(*debug, *words, given)
        assert outcome.code in (2, 4, 6)
        for at in range(30, 200):
            assert given[at : at + 20] not in outcome.out + outcome.err, outcome.err[:300]
    assert os.listdir() == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_public_key_does_not_replace_the_private_one(console: Console) -> None:
    os.symlink("k.pem", "k.pem.pub")
    outcome = console.run("keys", "generate", "k.pem", "--bits", "2048", "--force")
    assert outcome.code == 6
    assert "is a link to k.pem" in outcome.err
    assert not os.path.exists("k.pem")


def test_keys_with_a_random_name_are_generated(console: Console) -> None:
    name = "i0VpEBOWfbZAVaBSo63bbH6xnAbnBEoonCrbZINl91huSS6A.pem"
    made = console.run("keys", "generate", name, "--bits", 2048)
    assert (made.code, made.out.count(name)) == (0, 2)
    assert "hidden" not in made.err
