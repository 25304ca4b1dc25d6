"""The state of an incomplete download: the object's identity, and the bytes received.

The state is stored in the part file after the object's bytes, so that the two cannot be separated
or mixed up. Two slots are written alternately: if one is half written, the other is complete.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING

import attrs

from bitfount_api._internal.validation import is_whole_number
from bitfount_api._transfer.own_files import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable

SLOT_BYTES = 4096
STATE_BYTES = 2 * SLOT_BYTES
"""The number of bytes at the end of a part file that hold the state."""

_MAX_NUMBER = 2**62
_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,1000}"')


@attrs.frozen
class Checkpoint:
    """The identity of the object in a part file, and the bytes received.

    Args:
        etag: ETag of the object, with its quotes.
        size: Size of the object in bytes.
        done: Ranges received, as pairs of first byte and byte after the last.
        number: Sequence number; of two states, the one with the higher number is the later one.
    """

    etag: str
    size: int
    done: tuple[tuple[int, int], ...]
    number: int = 0

    def slot(self) -> bytes:
        """Return the encoded state, padded to :data:`SLOT_BYTES`."""
        done = list(self.done)
        while True:
            value = {"etag": self.etag, "size": self.size, "done": done, "number": self.number}
            data = json.dumps(value, separators=(",", ":")).encode()
            if 2 * len(MARK) + 8 + len(data) <= SLOT_BYTES:
                break
            del done[-1]  # a range left out is only downloaded again
        framed = len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big") + data
        # The second slot is at the end of the file, where the mark is looked for.
        return (MARK + framed).ljust(SLOT_BYTES - len(MARK), b"\0") + MARK

    @property
    def offset(self) -> int:
        """The offset of the state in the part file."""
        return self.size + self.number % 2 * SLOT_BYTES


def strong_etag(text: str | None) -> str | None:
    """Return the text if it is a strong ETag, which identifies the exact bytes; otherwise None."""
    return text if text is not None and _ETAG.fullmatch(text) else None


def latest(slots: Iterable[bytes], file_size: int) -> Checkpoint | None:
    """Return the latest valid state that fits the file size; None without one."""
    states = [state for slot in slots if (state := _parse(slot, file_size)) is not None]
    return max(states, key=lambda state: state.number, default=None)


def _parse(slot: bytes, file_size: int) -> Checkpoint | None:
    start = len(MARK) + 8
    length = int.from_bytes(slot[start - 8 : start - 4], "big")
    data = slot[start : start + length]
    if not slot.startswith(MARK) or zlib.crc32(data).to_bytes(4, "big") != slot[start - 4 : start]:
        return None
    # The checksum detects accidental damage only: an attacker who can write to this file could as
    # well write to the target. A state that this module would not write is ignored.
    try:
        value = json.loads(data)
        state = Checkpoint(
            value["etag"], value["size"], tuple(map(tuple, value["done"])), value["number"]
        )
        return state if _is_valid(state, file_size) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _is_valid(state: Checkpoint, file_size: int) -> bool:
    return (
        isinstance(state.etag, str)
        and strong_etag(state.etag) is not None
        and is_whole_number(state.size, 1, file_size)
        and state.size + STATE_BYTES == file_size
        and is_whole_number(state.number, 0, _MAX_NUMBER)
        and all(
            is_whole_number(start, 0, state.size) and is_whole_number(end, start, state.size)
            for start, end in state.done
        )
    )
