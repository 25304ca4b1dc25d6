"""Validation of credentials that are sent in headers."""

from __future__ import annotations

from bitfount_api.exceptions import AuthenticationError

MAX_VALUE_LENGTH = 64 * 1024
"""The maximum length of a credential in characters; servers refuse headers a quarter as long."""


def header_value(value: object, what: str) -> str:
    """Return a credential that is valid as a header value.

    Args:
        value: Credential to validate.
        what: Name of the credential for the error, which does not quote the value.

    Raises:
        AuthenticationError: If the value is not a str, is empty, or cannot be sent in a header.
    """
    if not isinstance(value, str):
        raise AuthenticationError(f"{what} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise AuthenticationError(f"{what} must not be empty")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise AuthenticationError(
            f"{what} contains a character that is not allowed in a header; copy it again"
        )
    if len(value) > MAX_VALUE_LENGTH:
        raise AuthenticationError(f"{what} is longer than {MAX_VALUE_LENGTH} characters")
    return value
