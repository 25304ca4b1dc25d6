"""The prompts of a login, and when a browser is opened."""

from __future__ import annotations

import io
import sys
import webbrowser
from typing import Any

import pytest

from bitfount_api import AuthenticationError
from bitfount_api.auth.prompts import LoginPrompt, show

PLAIN = LoginPrompt("https://auth.test/activate", "ABCD-EFGH", 900)
COMPLETE = LoginPrompt(
    "https://auth.test/activate", "ABCD-EFGH", 29, "https://auth.test/activate?user_code=ABCD-EFGH"
)


class Browser(webbrowser.BaseBrowser):
    """A browser with a window."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.failure = failure

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        if self.failure is not None:
            raise self.failure
        self.opened.append(url)
        return True


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch) -> Any:
    def have(browser: webbrowser.BaseBrowser | None) -> None:
        def get() -> webbrowser.BaseBrowser:
            if browser is None:
                raise webbrowser.Error("could not locate runnable browser")
            return browser

        monkeypatch.setattr(webbrowser, "get", get)

    return have


def test_text_has_the_address_and_the_code(browse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    browse(None)
    show(PLAIN)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "To log in to Bitfount, open https://auth.test/activate and enter the code ABCD-EFGH "
        "(within 15 min).\n"
    )


def test_text_prefers_the_address_with_the_code(
    browse: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    browse(None)
    show(COMPLETE)
    assert capsys.readouterr().err == (
        "To log in to Bitfount, open https://auth.test/activate?user_code=ABCD-EFGH\n"
        "and check that it shows the code ABCD-EFGH (within 1 min).\n"
    )


@pytest.mark.parametrize("prompt", [PLAIN, COMPLETE])
def test_graphical_browser_is_opened(browse: Any, prompt: LoginPrompt) -> None:
    browser = Browser()
    browse(browser)
    show(prompt)
    assert browser.opened == [prompt.verification_uri_complete or prompt.verification_uri]


def test_terminal_browser_is_not_opened(browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: Any, **__: Any) -> bool:
        raise AssertionError("it would keep the terminal")

    monkeypatch.setattr(webbrowser.GenericBrowser, "open", opened)
    browse(webbrowser.GenericBrowser("lynx"))
    show(PLAIN)


@pytest.mark.parametrize("failure", [webbrowser.Error("gone"), OSError(2, "gone")])
def test_failing_browser_is_ignored(browse: Any, failure: Exception) -> None:
    browse(Browser(failure))
    show(PLAIN)


@pytest.mark.parametrize("stderr", [None, io.StringIO()])
def test_missing_standard_error_is_ignored(
    browse: Any, stderr: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser()
    browse(browser)
    monkeypatch.setattr(sys, "stderr", stderr)
    show(PLAIN)
    assert browser.opened


@pytest.mark.parametrize("failure", [OSError(28, "full"), ValueError("closed")], ids=repr)
def test_unwritable_standard_error_ends_no_login(
    browse: Any, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    class Unwritable(io.StringIO):
        def flush(self) -> None:
            raise failure

    browser = Browser()
    browse(browser)
    monkeypatch.setattr(sys, "stderr", Unwritable())
    show(PLAIN)
    assert len(browser.opened) == 1


@pytest.mark.parametrize("character", "\u3164\u115f\u034f\ufe0f\U000e0100\u17b4\u200b\x9b")
def test_invisible_characters_are_refused(character: str) -> None:
    with pytest.raises(AuthenticationError, match="invisible"):
        LoginPrompt("https://auth.test/", f"AB{character}CD", 60)
    with pytest.raises(AuthenticationError, match="invisible"):
        LoginPrompt(f"https://auth.test/?{character}", "ABCD", 60)
