"""Standard output and standard error, whatever characters they take and whoever reads them."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Final

from bitfount_api.cli.exit_codes import BrokenPipe

if TYPE_CHECKING:
    from typing import TextIO

_FALLBACK: Final = "bitfount_api.fallback"

_PLAIN: Final = {
    "…": "...",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "•": "*",
    "·": "-",
    "→": "->",
    "✓": "+",
    "✗": "x",
    "●": "*",
    "○": "o",
    "\N{NO-BREAK SPACE}": " ",
}

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What can rewrite what a terminal shows, or cannot be written at all."""


def prepare() -> None:
    """Have the streams take every text: what their encoding lacks is written in another way."""
    codecs.register_error(_FALLBACK, _fall_back)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_FALLBACK)


def _fall_back(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - it is used for writing alone
    missing = error.object[error.start : error.end]
    return "".join(_replacement(character, error.encoding) for character in missing), error.end


def _replacement(character: str, encoding: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    # An accent can be left away; another script cannot, and is written as its code.
    base = unicodedata.normalize("NFD", character)[0]
    if base != character and base.isalnum() and _can_encode(encoding, base):
        return base
    return _code(character)


def _can_encode(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _code(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def sanitize(text: str) -> str:
    """Text from elsewhere as a terminal may be given it: control characters become their codes."""
    return _CONTROL.sub(lambda found: _code(found[0]), text)


def takes_unicode(stream: TextIO) -> bool:
    """Whether a stream takes every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def write(stream: TextIO, text: str) -> None:
    """Write a text, at once.

    Raises:
        BrokenPipe: Nobody reads it.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
        raise BrokenPipe from None
    except OSError as error:
        if os.name != "nt" or error.errno != errno.EINVAL:
            raise
        _silence(stream)  # how Windows says the same
        raise BrokenPipe from error


def settle(stream: TextIO) -> None:
    """Flush a stream, and drop what cannot be written.

    Otherwise Python 3.14 and later try again at exit, and change the exit code to 120.
    """
    try:
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Send elsewhere what is left in the stream: Python would write it, and complain, at exit."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
