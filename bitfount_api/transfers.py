"""Options and results of file transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api import config
from bitfount_api._internal.callbacks import check_callback
from bitfount_api._internal.validation import integer, whole_number_field

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.progress import ProgressCallback

PARTS_AT_ONCE = 4
"""The default number of parts of an object that are transferred concurrently: enough to fill a link
whose single connections are slowed by latency, and few enough for a store that limits them."""

MAX_DOWNLOAD_BYTES = 8 * config.MAX_WEIGHTS_BYTES
"""The default maximum size of a download after decompression: about 3.9 GiB, eight times what the
Hub stores. Compression makes weights smaller by a tenth or a third, or by half if they are sparse;
an object that decompresses to more than eight times its size is probably a decompression bomb."""


def _is_progress(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_callback(
        attribute.name,
        value,
        "a function of the bytes done, their total and a name; those of bitfount_api.progress need "
        "a with block: with rich_progress() as progress",
        "pass a function that starts a task, or puts the numbers into a queue",
    )


@attrs.frozen
class TransferOptions:
    """Options of a transfer.

    Args:
        progress: The callback, called with the bytes transferred so far, the total (None while
            unknown), and the name of the file or object.
        parts_at_once: The maximum number of parts that are transferred concurrently.
        max_bytes: The maximum size of a download in bytes, both compressed and decompressed.
        compress: Whether to compress uploads.
    """

    progress: ProgressCallback | None = attrs.field(default=None, validator=_is_progress)
    parts_at_once: int = attrs.field(
        default=PARTS_AT_ONCE, converter=integer, validator=whole_number_field(1)
    )
    max_bytes: int = attrs.field(
        default=MAX_DOWNLOAD_BYTES, converter=integer, validator=whole_number_field(1)
    )
    compress: bool = False


@attrs.frozen
class Download:
    """A completely downloaded file.

    Args:
        path: The path of the file.
        size: The size in bytes.
        sha256: The SHA-256 of the contents: 64 lower-case hex digits.
    """

    path: Path
    size: int
    sha256: str


@attrs.frozen
class WrittenDownload:
    """A complete download that was written to a file object.

    Args:
        size: The size in bytes.
        sha256: The SHA-256 of the contents: 64 lower-case hex digits.
    """

    size: int
    sha256: str
