"""A small project for tests of the tools, with specs that do not follow changes of the API."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPECS = ("access_manager", "hub", "smart_on_fhir")
TYPES = """\
from bitfount_api._generated.types.access_manager import AccessDecision, AccessManagerKey
from bitfount_api._generated.types.hub import PodDetails, PodRegistration
from bitfount_api._generated.types.smart_on_fhir import PairingSession
"""


def write_project(root: Path) -> None:
    """Write what code is generated from: frozen specs, types, and the pinned tools."""
    (root / "openapi").mkdir(parents=True)
    for name in SPECS:
        frozen = ROOT / f"tests/data/frozen-{name.replace('_', '-')}.yaml"
        shutil.copy(frozen, root / f"openapi/{name}.yaml")
    shutil.copy(ROOT / "openapi/generator.config.yaml", root / "openapi")
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "bitfount_api").mkdir(exist_ok=True)
    (root / "bitfount_api/types.py").write_text(TYPES, encoding="utf-8")
