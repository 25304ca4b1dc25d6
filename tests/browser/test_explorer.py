"""The API explorer in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from contract import specs
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from bitfount_api.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("service", "shown"),
    [
        ("hub_url", ["hub", "oauth"]),
        ("access_manager_url", ["access_manager"]),
        ("smart_on_fhir_url", ["smart_on_fhir"]),
    ],
)
def test_every_operation_is_shown_and_opens(
    browser: Chrome, sandbox: Sandbox, service: str, shown: list[str]
) -> None:
    url = getattr(sandbox, service)
    browser.get(f"{url}/docs")
    entries = browser.find_elements(By.TAG_NAME, "details")
    operations = [each for name in shown for each in specs.operations(specs.load(name))]
    assert len(entries) == len(operations) > 1
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
