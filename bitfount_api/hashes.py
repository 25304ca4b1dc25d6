r"""The documented hash of model code: lower-case hex SHA-256 of the bytes without any ``\r``.

Because ``\r`` does not count, two texts that run differently can share a hash: ``#\rimport os``
and ``#import os``. So what is used after a check must be the text that was hashed, which
:func:`normalized` gives, and never the bytes as they came.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

_CHUNK_BYTES = 1024 * 1024


class ContentHasher:
    """The documented hash, computed while the bytes go by."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def update(self, chunk: bytes) -> bytes:
        r"""Take the next bytes, of any length.

        Returns:
            What was hashed, which is the same bytes without ``\r``.
        """
        # Dropping single bytes needs no memory of the chunk before, wherever the borders fall.
        kept = chunk.replace(b"\r", b"")
        self._digest.update(kept)
        return kept

    def hexdigest(self) -> str:
        """The hash of everything taken so far: 64 lower-case hex digits."""
        return self._digest.hexdigest()


def normalized(contents: str | bytes) -> bytes:
    r"""The text that is hashed: UTF-8 bytes without any ``\r``.

    Raises:
        UnicodeEncodeError: (a ``ValueError``) The text holds half of a surrogate pair.
    """
    data = contents.encode() if isinstance(contents, str) else contents
    return data.replace(b"\r", b"")


def hash_contents(contents: str | bytes) -> str:
    """The hash of a text (as UTF-8) or of bytes.

    Returns:
        64 lower-case hex digits.

    Raises:
        UnicodeEncodeError: (a ``ValueError``) The text holds half of a surrogate pair.
    """
    return hashlib.sha256(normalized(contents)).hexdigest()


def hash_file_contents(path: str | os.PathLike[str]) -> str:
    """The hash of a file's bytes, read piece by piece.

    Returns:
        64 lower-case hex digits, the same as ``hash_contents`` gives for the whole.

    Raises:
        OSError: The file cannot be read.
    """
    hasher = ContentHasher()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()
