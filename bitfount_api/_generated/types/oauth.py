"""Generated from openapi/oauth.yaml by `make generate`: do not edit."""

from typing import NotRequired, TypedDict


class DeviceCode(TypedDict):
    """
    The codes of a device authorization (RFC 8628, section 3.2).

    Endpoint: ``POST /oauth/device/code``.
    """

    device_code: str
    """Secret code for polling."""
    user_code: str
    """Code that the user compares or enters."""
    verification_uri: str
    """URL of the page on which the user confirms."""
    verification_uri_complete: NotRequired[str]
    """The verification URL with the user code included."""
    expires_in: float
    """Lifetime of both codes in seconds."""
    interval: NotRequired[float]
    """Minimum number of seconds between polls; 5 if omitted."""


class TokenGrant(TypedDict):
    """
    The issued tokens.

    Endpoint: ``POST /oauth/token``.
    """

    access_token: str
    id_token: NotRequired[str]
    """A JWT; its claim `https://www.bitfount.com/username` is the user's name."""
    refresh_token: NotRequired[str]
    """The next refresh token."""
    scope: NotRequired[str]
    """Granted scopes, separated by spaces."""
    expires_in: float
    """Lifetime of the access token in seconds."""
    token_type: NotRequired[str]
    """`Bearer`."""
