"""Redact text for logs and messages, as this library does in its own."""

from __future__ import annotations

from bitfount_api._core import redaction as _redaction
from bitfount_api._core.redaction import strip_query

__all__ = ["redact", "strip_query"]


def redact(text: str, *, limit: int = 500) -> str:
    """Return text from elsewhere in a form that is fit for a log.

    The query, the fragment and the user name of each URL are removed, since they may grant access.
    Characters that control a terminal are removed, and the text becomes one line.

    Args:
        text: The text.
        limit: The length of the result, in characters, at most.
    """
    return _redaction.redact(text, limit=limit)
