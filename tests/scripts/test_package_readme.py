"""Test the README of the packages, whose links lead to the repository."""

from __future__ import annotations

import pytest
from package_readme import absolute

REPOSITORY = "https://github.com/owner/name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [a](docs/a.md#b).", f"See [a]({REPOSITORY}/blob/main/docs/a.md#b)."),
        ("![a](pictures/a.svg)", f"![a]({REPOSITORY}/raw/main/pictures/a.svg)"),
        ("[`x/`](x) [b](b)", f"[`x/`]({REPOSITORY}/blob/main/x) [b]({REPOSITORY}/blob/main/b)"),
    ],
)
def test_relative_links_lead_to_the_repository(text: str, expected: str) -> None:
    assert absolute(text, REPOSITORY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://example.com/a) [b](mailto:b@example.com) [c](#heading)",
        "```python\nnames[0](argument)\n```\n",
        "a list [1] (of things)",
    ],
)
def test_absolute_links_and_code_are_kept(text: str) -> None:
    assert absolute(text, REPOSITORY) == text
