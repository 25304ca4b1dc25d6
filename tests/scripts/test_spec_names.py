"""Names that the generators cannot use are found, with the line of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest
import spec_names
from spec_files import files_in, read

ROOT = Path(__file__).parents[2]
SPEC = """\
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {}}
      - $ref: "#/components/parameters/page"
    get:
      operationId: get_thing
      parameters:
        - {name: limit, in: query, schema: {}}
      responses: {"200": {description: The thing.}}
    put:
      operationId: put_thing
      responses: {"200": {description: Done.}}
components:
  parameters:
    page: {name: page, in: query, schema: {}}
  schemas:
    Thing:
      type: object
      properties:
        name: {type: string}
        parts:
          type: array
          items:
            type: object
            properties:
              size: {type: integer}
      example: {properties: {class: [1]}}
    OtherThing:
      allOf:
        - type: object
          properties:
            colour: {type: string}
openapi: 3.0.3
info: {title: Things, version: "1"}
"""


def complaints(folder: Path, text: str) -> list[str]:
    path = folder / "openapi/things.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return spec_names.complaints(read(path))


def test_usable_names_are_accepted(tmp_path: Path) -> None:
    assert complaints(tmp_path, SPEC) == []


def test_names_of_the_specs_are_accepted() -> None:
    for file in files_in(ROOT / "openapi").values():
        assert spec_names.complaints(file) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("        name:", "        additional_properties:", "21: additional_properties: generated"),
        ("              size:", "              toDict:", "27: toDict: generated models use"),
        ("            colour:", "            class:", "33: 'class': a class in Python cannot"),
        ("        name:", "        a-b:", "21: 'a-b': a class in Python cannot"),
        ("        name:", "        _name:", "21: _name: the name of a field cannot begin"),
        (
            "        parts:",
            "        first_name: {}\n        firstName:",
            "23: the fields first_name and firstName become the same attribute, first_name",
        ),
        ("    OtherThing:", "    other_thing:", "29: other_thing: the name of a schema must"),
        ("    OtherThing:", "    TypedDict:", "29: TypedDict: this name has another meaning"),
        (
            "    OtherThing:",
            "    THING:",
            "29: the schemas Thing and THING become the same module, thing.py",
        ),
        ("name: limit", "name: headers", "9: headers: generated functions use"),
        ("page: {name: page", "page: {name: Params", "16: Params: generated functions use"),
        (
            "name: limit",
            "name: ID",
            "9: the parameters id and ID become the same argument, id",
        ),
        (
            "operationId: put_thing",
            "operationId: getThing",
            "12: the operations get_thing and getThing become the same module, get_thing.py",
        ),
    ],
)
def test_unusable_name_is_found(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert SPEC.count(old) == 1
    found = complaints(tmp_path, SPEC.replace(old, new))
    assert any(each.startswith(f"openapi/things.yaml:{complaint}") for each in found), found
