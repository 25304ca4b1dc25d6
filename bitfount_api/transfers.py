"""What transfers of files are told, and what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitfount_api import config
from bitfount_api._validation import whole_number_field

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.progress import ProgressCallback

PARTS_AT_ONCE = 4
"""How many parts of an object move at a time, unless something else is said: enough to fill links
whose single connections are held back by distance, and few enough for a store that counts them."""

MOST_BYTES = 8 * config.MAX_WEIGHTS_BYTES
"""The most bytes that come out of a download, unless something else is said: about 3.9 GiB. It is
eight times what the Hub stores. Packed weights shrink by a tenth or a third, or to a half where
they are sparse; what grows more than eightfold is more likely made to fill somebody's disk."""


@attrs.frozen
class TransferOptions:
    """How a transfer is done.

    Args:
        progress: Told the bytes done, the bytes in all (None while not known), and what is moved.
        parts_at_once: How many parts move at a time, at most.
        max_bytes: The most bytes that a download may have, packed and unpacked.
        compress: Whether to pack what is uploaded.
    """

    progress: ProgressCallback | None = None
    parts_at_once: int = attrs.field(default=PARTS_AT_ONCE, validator=whole_number_field(1))
    max_bytes: int = attrs.field(default=MOST_BYTES, validator=whole_number_field(1))
    compress: bool = False


@attrs.frozen
class Download:
    """A file that was downloaded, whole.

    Args:
        path: Where it is.
        size: Its bytes.
        sha256: The SHA-256 of what is in it: 64 lower-case hex digits.
    """

    path: Path
    size: int
    sha256: str
