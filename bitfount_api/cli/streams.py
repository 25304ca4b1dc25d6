"""Writing to standard output and standard error, with any encoding and any reader."""

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
from bitfount_api.redaction import INVISIBLE

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

_CONTROL: Final = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{INVISIBLE}]")
"""Characters that can change or hide what a terminal shows, or that cannot be encoded."""


def prepare() -> None:
    """Make the streams accept any text by replacing characters that their encoding lacks."""
    codecs.register_error(_FALLBACK, _fall_back)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_FALLBACK)


def _fall_back(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - the handler is only used for encoding
    missing = error.object[error.start : error.end]
    return "".join(_replacement(character, error.encoding) for character in missing), error.end


def _replacement(character: str, encoding: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    # Drop accents; write characters of other scripts as escape sequences.
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
    """Return untrusted text with control characters replaced by their escape sequences."""
    return _CONTROL.sub(lambda found: _code(found[0]), text)


def supports_unicode(stream: TextIO) -> bool:
    """Return whether a stream can encode every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def write_error(text: str) -> None:
    """Write a text to standard error, if that is possible.

    A failure is ignored: what the command has done does not depend on it.
    """
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _discard_buffer(sys.stderr)


def write(stream: TextIO, text: str) -> None:
    """Write a text and flush the stream.

    Raises:
        BrokenPipe: If the reader has closed the pipe.
        OSError: If the text cannot be written, such as to a full disk.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard_buffer(stream)
        raise BrokenPipe from None
    except OSError as error:
        if os.name != "nt" or error.errno != errno.EINVAL:
            error.filename = "standard output"
            raise
        _discard_buffer(stream)  # Windows reports a closed pipe as EINVAL
        raise BrokenPipe from error


def flush_or_discard(stream: TextIO) -> None:
    """Flush a stream, and drop output that cannot be written.

    Otherwise Python 3.14 and later flush again at exit, fail, and change the exit code to 120.
    """
    try:
        stream.flush()
    except (OSError, ValueError):
        _discard_buffer(stream)


def _discard_buffer(stream: TextIO) -> None:
    """Discard the buffered output, which Python would otherwise flush at exit, with an error."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
