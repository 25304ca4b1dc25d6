from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from bitfount_api import hashes
from bitfount_api.hashes import ContentHasher, hash_contents, hash_file_contents, normalized

TEXTS = st.lists(st.sampled_from(["a", "é☃", "\n", "\r\n", "\r", "\n\r", "\r\r\n", ""])).map(
    "".join
)
BYTES = st.one_of(TEXTS.map(str.encode), st.binary())


@given(BYTES)
def test_hash_ignores_carriage_returns(data: bytes) -> None:
    expected = hashlib.sha256(bytes(byte for byte in data if byte != 0x0D)).hexdigest()
    assert hash_contents(data) == expected


@given(st.lists(st.sampled_from(["a", "b = 1", "é"])), st.data())
def test_any_mix_of_line_ends_has_the_same_hash(lines: list[str], data: st.DataObject) -> None:
    mixed = "".join(line + data.draw(st.sampled_from(["\n", "\r\n", "\n\r"])) for line in lines)
    plain = "".join(line + "\n" for line in lines)
    assert hash_contents(mixed) == hash_contents(plain) == hash_contents(mixed.encode())


@given(BYTES)
def test_normalized_bytes_have_the_same_hash(data: bytes) -> None:
    kept = normalized(data)
    assert b"\r" not in kept
    assert hash_contents(kept) == hash_contents(data)
    assert normalized(kept) == kept


@given(st.lists(BYTES))
def test_chunks_may_end_anywhere(chunks: list[bytes]) -> None:
    hasher = ContentHasher()
    kept = b"".join(hasher.update(chunk) for chunk in chunks)
    assert hasher.hexdigest() == hash_contents(b"".join(chunks))
    assert kept == normalized(b"".join(chunks))


@given(BYTES, st.integers(1, 5))
def test_file_hash_equals_content_hash(data: bytes, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.py")
        path.write_bytes(data)
        with mock.patch.object(hashes, "_CHUNK_BYTES", size):
            assert hash_file_contents(path) == hash_contents(data)


@given(BYTES, BYTES)
def test_different_texts_have_different_hashes(one: bytes, other: bytes) -> None:
    assert (hash_contents(one) == hash_contents(other)) == (normalized(one) == normalized(other))
