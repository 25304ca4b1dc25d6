"""Redact untrusted text before logging or showing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api._internal.key_text import hide_keys, looks_like_key
from bitfount_api._internal.validation import INVISIBLE

if TYPE_CHECKING:
    import httpx

__all__ = ["INVISIBLE", "hide_keys", "looks_like_key", "redact", "strip_query"]

# The functions import the redaction of requests when they are called, since it imports httpx.


def redact(text: str, *, limit: int = 500) -> str:
    """Return untrusted text in a form that is safe to log.

    The query, the fragment, the user name and the password of each URL are removed, as they may
    grant access, and everything else that looks like ``user:password@``.
    Terminal control characters are removed, and the text is joined into one line.

    Args:
        text: The text.
        limit: The maximum length of the result, in characters.
    """
    from bitfount_api._core.redaction import redact

    return redact(text, limit=limit)


def strip_query(url: httpx.URL | str) -> str:
    """Return a URL without its query, fragment, user name and password, for errors and logs."""
    from bitfount_api._core.redaction import strip_query

    return strip_query(url)
