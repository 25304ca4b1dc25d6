"""The page about extensions describes the extensions that the specs have."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_page_describes_every_extension_of_the_specs() -> None:
    page = (ROOT / "docs/pages/extensions.md").read_text(encoding="utf-8")
    used = {
        name
        for path in (ROOT / "openapi").glob("*.yaml")
        for name in re.findall(r"^ *(x-[a-z-]+):", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert used <= set(re.findall(r"`(x-[a-z-]+)", page)), "docs/pages/extensions.md lacks some"
    [shown] = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown in (ROOT / "bitfount_api/_generated/operations.py").read_text(encoding="utf-8")
