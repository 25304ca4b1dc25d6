"""A headless Chromium for tests, where Chromium and its driver are installed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from bitfount_api.sandbox import Lifetimes, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("Chromium and its driver are required, but not installed")
        pytest.skip("needs Chromium and chromedriver (Debian: chromium, chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in _FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture
def browser(_chromium: Chrome) -> Iterator[Chrome]:
    """A browser whose console must have no messages at the end of the test."""
    _chromium.set_window_size(1000, 800)
    complaints(_chromium)  # discards messages of earlier pages
    yield _chromium
    assert complaints(_chromium) == []


def complaints(browser: Chrome) -> list[Any]:
    """Return the browser's console messages since the last call."""
    said: list[Any] = browser.get_log("browser")  # type: ignore[no-untyped-call] # not typed there
    return said


class Clock:
    """The sandbox's clock, which tests can set."""

    def __init__(self) -> None:
        import time

        self._time = time.time
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """A sandbox with a short polling interval, and a clock that tests can set."""
    with Sandbox(clock=clock, lifetimes=Lifetimes(interval=1)) as running:
        yield running
