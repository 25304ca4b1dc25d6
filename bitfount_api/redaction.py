"""Redact text for logs and messages, as this library does in its own."""

from __future__ import annotations

from bitfount_api._discretion import tell, without_query

__all__ = ["redact", "without_query"]


def redact(text: str, *, most: int = 500) -> str:
    """Return text from elsewhere in a form that is fit for a log.

    The query, the fragment and the user name of each URL are removed, since they may grant access.
    Characters that control a terminal are removed, and the text becomes one line.

    Args:
        text: The text.
        most: The length of the result, in characters, at most.
    """
    return tell(text, most=most)
