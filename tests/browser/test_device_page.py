"""Log in with a device code: a program waits while the code is entered in a browser."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from bitfount_api import AuthenticationError, BitfountHub, BitfountSession, DeviceCodeFlowHandler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

    from bitfount_api.auth.prompts import LoginPrompt
    from bitfount_api.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Waiting:
    """A program that waits for a user to log in."""

    def __init__(self, sandbox: Sandbox, folder: Path, pool: ThreadPoolExecutor) -> None:
        shown: Future[LoginPrompt] = Future()
        handler = DeviceCodeFlowHandler(
            sandbox.hub_url, "client", prompt=shown.set_result, storage_path=folder
        )
        self.session = BitfountSession(handler)
        self.hub = BitfountHub(self.session, sandbox.hub_url)
        self.login = pool.submit(self.session.authenticate)
        self.prompt = shown.result(timeout=30)


@pytest.fixture
def waiting(sandbox: Sandbox, tmp_path: Path) -> Iterator[Waiting]:
    with ThreadPoolExecutor(1) as pool:
        program = Waiting(sandbox, tmp_path / "storage", pool)
        yield program
        sandbox.deny(program.prompt.user_code)  # ends the waiting thread
        program.session.close()


def type_code(browser: Chrome, code: str) -> None:
    field = browser.find_element(By.ID, "user_code")
    field.clear()
    field.send_keys(code)


def press(browser: Chrome, name: str) -> str:
    """Press a button and return the heading of the next page."""
    before = browser.find_element(By.TAG_NAME, "html")
    browser.find_element(By.XPATH, f"//button[text()='{name}']").click()
    WebDriverWait(browser, 10).until(lambda page: page.find_element(By.TAG_NAME, "html") != before)
    return browser.find_element(By.TAG_NAME, "h1").text


def notice(browser: Chrome) -> str:
    return browser.find_element(By.CSS_SELECTOR, "[role=alert]").text


def test_typed_code_gives_the_waiting_program_its_token(browser: Chrome, waiting: Waiting) -> None:
    browser.get(waiting.prompt.verification_uri)
    type_code(browser, waiting.prompt.user_code)
    Select(browser.find_element(By.ID, "username")).select_by_visible_text("bob")
    assert press(browser, "Approve") == "Device connected"
    waiting.login.result(timeout=30)
    assert waiting.session.username == "bob"
    assert waiting.hub.create_project("made after logging in")


def test_code_in_the_url_only_needs_approval(browser: Chrome, waiting: Waiting) -> None:
    assert waiting.prompt.verification_uri_complete is not None
    browser.get(waiting.prompt.verification_uri_complete)
    shown = browser.find_element(By.ID, "user_code").get_attribute("value")
    assert shown == waiting.prompt.user_code
    assert press(browser, "Approve") == "Device connected"
    waiting.login.result(timeout=30)


def test_denied_program_reports_the_denial(browser: Chrome, waiting: Waiting) -> None:
    browser.get(waiting.prompt.verification_uri)
    type_code(browser, waiting.prompt.user_code)
    assert press(browser, "Deny") == "Device refused"
    with pytest.raises(AuthenticationError, match=r"denied|refused"):
        waiting.login.result(timeout=30)


def test_wrong_code_is_reported_and_can_be_corrected(browser: Chrome, waiting: Waiting) -> None:
    browser.get(waiting.prompt.verification_uri)
    type_code(browser, "AAAA-AAAA")
    assert press(browser, "Approve") == "Connect a device"
    assert "no code AAAA-AAAA" in notice(browser)
    type_code(browser, waiting.prompt.user_code.lower().replace("-", " "))
    assert press(browser, "Approve") == "Device connected"
    waiting.login.result(timeout=30)


def test_expired_code_is_reported(browser: Chrome, waiting: Waiting, clock: object) -> None:
    clock.ahead = 3600  # type: ignore[attr-defined] # the fixture's clock can be turned
    browser.get(waiting.prompt.verification_uri)
    type_code(browser, waiting.prompt.user_code)
    assert press(browser, "Approve") == "Connect a device"
    assert "expired" in notice(browser)
    with pytest.raises(AuthenticationError, match=r"expired|in time|too late"):
        waiting.login.result(timeout=30)


def test_page_can_be_used_with_the_keyboard_only(browser: Chrome, waiting: Waiting) -> None:
    browser.get(waiting.prompt.verification_uri)
    # The code field has the initial focus.
    browser.switch_to.active_element.send_keys(waiting.prompt.user_code)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys("c")  # carol, by her first letter
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Approve"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    waiting.login.result(timeout=30)
    assert waiting.session.username == "carol"


@pytest.mark.parametrize("width", [320, 500, 1600])
def test_no_screen_size_cuts_anything_off(browser: Chrome, sandbox: Sandbox, width: int) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        for address in (f"{sandbox.hub_url}/activate", f"{sandbox.hub_url}/docs"):
            browser.get(address)
            for summary in browser.find_elements(By.TAG_NAME, "summary")[:3]:
                summary.click()
            needed = browser.execute_script("return document.documentElement.scrollWidth")
            assert needed <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
