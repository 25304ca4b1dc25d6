"""What an id token says."""

from __future__ import annotations

from typing import Any, Final

from bitfount_api.exceptions import AuthenticationError
from bitfount_api.identifiers import user_name

USERNAME_CLAIM: Final = "https://www.bitfount.com/username"


def username_of(id_token: str) -> str:
    """The user name in an id token. The signature is not checked: the claim decides nothing.

    Raises:
        AuthenticationError: There is none, or none that is valid.
    """
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(id_token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise AuthenticationError("the id token is malformed") from None
    try:
        return user_name(claims.get(USERNAME_CLAIM, ""))
    except ValueError:
        raise AuthenticationError("the id token names no user, or no valid one") from None
