"""The prompt that shows a user where to log in."""

from __future__ import annotations

import re
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs
import httpx

from bitfount_api._internal.validation import INVISIBLE
from bitfount_api.exceptions import AuthenticationError

_MAX_TEXT_LENGTH = 2048
_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def _printable(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    # The text is shown in terminals, where control characters could rewrite other output.
    printable = value.isprintable() and not _INVISIBLE.search(value)
    if not value.strip() or len(value) > _MAX_TEXT_LENGTH or not printable:
        raise AuthenticationError(
            f"the authorization server returned an invalid {attribute.name}: it is empty, "
            "too long, or contains control characters or invisible ones"
        )


def _web_address(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    _printable(instance, attribute, value)
    # The address is opened in a browser, where some schemes do more than show a page.
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.raw_host or url.userinfo or " " in value:
        raise AuthenticationError(
            f"the authorization server returned an invalid {attribute.name}: it is not a web "
            "address"
        )


@attrs.frozen
class LoginPrompt:
    """The web address and code that a user needs to log in.

    Args:
        verification_uri: Web page for the login.
        user_code: Code to enter on the page, or to compare with the one it shows.
        expires_in: Seconds until the login expires.
        verification_uri_complete: Web page with the code filled in; None if the service has none.

    Raises:
        AuthenticationError: If an address is not a web address, or a text is not printable.
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
"""A function that shows a user where to log in, and returns without waiting for the login."""


def show(prompt: LoginPrompt) -> None:
    """Print the prompt to standard error, and open a graphical browser if there is one."""
    with suppress(OSError, ValueError):  # it cannot be written to, but a browser may open
        if sys.stderr is not None:
            sys.stderr.write(f"{prompt}\n")
            sys.stderr.flush()
    try:
        browser = webbrowser.get()
        # Browsers of exactly this class run in the terminal, and occupy it until the user quits.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(prompt.verification_uri_complete or prompt.verification_uri)
    except (webbrowser.Error, OSError):
        pass  # there is no browser, and the printed prompt is sufficient
