"""The specs of the services, as the sandbox shows them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

# In a wheel they lie beside this module; in a checkout in the folder they are edited in.
_FOLDERS = (Path(__file__).parent / "specs", Path(__file__).parents[2] / "openapi")


def text(name: str) -> str:
    """A spec's YAML: ``hub``, ``access_manager``, ``smart_on_fhir`` or ``oauth``.

    Raises:
        FileNotFoundError: There is no such spec.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"there is no spec {name!r}")


@cache
def parsed(name: str) -> dict[str, Any]:
    """A spec as it is parsed; shared, not to be changed."""
    spec: dict[str, Any] = yaml.safe_load(text(name))
    return spec
