"""Redact untrusted text before logging or showing it."""

from __future__ import annotations

from bitfount_api._core import redaction as _redaction
from bitfount_api._core.redaction import strip_query
from bitfount_api._internal.key_text import looks_like_key

__all__ = ["looks_like_key", "redact", "strip_query"]


def redact(text: str, *, limit: int = 500) -> str:
    """Return untrusted text in a form that is safe to log.

    The query, the fragment, the user name and the password of each URL are removed, as they may
    grant access, and everything else that looks like ``user:password@``.
    Terminal control characters are removed, and the text is joined into one line.

    Args:
        text: The text.
        limit: The maximum length of the result, in characters.
    """
    return _redaction.redact(text, limit=limit)
