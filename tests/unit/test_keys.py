from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from support.rsa_keys import key_pair

from bitfount_api import keys
from bitfount_api.keys import (
    fingerprint,
    generate_key_pair,
    load_private_key,
    load_public_key,
    parse_public_key,
    public_keys_equal,
    save_private_key,
    serialize_private_key,
    serialize_public_key,
    sign,
    verify,
)

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "wire-examples.json").read_text())


def _ssh_text(kind: bytes, *numbers: bytes) -> str:
    """A one-line OpenSSH key of any type, well formed or not."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind, *numbers))
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def _curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class TestGenerate:
    def test_generate_returns_a_pair(self) -> None:
        private, public = key_pair()
        assert private.key_size == public.key_size == 2048
        assert public.public_numbers().e == 65537
        assert public_keys_equal(private.public_key(), public)

    def test_generate_uses_4096_bits_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        arguments: dict[str, int] = {}

        def generate(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
            arguments.update(exponent=public_exponent, bits=key_size)
            return key_pair().private_key

        monkeypatch.setattr(rsa, "generate_private_key", generate)
        generate_key_pair()
        assert arguments == {"exponent": 65537, "bits": 4096}
        generate_key_pair(np.int16(3072))  # type: ignore[arg-type]
        assert (type(arguments["bits"]), arguments["bits"]) == (int, 3072)

    @pytest.mark.parametrize("size", [0, 1024, 2047, 16385, "4096", None])
    def test_generate_rejects_other_sizes(self, size: object) -> None:
        with pytest.raises(ValueError, match="2048 to 16384"):
            generate_key_pair(size)  # type: ignore[arg-type]

    def test_key_pair_repr_has_no_key_material(self) -> None:
        pair = key_pair()
        assert str(pair.private_key.private_numbers().d) not in repr(pair)


class TestPublicKeys:
    def test_serialized_keys_match_the_wire_examples(self) -> None:
        # The same key was sent in both formats.
        pem = EXAMPLES["get_pod"]["result"]["value"]["podPublicKey"]
        ssh = EXAMPLES["register_pod"]["requests"][0]["body"]["json"]["podPublicKey"]
        assert serialize_public_key(load_public_key(pem), "SSH") == ssh
        assert serialize_public_key(load_public_key(ssh)) == pem
        assert public_keys_equal(load_public_key(pem), load_public_key(ssh))

    @pytest.mark.parametrize("form", ["PEM", "SSH"])
    def test_round_trip(self, form: keys.Form, tmp_path: Path) -> None:
        key = key_pair().public_key
        text = serialize_public_key(key, form)
        path = tmp_path / "key.pub"
        path.write_text(text)
        for source in (text, text.encode(), path, str(path), "\n " + text, "\ufeff" + text):
            assert public_keys_equal(load_public_key(source), key)

    def test_pkcs_1_is_read_too(self) -> None:
        key = key_pair().public_key
        text = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
        assert public_keys_equal(load_public_key(text), key)

    def test_ssh_comments_are_ignored(self) -> None:
        key = key_pair().public_key
        text = serialize_public_key(key, "SSH") + " alice@laptop\n"
        assert public_keys_equal(load_public_key(text), key)

    def test_windows_line_ends_are_read(self) -> None:
        key = key_pair().public_key
        text = serialize_public_key(key).replace("\n", "\r\n")
        assert public_keys_equal(load_public_key(text), key)

    def test_different_keys_differ(self) -> None:
        assert not public_keys_equal(key_pair(0).public_key, key_pair(1).public_key)

    @pytest.mark.parametrize("make", [ed25519.Ed25519PrivateKey.generate, _curve])
    def test_other_key_types_are_rejected(self, make: object) -> None:
        key = make().public_key()  # type: ignore[operator]
        pem = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        ssh = key.public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        ).decode()
        for source in (pem, ssh):
            with pytest.raises(ValueError, match="an RSA public key is required"):
                load_public_key(source)
        with pytest.raises(ValueError, match="an RSA public key is required"):
            serialize_public_key(key)

    def test_weak_keys_are_rejected(self) -> None:
        weak = rsa.RSAPublicNumbers(65537, (1 << 1023) + 1).public_key()
        text = weak.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with pytest.raises(ValueError, match="2048 to 16384 bits are accepted, not of 1024"):
            load_public_key(text)

    def test_oversized_keys_are_rejected(self) -> None:
        text = _ssh_text(b"ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 4096)
        with pytest.raises(ValueError, match="2048 to 16384"):
            load_public_key(text)

    def test_private_key_is_not_loaded_as_a_public_one(self) -> None:
        for form in ("PEM", "SSH"):
            text = serialize_private_key(key_pair().private_key, form)
            with pytest.raises(ValueError, match="this is a private key") as caught:
                load_public_key(text)
            assert text[40:80] not in str(caught.value)

    @pytest.mark.parametrize(
        "data",
        [
            "",
            "ssh-rsa",
            "ssh-rsa ",
            "ssh-rsa !!!!",
            "ssh-rsa AAAA",
            "ssh-dss AAAAB3NzaC1kc3MAAACB",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            _ssh_text(b"ssh-rsa", b"\x01\x00\x01"),
            _ssh_text(b"ssh-rsa", b"\x02", b"\x00" + b"\xff" * 256),
            "/etc/passwd",
            "\ud800",
            b"\x30\x82\x01\x22",
            b"\xff\xfe",
            b"\0" * 100,
        ],
    )
    def test_broken_keys_are_value_errors(self, data: str | bytes) -> None:
        with pytest.raises(ValueError, match=r"not a public key|not a key|RSA"):
            parse_public_key(data)

    def test_huge_texts_are_not_parsed(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="longer than 64 KiB"):
            load_public_key("ssh-rsa " + "A" * 1_000_000)
        path = tmp_path / "huge"
        path.write_bytes(b"ssh-rsa " + b"A" * 100_000)
        with pytest.raises(ValueError, match="larger than 65536 bytes"):
            load_public_key(path)

    @pytest.mark.parametrize("source", ["", " ", "a\0b", "two\nlines", "x" * 5000])
    def test_text_that_is_neither_key_nor_path_raises(self, source: str) -> None:
        with pytest.raises(ValueError, match="neither a key"):
            load_public_key(source)

    def test_a_missing_file_is_an_os_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            load_public_key(str(tmp_path / "none.pub"))

    def test_unknown_format_is_rejected(self) -> None:
        with pytest.raises(ValueError, match="must be 'PEM' or 'SSH'"):
            serialize_public_key(key_pair().public_key, "DER")  # type: ignore[arg-type]

    def test_fingerprint_equals_that_of_ssh_keygen(self) -> None:
        # The output of `ssh-keygen -l -f` for the pod's key in the wire examples.
        ssh = EXAMPLES["register_pod"]["requests"][0]["body"]["json"]["podPublicKey"]
        assert fingerprint(load_public_key(ssh)) == (
            "SHA256:Gf5znAspPRedSGzvwYeBeqv4o7GnaRcX9SdZS4ScfJw"
        )


def _variations(text: str) -> dict[str, str]:
    """Return a key as environment variables, JSON files and chats often hold it."""
    lines = text.strip().split("\n")
    escaped = "\\n".join(lines)
    return {
        "double quotes": f'"{text}"',
        "single quotes": f"'{text.strip()}'",
        "escapes": escaped,
        "escapes of Windows": "\\r\\n".join(lines) + "\\r\\n",
        "escapes in quotes": f' "{escaped}" ',
        "escaped slashes": escaped.replace("/", "\\/"),
        "one line": " ".join(lines),
        "one line, no spaces": "".join(lines),
        "byte order mark": "\ufeff" + text,
    }


VARIATIONS = list(_variations(""))


class TestKeyText:
    """Keys that are given as text: loaded if that is safe, and never quoted in an error."""

    @pytest.mark.parametrize("name", VARIATIONS)
    @pytest.mark.parametrize("way", ["text", "bytes", "file"])
    def test_copied_keys_are_loaded(self, name: str, way: str, tmp_path: Path) -> None:
        private, public = key_pair()

        def given(text: str) -> str | bytes | Path:
            varied = _variations(text)[name]
            (tmp_path / "key").write_bytes(varied.encode())
            ways: dict[str, str | bytes | Path]
            ways = {"text": varied, "bytes": varied.encode(), "file": tmp_path / "key"}
            return ways[way]

        loaded = load_private_key(given(serialize_private_key(private)))
        assert loaded.private_numbers() == private.private_numbers()
        assert public_keys_equal(load_public_key(given(serialize_public_key(public))), public)
        assert public_keys_equal(
            load_public_key(given(serialize_public_key(public, "SSH"))), public
        )

    @pytest.mark.parametrize("form", ["PEM", "SSH"])
    def test_openssh_key_on_one_line_is_loaded(self, form: keys.Form) -> None:
        private = key_pair().private_key
        text = " ".join(serialize_private_key(private, form).split("\n"))
        assert load_private_key(text).private_numbers() == private.private_numbers()

    @pytest.mark.parametrize("kind", [str, bytes, Path])
    @pytest.mark.parametrize("form", ["PEM", "SSH"])
    @pytest.mark.parametrize("load", [load_private_key, load_public_key])
    def test_unusable_key_text_is_not_quoted(self, load: Any, form: keys.Form, kind: type) -> None:
        text = serialize_private_key(key_pair().private_key, form)
        body = "".join(text.split("\n")[1:-2])
        flat = text.strip().replace("\n", "\\n")
        for given in (
            # Beginnings, parts and ends of keys, and keys with something before them
            f"KEY={flat}"[:-20],
            f"private_key: {text[:300].strip()}",
            flat.replace("BEGIN", "BEGlN"),
            flat[5:],
            flat.removeprefix("-----BEGIN "),
            body,
            body[:200],
            body[700:900],
            body[64:128],
            f"/keys/{body[:80]}",
            text.replace("\n", "\x00")[:200],
        ):
            source: Any = given.encode() if kind is bytes else kind(given)
            with pytest.raises(ValueError, match="key") as caught:
                load(source)
            shown = f"{caught.value!r} {caught.value.__cause__!r}"
            assert not any(given[at : at + 12] in shown for at in range(len(given) - 11))

    def test_key_in_place_of_another_argument_is_not_quoted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        private = key_pair().private_key
        text = serialize_private_key(private)
        for call in (
            lambda: save_private_key(private, text),
            lambda: save_private_key(private, Path(text.replace("\n", "\\n"))),
            lambda: serialize_private_key(private, text),  # type: ignore[arg-type]
        ):
            with pytest.raises(ValueError, match="key") as caught:
                call()
            assert text[40:60] not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("source", [0, True, 1.5, None, ["x"], bytearray(b"x")])
    def test_other_types_are_no_path(self, source: Any) -> None:
        for load in (load_private_key, load_public_key):
            with pytest.raises(ValueError, match="text, bytes or the path of a file, not a value"):
                load(source)

    def test_existing_file_may_be_named_like_a_key(self, tmp_path: Path) -> None:
        path = tmp_path / "MIIEvQIBADANBgkqhkiG9w0 PRIVATE KEY"
        path.write_text(serialize_private_key(key_pair().private_key))
        assert load_private_key(path).key_size == load_private_key(str(path)).key_size

    @pytest.mark.parametrize(
        "name",
        [
            "none.pem",
            "a/" * 60 + "none.pem",
            "0123456789abcdef" * 4,
            "home/alice/Documents/Projects2026/Hospital/keys/private/none",
        ],
    )
    def test_missing_file_is_still_named(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            load_private_key(str(tmp_path / name))
        assert name in str(caught.value)

    def test_many_beginnings_are_rejected_soon(self) -> None:
        # In quadratic time, this would take minutes.
        with pytest.raises(ValueError, match="not a private key"):
            load_private_key("-----BEGIN A-----" * 3800)
        with pytest.raises(ValueError, match="not a key"):
            load_private_key("-----BEGIN A-----" * 1_000_000)


class TestPrivateKeys:
    @pytest.mark.parametrize("form", ["PEM", "SSH"])
    def test_round_trip(self, form: keys.Form, tmp_path: Path) -> None:
        key = key_pair().private_key
        text = serialize_private_key(key, form)
        path = tmp_path / "key"
        path.write_text(text)
        for source in (text, text.encode(), path, str(path), text.replace("\n", "\r\n")):
            assert load_private_key(source).private_numbers() == key.private_numbers()

    def test_private_key_formats_are_recognizable(self) -> None:
        key = key_pair().private_key
        assert serialize_private_key(key).startswith("-----BEGIN PRIVATE KEY-----\n")
        openssh = serialize_private_key(key, "SSH")
        assert openssh.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")

    def test_pkcs_1_is_read_too(self) -> None:
        key = key_pair().private_key
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        assert load_private_key(text).private_numbers() == key.private_numbers()

    @pytest.mark.parametrize("password", ["correct horse", b"correct horse", "pässword ☃" * 20])
    def test_encrypted_key_needs_its_password(self, password: str | bytes) -> None:
        key = key_pair().private_key
        text = serialize_private_key(key, password=password)
        assert text.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        assert load_private_key(text, password).private_numbers() == key.private_numbers()
        with pytest.raises(ValueError, match="encrypted: a password is needed"):
            load_private_key(text)
        with pytest.raises(ValueError, match="or the password is wrong") as caught:
            load_private_key(text, "wr0ng-s3cret")
        assert "wr0ng-s3cret" not in str(caught.value)

    def test_openssh_encryption_needs_bcrypt(self) -> None:
        key = key_pair().private_key
        if not importlib.util.find_spec("bcrypt"):
            with pytest.raises(ValueError, match="bcrypt"):
                serialize_private_key(key, "SSH", "correct horse")
            return
        text = serialize_private_key(key, "SSH", "correct horse")
        assert load_private_key(text, "correct horse").private_numbers() == key.private_numbers()

    @pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
    def test_keys_of_ssh_keygen_are_read(self, tmp_path: Path) -> None:
        for name, password in (("open", ""), ("locked", "correct horse")):
            command = f"ssh-keygen -q -t rsa -b 2048 -a 1 -f {name} -C comment -N".split()
            subprocess.run([*command, password], cwd=tmp_path, check=True)
        public = load_public_key(tmp_path / "open.pub")
        assert public_keys_equal(load_private_key(tmp_path / "open").public_key(), public)
        with pytest.raises(ValueError, match="encrypted: a password is needed"):
            load_private_key(tmp_path / "locked")
        if not importlib.util.find_spec("bcrypt"):
            with pytest.raises(ValueError, match="bcrypt"):
                load_private_key(tmp_path / "locked", "correct horse")

    def test_password_for_an_unencrypted_key_raises(self) -> None:
        for form in ("PEM", "SSH"):
            text = serialize_private_key(key_pair().private_key, form)
            with pytest.raises(ValueError, match="not encrypted, but a password was given"):
                load_private_key(text, "correct horse")

    def test_empty_password_is_rejected(self) -> None:
        text = serialize_private_key(key_pair().private_key)
        with pytest.raises(ValueError, match="password is empty"):
            serialize_private_key(key_pair().private_key, password="")
        with pytest.raises(ValueError, match="password is empty"):
            load_private_key(text, b"")

    def test_other_key_types_are_rejected(self) -> None:
        key = _curve()
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with pytest.raises(ValueError, match="an RSA private key is required"):
            load_private_key(text)
        for given in (key, key_pair().public_key, "key", None):
            with pytest.raises(ValueError, match="an RSA private key is required"):
                serialize_private_key(given)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "text",
        [
            "-----BEGIN PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ],
    )
    def test_broken_keys_are_value_errors(self, text: str) -> None:
        with pytest.raises(ValueError, match="the private key cannot be read"):
            load_private_key(text)

    def test_public_key_is_not_loaded_as_a_private_one(self) -> None:
        for form in ("PEM", "SSH"):
            text = serialize_public_key(key_pair().public_key, form)
            with pytest.raises(ValueError, match="this is not a private key"):
                load_private_key(text)

    def test_no_error_quotes_the_key(self) -> None:
        text = serialize_private_key(key_pair().private_key)
        broken = text[:500] + "!!" + text[502:]
        with pytest.raises(ValueError, match="private key cannot be read") as caught:
            load_private_key(broken)
        lines = text.splitlines()[1:]
        assert not any(line in repr(caught.value) for line in lines)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.skipif(os.name == "nt", reason="the rights of files are POSIX's")
class TestSaving:
    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
    def test_saved_key_is_private_whatever_the_umask(self, umask: int, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        before = os.umask(umask)
        try:
            save_private_key(key_pair().private_key, path)
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_private_key(path).private_numbers() == key_pair().private_key.private_numbers()

    def test_created_folders_are_private_too(self, tmp_path: Path) -> None:
        save_private_key(key_pair().private_key, tmp_path / "a" / "b" / "key.pem")
        for folder in ("a", "a/b"):
            assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700

    @pytest.mark.skipif(os.name != "posix", reason="other systems have no such signal")
    def test_copy_of_a_killed_write_is_removed(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pem"
        code = (
            "import os, signal, sys\n"
            "os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "from bitfount_api.keys import load_private_key, save_private_key\n"
            "save_private_key(load_private_key(sys.stdin.read()), sys.argv[1])\n"
        )
        text = serialize_private_key(key_pair().private_key)
        subprocess.run([sys.executable, "-c", code, path], input=text, text=True, check=False)
        (copy,) = tmp_path.iterdir()
        assert copy.name.startswith(".a.pem.")
        save_private_key(key_pair().private_key, path)
        assert list(tmp_path.iterdir()) == [path]

    def test_save_leaves_no_other_file(self, tmp_path: Path) -> None:
        save_private_key(key_pair().private_key, str(tmp_path / "key"), "SSH")
        assert [path.name for path in tmp_path.iterdir()] == ["key"]

    def test_existing_key_is_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_text("precious")
        with pytest.raises(FileExistsError, match="exists already"):
            save_private_key(key_pair().private_key, path)
        assert path.read_text() == "precious"
        assert [found.name for found in tmp_path.iterdir()] == ["key.pem"]

    def test_existing_key_is_kept_without_links_and_fchmod(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_links(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
        monkeypatch.delattr(os, "fchmod")
        path = tmp_path / "key.pem"
        save_private_key(key_pair(0).private_key, path)
        with pytest.raises(FileExistsError, match="exists already"):
            save_private_key(key_pair(1).private_key, path)
        assert load_private_key(path).private_numbers() == key_pair(0).private_key.private_numbers()
        assert [found.name for found in tmp_path.iterdir()] == ["key.pem"]

    def test_existing_key_is_replaced_with_overwrite(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_text("old")
        path.chmod(0o644)
        save_private_key(key_pair().private_key, path, password="correct horse", overwrite=True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_private_key(path, "correct horse").key_size == 2048

    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        link = tmp_path / "key.pem"
        link.symlink_to(elsewhere)
        with pytest.raises(FileExistsError):
            save_private_key(key_pair().private_key, link)
        with pytest.raises(OSError, match="symbolic link"):
            save_private_key(key_pair().private_key, link, overwrite=True)
        assert link.is_symlink()
        assert not elsewhere.exists()

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_devices_and_pipes_are_not_replaced(self, tmp_path: Path, overwrite: bool) -> None:
        path = tmp_path / "key.pem"
        os.mkfifo(path)
        with pytest.raises(OSError, match=r"exists already|not a file"):
            save_private_key(key_pair().private_key, path, overwrite=overwrite)
        assert path.is_fifo()

    @pytest.mark.parametrize("name", ["é" * 127, "\U0001f40d" * 63 + "key"])
    def test_longest_file_name_is_written(self, tmp_path: Path, name: str) -> None:
        save_private_key(key_pair().private_key, tmp_path / name)
        assert load_private_key(tmp_path / name).key_size == 2048

    def test_failed_write_keeps_the_existing_key(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "key.pem"
        path.write_text("precious")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            save_private_key(key_pair().private_key, path, overwrite=True)
        assert path.read_text() == "precious"
        assert [found.name for found in tmp_path.iterdir()] == ["key.pem"]


class TestSigning:
    def test_signature_is_verified(self) -> None:
        private, public = key_pair()
        signature = sign(private, b"\x00task\xff")
        assert len(signature) == 256
        assert verify(public, b"\x00task\xff", signature)

    def test_any_other_signature_is_invalid(self) -> None:
        private, public = key_pair()
        signature = sign(private, b"task")
        assert not verify(public, b"task ", signature)
        assert not verify(public, b"task", signature[:-1])
        assert not verify(public, b"task", b"")
        assert not verify(public, b"task", bytes([signature[0] ^ 1]) + signature[1:])
        assert not verify(key_pair(1).public_key, b"task", signature)

    def test_swapped_message_and_signature_are_refused(self) -> None:
        private, public = key_pair()
        signature = sign(private, b"task")
        with pytest.raises(
            ValueError, match=r"swapped: the order is verify\(public_key, message, s"
        ):
            verify(public, signature, b"task")
        assert not verify(public, signature, b"other task")
        assert not verify(public, bytes(256), b"task")
        assert verify(public, message=b"task", signature=signature)

    def test_signature_of_a_signature_is_not_swapped(self) -> None:
        private, public = key_pair()
        inner = sign(private, b"task")
        outer = sign(private, inner)
        assert verify(public, inner, outer)
        with pytest.raises(ValueError, match="swapped"):
            verify(public, outer, inner)

    @pytest.mark.parametrize("value", ["task", None, 5, ["SECRET"]], ids=repr)
    def test_only_bytes_are_signed_and_verified(self, value: Any) -> None:
        private, public = key_pair()
        for call in (
            lambda: sign(private, value),
            lambda: verify(public, value, b""),
            lambda: verify(public, b"", value),
        ):
            with pytest.raises(ValueError, match=r"^(message|signature) must be bytes") as caught:
                call()
            assert "SECRET" not in str(caught.value)
        message: Any = memoryview(b"task")
        signature: Any = bytearray(sign(private, message))
        assert verify(public, message, signature)

    def test_signature_parameters_match_the_wire_examples(self) -> None:
        private, public = key_pair()

        def pss(salt: int) -> padding.PSS:
            return padding.PSS(padding.MGF1(hashes.SHA256()), salt)

        public.verify(sign(private, b"task"), b"task", pss(20), hashes.SHA256())
        assert verify(public, b"task", private.sign(b"task", pss(20), hashes.SHA256()))
        assert not verify(public, b"task", private.sign(b"task", pss(32), hashes.SHA256()))

    def test_other_key_types_cannot_sign_or_verify(self) -> None:
        private, public = key_pair()
        with pytest.raises(ValueError, match="an RSA private key is required"):
            sign(public, b"task")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="an RSA public key is required"):
            verify(private, b"task", b"")  # type: ignore[arg-type]
