"""Values of the object store, and their validation."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bitfount_api.sandbox.objects.catalog import PartRow

MIN_PART_BYTES: Final = 5 * 1024 * 1024
"""The minimum size of each part of an upload but the last, in bytes."""

MAX_PARTS: Final = 10_000
MAX_KEY_BYTES: Final = 1024

DEFAULT_CONTENT_TYPE: Final = "binary/octet-stream"
"""S3's content type for objects that were stored without one."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A stored object.

    Args:
        key: Key of the object.
        size: Size in bytes.
        etag: Hex MD5 of the bytes, or ``md5-N`` for an upload in N parts; without quotes.
        content_type: Media type of the content.
        modified: Time of storage.
        path: File with the bytes. It is deleted when the object is replaced, so use
            :meth:`ObjectStore.open_read` to read the object.
        headers: Other headers that were stored with the object.
    """

    key: str
    size: int
    etag: str
    content_type: str
    modified: dt.datetime
    path: Path
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part of an incomplete upload; ``etag`` is the hex MD5 of its bytes."""

    number: int
    size: int
    etag: str
    modified: dt.datetime


def checked_key(key: str) -> str:
    """Return the key if it is valid.

    Raises:
        S3Error: If the key is empty, not valid Unicode, or longer than 1024 bytes.
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise S3Error("InvalidURI", "The key is not valid Unicode text.") from None
    if not size:
        raise S3Error("InvalidArgument", "The key is empty.")
    if size > MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError", f"The key is longer than {MAX_KEY_BYTES} bytes.")
    return key


def no_such_key(key: str) -> S3Error:
    """Return the error for a key without an object."""
    return S3Error("NoSuchKey", f"The specified key does not exist: {key}")


def no_such_upload() -> S3Error:
    """Return the error for an unknown upload."""
    return S3Error(
        "NoSuchUpload",
        "The specified upload does not exist. It may have been completed or aborted, or it is "
        "for another key.",
    )


def chosen_parts(stored: Mapping[int, PartRow], parts: Sequence[tuple[int, str]]) -> list[PartRow]:
    """Return the listed parts, after all of S3's checks.

    Args:
        stored: Uploaded parts, by number.
        parts: Number and ETag, with or without quotes, of each listed part.

    Raises:
        S3Error: ``MalformedXML`` for no parts, ``InvalidPartOrder``, ``InvalidPart``, or
            ``EntityTooSmall``.
    """
    if not parts:
        raise S3Error("MalformedXML", "You must specify at least one part.")
    numbers = [number for number, _ in parts]
    if any(one >= next_ for one, next_ in itertools.pairwise(numbers)):
        raise S3Error("InvalidPartOrder", "The list of parts was not in ascending order.")
    for number, etag in parts:
        part = stored.get(number)
        if part is None or part.etag != etag.strip('"'):
            raise S3Error(
                "InvalidPart", f"Part {number} could not be found, or its ETag does not match."
            )
    chosen = [stored[number] for number in numbers]
    for part in chosen[:-1]:
        if part.size < MIN_PART_BYTES:
            raise S3Error(
                "EntityTooSmall",
                f"Part {part.number} has {part.size} bytes; each but the last must have "
                f"{MIN_PART_BYTES}.",
            )
    return chosen
