"""The tools that generate code, and their pinned versions."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = ("datamodel-code-generator", "openapi-python-client", "ruff")


def pinned(pyproject: Path) -> dict[str, str]:
    """Return the versions of the tools that the group ``generate`` pins."""
    groups = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("dependency-groups", {})
    wanted = [entry.partition("==") for entry in groups.get("generate", [])]
    return {name.strip(): version.strip() for name, equals, version in wanted if equals}
