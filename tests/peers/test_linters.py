"""Spectral and Redocly have no errors and no warnings about the specs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openapi_tools
import pytest
from contract import specs

pytestmark = pytest.mark.slow


def test_specs_have_no_warnings() -> None:
    assert {path.stem for path in openapi_tools.SPECS} == set(specs.NAMES)
    assert openapi_tools.lint() == []


def with_invalid_example(hub: dict[str, Any]) -> str:
    path = hub["paths"]["/api/pods/{userName}/{podName}/configuration"]["get"]
    media = path["responses"]["200"]["content"]["application/json"]
    media["examples"]["configured"]["value"] = {"configuration": "none"}
    return "configured"


def with_unused_schema(hub: dict[str, Any]) -> str:
    hub["components"]["schemas"]["Unused"] = {"type": "object"}
    return "Unused"


def with_nullable_without_type(hub: dict[str, Any]) -> str:
    hub["components"]["schemas"]["RegisterPodRequest"]["properties"]["description"] = {
        "nullable": True,
        "allOf": [{"type": "string"}],
    }
    return "nullable"


@pytest.mark.parametrize(
    "change", [with_invalid_example, with_unused_schema, with_nullable_without_type]
)
def test_each_linter_reports_a_fault(change: Any, tmp_path: Path) -> None:
    hub = specs.load("hub")
    fault = change(hub)
    changed = tmp_path / "hub.json"
    changed.write_text(json.dumps(hub), encoding="utf-8")
    complaints = openapi_tools.lint([changed])
    assert [fault in each for each in complaints] == [True, True]
