"""How a person is told where to log in."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable
from typing import Any

import attrs
import httpx

from bitfount_api.exceptions import AuthenticationError

_LONGEST_TEXT = 2048


def _printable(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    # It is shown in terminals, where other characters can rewrite what stands there.
    if not value.strip() or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise AuthenticationError(
            f"the OAuth service gave a {attribute.name} that cannot be shown: it is empty, "
            "too long, or holds control characters"
        )


def _web_address(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    _printable(instance, attribute, value)
    # A browser would be given it, and does with some schemes what nobody has asked for.
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.raw_host or url.userinfo or " " in value:
        raise AuthenticationError(
            f"the OAuth service gave a {attribute.name} that is no web address; it is not shown"
        )


@attrs.frozen
class LoginPrompt:
    """What a person needs to log in.

    Args:
        verification_uri: The web page to go to.
        user_code: What to type there, or to compare with what it shows.
        expires_in: Seconds until that is too late.
        verification_uri_complete: The same page with the code filled in; None where there is none.

    Raises:
        AuthenticationError: An address is no web address, or a text cannot be shown.
    """

    verification_uri: str = attrs.field(validator=_web_address)
    user_code: str = attrs.field(validator=_printable)
    expires_in: float
    verification_uri_complete: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(_web_address)
    )

    def __str__(self) -> str:
        if self.verification_uri_complete is None:
            doing = f"open {self.verification_uri} and enter the code {self.user_code}"
        else:
            doing = (
                f"open {self.verification_uri_complete}\n"
                f"and check that it shows the code {self.user_code}"
            )
        minutes = max(1, round(self.expires_in / 60))
        return f"To log in to Bitfount, {doing} (within {minutes} min)."


Prompt = Callable[[LoginPrompt], object]
"""Shows a person where to log in, and returns without waiting for them."""


def show(prompt: LoginPrompt) -> None:
    """Tell a person on standard error, and open a browser where there is one with a window."""
    if sys.stderr is not None:
        sys.stderr.write(f"{prompt}\n")
        sys.stderr.flush()
    try:
        browser = webbrowser.get()
        # Of this very class are those that run in the terminal, and keep it until they are quit.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(prompt.verification_uri_complete or prompt.verification_uri)
    except (webbrowser.Error, OSError):
        pass  # there is none, and the text says all
