"""Redact untrusted text, and results with presigned URLs, before logging or showing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bitfount_api._internal.key_text import hide_keys, looks_like_key
from bitfount_api._internal.validation import INVISIBLE

if TYPE_CHECKING:
    import httpx

__all__ = ["INVISIBLE", "hide_keys", "looks_like_key", "redact", "strip_query"]

T = TypeVar("T")

# The functions import the redaction of requests when they are called, since it imports httpx.


def redact(value: T, *, limit: int = 500) -> T:
    """Return a text or a result in a form that is safe to print and to log.

    The query, the fragment, the user name and the password of each URL are removed, as they may
    grant access, and everything else that looks like ``user:password@``. So a presigned URL still
    names its object, and cannot be used any more.

        >>> redact({"podName": "scans", "schemaDownloadUrl": "https://s3.test/scans?signature=c0f"})
        {'podName': 'scans', 'schemaDownloadUrl': 'https://s3.test/scans'}

    A **text** becomes one line: control characters are removed, and it is shortened.

    A **dict or list**, such as every result that is JSON, is copied with all that it contains. Its
    texts keep their lines and their length. All texts and bytes in a field are replaced by
    ``[hidden]`` if the name of the field says that they are secret: a signature, a token,
    credentials, a password, a private key, or a field of a presigned form. Public keys and numbers
    stay. What is nested deeper than 100 levels is replaced, too.

    Values of other types are returned unchanged. The ``repr`` of this library's own objects shows
    no secrets.

    Args:
        value: The text or result. It is not changed.
        limit: The maximum length of a text that is not in a dict or list, in characters.
    """
    from bitfount_api._core import redaction

    if isinstance(value, str):
        return redaction.redact(value, limit=limit)  # type: ignore[return-value]
    redacted: T = redaction.redact_result(value)
    return redacted


def strip_query(url: httpx.URL | str) -> str:
    """Return a URL without its query, fragment, user name and password, for errors and logs."""
    from bitfount_api._core.redaction import strip_query

    return strip_query(url)
