"""Claims of id tokens."""

from __future__ import annotations

from typing import Any, Final

from bitfount_api.exceptions import AuthenticationError
from bitfount_api.identifiers import user_name

USERNAME_CLAIM: Final = "https://www.bitfount.com/username"


def username_from_id_token(id_token: str) -> str:
    """Return the user name in an id token.

    The signature is not verified, since no access decision depends on the claim.

    Raises:
        AuthenticationError: If the token is malformed, or its user name is missing or invalid.
    """
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(id_token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise AuthenticationError("the id token is malformed") from None
    try:
        return user_name(claims.get(USERNAME_CLAIM, ""))
    except ValueError:
        raise AuthenticationError("the id token has no user name, or an invalid one") from None
