"""What a credential has to be before a header may carry it."""

from __future__ import annotations

from bitfount_api.exceptions import AuthenticationError

MAX_VALUE_LENGTH = 64 * 1024
"""The longest credential that is taken, in characters; servers refuse headers a quarter as long."""


def header_value(value: object, what: str) -> str:
    """Check a credential that is to be sent in a header.

    Args:
        value: The credential.
        what: What to call it in the error, which does not quote it.

    Raises:
        AuthenticationError: It is no text, is empty, or cannot be sent in a header.
    """
    if not isinstance(value, str):
        raise AuthenticationError(f"{what} must be a text, not a {type(value).__name__}")
    if not value.strip():
        raise AuthenticationError(f"{what} must not be empty")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise AuthenticationError(
            f"{what} holds a character that no header can carry; was it copied whole?"
        )
    if len(value) > MAX_VALUE_LENGTH:
        raise AuthenticationError(f"{what} is longer than {MAX_VALUE_LENGTH} characters")
    return value
