"""The API explorer in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from bitfount_api.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("service", "operations"),
    [("hub_url", 18), ("access_manager_url", 2), ("smart_on_fhir_url", 2)],
)
def test_every_operation_is_shown_and_opens(
    browser: Chrome, sandbox: Sandbox, service: str, operations: int
) -> None:
    url = getattr(sandbox, service)
    browser.get(f"{url}/docs")
    entries = browser.find_elements(By.TAG_NAME, "details")
    assert len(entries) == operations
    for entry in entries:
        answers = entry.find_element(By.TAG_NAME, "pre")
        assert not answers.is_displayed()
        entry.find_element(By.TAG_NAME, "summary").click()
        assert answers.is_displayed()


def test_the_spec_itself_is_a_click_away(browser: Chrome, sandbox: Sandbox) -> None:
    browser.get(f"{sandbox.hub_url}/docs")
    link = browser.find_element(By.LINK_TEXT, "YAML").get_attribute("href")
    assert link is not None
    import httpx

    spec = yaml.safe_load(httpx.get(link).text)
    assert spec["info"]["title"] == "Bitfount Hub"
