r"""The documented hash of model code: lower-case hex SHA-256 of the bytes without any ``\r``.

Because ``\r`` is ignored, two texts that run differently can have the same hash: ``#\rimport os``
and ``#import os``. After a check, use the text that was hashed, which :func:`normalized` returns,
and never the original bytes.
"""

from __future__ import annotations

import hashlib
import os

from bitfount_api._internal.files import checked_path
from bitfount_api._internal.validation import check_encodable

_CHUNK_BYTES = 1024 * 1024


class ContentHasher:
    """Compute the documented hash incrementally."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def update(self, chunk: bytes) -> bytes:
        r"""Hash the next bytes, of any length.

        Returns:
            The bytes that were hashed: those given without ``\r``.
        """
        # Dropping single bytes needs no state from the chunk before.
        kept = chunk.replace(b"\r", b"")
        self._digest.update(kept)
        return kept

    def hexdigest(self) -> str:
        """Return the hash of all bytes so far: 64 lower-case hex digits."""
        return self._digest.hexdigest()


def normalized(contents: str | bytes) -> bytes:
    r"""Return the text that is hashed: UTF-8 bytes without any ``\r``.

    Raises:
        ValueError: The text has an unpaired surrogate.
    """
    check_encodable("the text", contents)
    data = contents.encode() if isinstance(contents, str) else contents
    return data.replace(b"\r", b"")


def hash_contents(contents: str | bytes) -> str:
    """Return the hash of a text (as UTF-8) or of bytes.

    Returns:
        64 lower-case hex digits.

    Raises:
        ValueError: The text has an unpaired surrogate.
    """
    return hashlib.sha256(normalized(contents)).hexdigest()


def hash_file_contents(path: str | os.PathLike[str]) -> str:
    """Return the hash of a file's bytes, read in chunks.

    Returns:
        64 lower-case hex digits, the same as ``hash_contents`` returns for the contents.

    Raises:
        ValueError: The path is the text of a key, or has an unpaired surrogate.
        OSError: The file cannot be read.
    """
    hasher = ContentHasher()
    checked_path(path)
    with open(os.fspath(path), "rb") as file:  # not a descriptor
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()
