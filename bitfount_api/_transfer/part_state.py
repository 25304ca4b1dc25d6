"""What a later process has to know of a download that broke off: which object, and what of it.

It stands behind the object's own bytes, in the same file, so that the two cannot be told apart or
mixed up. There are two places for it, written in turn: if one is half written, the other is whole.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING

import attrs

from bitfount_api._transfer.ranges import Ranges

if TYPE_CHECKING:
    from collections.abc import Iterable

SLOT_BYTES = 4096
STATE_BYTES = 2 * SLOT_BYTES
"""How long the end of a part file is that is not the object's."""

_MAGIC = b"bitfount-api part 1\n"
_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,1000}"')


@attrs.frozen
class PartState:
    """Which object a part file is of, and what is there of it.

    Args:
        etag: The object's ETag, with its quotes.
        size: The object's bytes.
        done: What of it is there.
        number: Which of two states is the later one.
    """

    etag: str
    size: int
    done: tuple[tuple[int, int], ...]
    number: int = 0

    def slot(self) -> bytes:
        """The state as it is written, of :data:`SLOT_BYTES`."""
        done = list(self.done)
        while True:
            value = {"etag": self.etag, "size": self.size, "done": done, "number": self.number}
            data = json.dumps(value, separators=(",", ":")).encode()
            if len(_MAGIC) + 8 + len(data) <= SLOT_BYTES:
                break
            del done[-1]  # forgotten is fetched again, no more
        framed = len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big") + data
        return (_MAGIC + framed).ljust(SLOT_BYTES, b"\0")

    @property
    def offset(self) -> int:
        """Where in the file it is written."""
        return self.size + self.number % 2 * SLOT_BYTES


def strong_etag(text: str | None) -> str | None:
    """An ETag by which two answers can be known to be of the same bytes; None if it is none."""
    return text if text is not None and _ETAG.fullmatch(text) else None


def latest(slots: Iterable[bytes], file_size: int) -> PartState | None:
    """The later of the states that are whole; None if there is none that fits the file."""
    states = [state for slot in slots if (state := _parsed(slot, file_size)) is not None]
    return max(states, key=lambda state: state.number, default=None)


def _parsed(slot: bytes, file_size: int) -> PartState | None:
    start = len(_MAGIC) + 8
    length = int.from_bytes(slot[start - 8 : start - 4], "big")
    data = slot[start : start + length]
    if (
        not slot.startswith(_MAGIC)
        or zlib.crc32(data).to_bytes(4, "big") != slot[start - 4 : start]
    ):
        return None
    # The checksum finds what broke by itself; whoever may write here may write the target as well.
    value = json.loads(data)
    state = PartState(
        value["etag"], value["size"], tuple(map(tuple, value["done"])), value["number"]
    )
    ends = [end for _, end in Ranges(state.done)]
    if state.size + STATE_BYTES != file_size or max(ends, default=0) > state.size:
        return None
    return state
