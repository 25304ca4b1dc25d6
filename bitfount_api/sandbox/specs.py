"""The OpenAPI specs that the sandbox serves."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

# In a wheel, the specs are next to this module; in a checkout, in the folder where they are edited.
_FOLDERS = (Path(__file__).parent / "specs", Path(__file__).parents[2] / "openapi")


def text(name: str) -> str:
    """Return a spec as YAML: ``hub``, ``access_manager``, ``smart_on_fhir`` or ``oauth``.

    Raises:
        FileNotFoundError: If there is no such spec.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"spec {name!r} does not exist")


@cache
def parsed(name: str) -> dict[str, Any]:
    """Return a parsed spec. The result is shared and must not be modified."""
    spec: dict[str, Any] = yaml.safe_load(text(name))
    return spec
