"""Find the next Zstandard frame, and skip those without contents (RFC 8878, section 3.1).

The library takes about 10 µs for each frame, which would be seconds for a small object of many tiny
frames.
"""

from __future__ import annotations

from enum import Enum

MAGIC = b"\x28\xb5\x2f\xfd"
"""The magic number of a frame with contents, compressed by any encoder."""

_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
"""The last three bytes of the magic number of skippable frames; the first is 0x50 to 0x5F."""
_SKIPPABLE_HEADER = 8

_EMPTY_CHECKSUM = b"\x99\xe9\xd8\x51"
"""The checksum of no bytes: the lower half of their XXH64."""

_EMPTY_LAST_BLOCK = b"\x01\x00\x00"


class Next(Enum):
    """What follows in the data."""

    FRAME = "a frame to decompress, or bytes that are no frame"
    SKIPPED = "bytes without contents"
    UNKNOWN = "too few bytes to decide"


def find_next(data: bytes | memoryview) -> tuple[Next, int]:
    """Look at the next bytes, which begin where a frame should begin.

    Returns:
        What follows; and the number of bytes to skip, which may be more than there are.
    """
    head = bytes(data[:18])
    if len(head) < 4:
        return Next.UNKNOWN, 0
    if head[1:4] == _SKIPPABLE_MAGIC and 0x50 <= head[0] <= 0x5F:
        if len(head) < _SKIPPABLE_HEADER:
            return Next.UNKNOWN, 0
        return Next.SKIPPED, _SKIPPABLE_HEADER + int.from_bytes(head[4:8], "little")
    if head[:4] != MAGIC:
        return Next.FRAME, 0
    if len(head) < 5:
        return Next.UNKNOWN, 0
    descriptor = head[4]
    is_single, has_checksum = descriptor & 0x20, descriptor & 0x04
    if descriptor & 0x1B:  # a dictionary, or reserved or unused bits: left to the library
        return Next.FRAME, 0
    size_bytes = (1 if is_single else 0, 2, 4, 8)[descriptor >> 6]
    start = 5 + (0 if is_single else 1)
    end = start + size_bytes + 3 + (4 if has_checksum else 0)
    if len(data) < end:
        return Next.UNKNOWN, 0
    size = bytes(data[start : start + size_bytes])
    block = bytes(data[start + size_bytes : start + size_bytes + 3])
    checksum = bytes(data[start + size_bytes + 3 : end])
    stated = int.from_bytes(size, "little") + (256 if size_bytes == 2 else 0)
    if block == _EMPTY_LAST_BLOCK and not stated and checksum in (b"", _EMPTY_CHECKSUM):
        return Next.SKIPPED, end
    return Next.FRAME, 0


class FrameFinder:
    """Finds out whether an object is compressed: it begins with a frame.

    Skippable frames may precede it. They alone do not show that an object is compressed: other
    formats have them too.
    """

    def __init__(self) -> None:
        self.found: bool | None = None
        """Whether the object is compressed; None while that is not known."""
        self._skip = 0
        self._held = b""

    def feed(self, data: bytes | memoryview) -> memoryview:
        """Look at the next bytes, of any length.

        Returns:
            The bytes from the frame on, if it has been found in them.
        """
        view = memoryview(self._held + bytes(data) if self._held else data)
        self._held = b""
        while self.found is None and view:
            if self._skip:
                step = min(self._skip, len(view))
                self._skip -= step
                view = view[step:]
                continue
            head = bytes(view[:_SKIPPABLE_HEADER])
            following, self._skip = find_next(head)
            if head.startswith(MAGIC):
                self.found, self._skip = True, 0
                return view
            if following is Next.FRAME:
                self.found = False
            elif following is Next.UNKNOWN:
                self._held = head
                break
        return view[:0]


def is_compressed(data: bytes) -> bool:
    """Whether an object is compressed."""
    finder = FrameFinder()
    finder.feed(data)
    return finder.found is True
