from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bitfount_api import hashes
from bitfount_api.hashes import ContentHasher, hash_contents, hash_file_contents, normalized


def test_hash_is_sha256_in_lower_case() -> None:
    assert hash_contents("abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert hash_contents(b"") == hashlib.sha256(b"").hexdigest()


def test_text_is_hashed_as_utf_8() -> None:
    assert hash_contents("naïve ☃") == hashlib.sha256("naïve ☃".encode()).hexdigest()


@pytest.mark.parametrize("text", ["a\nb\n", "a\r\nb\r\n", "a\r\nb\n", "\ra\n\r\rb\n\r"])
def test_every_line_ending_gives_the_same_hash(text: str, tmp_path: Path) -> None:
    expected = hashlib.sha256(b"a\nb\n").hexdigest()
    assert hash_contents(text) == expected
    assert hash_contents(text.encode()) == expected
    path = tmp_path / "model.py"
    path.write_bytes(text.encode())
    assert hash_file_contents(path) == expected
    assert hash_file_contents(str(path)) == expected


def test_normalized_code_has_the_same_hash() -> None:
    # The hashes are the same, but the raw texts run differently: one of them imports something.
    harmless, harmful = b"#import os", b"#\rimport os"
    assert hash_contents(harmless) == hash_contents(harmful)
    assert normalized(harmful) == harmless


def test_files_are_hashed_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_CHUNK_BYTES", 2)
    path = tmp_path / "model.py"
    path.write_bytes(b"ab\r\nc\r\r\nd")
    assert hash_file_contents(path) == hashlib.sha256(b"ab\nc\nd").hexdigest()


def test_hasher_returns_the_hashed_bytes() -> None:
    hasher = ContentHasher()
    assert hasher.update(b"a\r") == b"a"
    assert hasher.update(b"\nb") == b"\nb"
    assert hasher.update(b"") == b""
    assert hasher.hexdigest() == hashlib.sha256(b"a\nb").hexdigest()


def test_surrogate_is_a_value_error() -> None:
    with pytest.raises(
        ValueError, match="the text cannot be encoded: it has an unpaired surrogate"
    ):
        hash_contents("\ud800")


def test_other_types_are_rejected() -> None:
    with pytest.raises(AttributeError):
        hash_contents(5)  # type: ignore[arg-type]


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hash_file_contents(tmp_path / "none")


def test_a_number_is_not_a_path() -> None:
    with pytest.raises(TypeError):
        hash_file_contents(0)  # type: ignore[arg-type]
