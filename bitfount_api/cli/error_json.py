"""Errors as JSON, which ``--json`` writes to standard error.

Imports nothing but the standard library: the packages of the extra may be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_requested(arguments: Sequence[str]) -> bool:
    """Return whether a command line that cannot be parsed, or is not parsed yet, asks for JSON."""
    words = list(arguments)
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def error_document(
    code: str,
    message: str,
    *,
    hint: str | None = None,
    status: int | None = None,
    request_id: str | None = None,
) -> dict[str, Any]:
    """Return an error as a JSON object.

    Args:
        code: The error's code, a name of :class:`~bitfount_api.cli.exit_codes.Exit` in lower case.
        message: What is wrong.
        hint: What to do; None if the message says it.
        status: The HTTP status with which a service refused; None if none did.
        request_id: The service's id of the request; None if it sent none.
    """
    return {
        "error": {
            "code": code,
            "message": message,
            "status": status,
            "request_id": request_id,
            "hint": hint,
        }
    }
