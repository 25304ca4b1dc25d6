"""The part of a spec that types are generated from."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import wire_types
from schema_defaults import GUARANTEED
from spec_files import read

FROZEN = Path(__file__).parents[1] / "data" / "frozen-hub.yaml"
SPEC: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/Thing"},
                                }
                            }
                        }
                    },
                    "400": {"$ref": "#/components/responses/Failed"},
                }
            },
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                    }
                },
                "responses": {"201": {"$ref": "#/components/responses/Made"}},
            },
        }
    },
    "components": {
        "responses": {
            "Failed": {
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}
                }
            },
            "Made": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}}
            },
        },
        "schemas": {
            "Failure": {"type": "object", "properties": {"why": {"type": "string"}}},
            "Part": {"type": "object", "properties": {"description": {"type": "string"}}},
            "Thing": {
                "type": "object",
                "description": "A thing.",
                "properties": {
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}
                },
            },
            "Made": {
                "type": "object",
                "description": "What was made. " + "It has a long description. " * 4,
                "required": ["id"],
                GUARANTEED: ["number"],
                "properties": {
                    "id": {"type": "string"},
                    "number": {"type": "integer", "nullable": True},
                    "colour": {"type": "string", "nullable": True},
                },
            },
        },
    },
}


def schemas(*names: str) -> dict[str, Any]:
    made = wire_types.part(copy.deepcopy(SPEC), set(names))
    assert made["paths"] == {}
    kept: dict[str, Any] = made["components"]["schemas"]
    return kept


def test_part_has_the_schemas_and_those_they_use() -> None:
    assert schemas("Thing").keys() == {"Thing", "Part"}
    assert schemas("Made").keys() == {"Made"}


def test_description_names_the_endpoints() -> None:
    assert schemas("Thing")["Thing"]["description"] == (
        "A thing.\n\nEndpoints: ``GET /things``,\n``POST /things``."
    )
    assert schemas("Made")["Made"]["description"].endswith("\n\nEndpoint: ``POST /things``.")
    assert "description" not in schemas("Failure")["Failure"]


def test_long_description_is_wrapped() -> None:
    lines = schemas("Made")["Made"]["description"].splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= wire_types.WIDTH


def test_field_guaranteed_on_success_is_required() -> None:
    made = schemas("Made")["Made"]
    assert made["required"] == ["id", "number"]
    assert made["properties"]["number"] == {"type": "integer"}
    assert made["properties"]["colour"] == {"type": "string", "nullable": True}


def test_table_is_read_from_the_imports(tmp_path: Path) -> None:
    types = tmp_path / "types.py"
    types.write_text(
        "import enum\n"
        "from bitfount_api._generated.types.hub import (\n    Thing,\n    Made,\n)\n"
        "from bitfount_api._internal import files\n"
    )
    assert wire_types.table(types) == {"hub": {"Thing": 3, "Made": 4}}


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [("hub", "types.py:1: hub.yaml has no schema Nothing"), ("pub", "there is no spec pub.yaml")],
)
def test_unknown_name_in_the_table_is_an_error(tmp_path: Path, spec: str, complaint: str) -> None:
    types = tmp_path / "types.py"
    types.write_text(f"from bitfount_api._generated.types.{spec} import Nothing\n")
    specs = {"hub": read(FROZEN)}
    with pytest.raises(wire_types.TableError, match=complaint):
        wire_types.prepare(specs, types, tmp_path)
