"""The specs state the wire contract: each row's requests, fields, statuses and timeouts.

An answer may have gained optional fields since the rows were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from contract import specs
from contract.rules import rows_of
from contract.specs import Place, Spec
from contract.wire_rows import NESTED, OK_OR_CREATED, ROWS, SINCE_13
from support.methods import OPERATIONS
from support.places import place as place_of

from bitfount_api._internal.operation import Retry

SPECS = {name: specs.load(name) for name in specs.NAMES}
WIRE_ROWS = "tests/contract/wire_rows.py"


def _stating(row: str) -> list[tuple[Spec, Place]]:
    return [
        (spec, place)
        for spec in SPECS.values()
        for place in specs.operations(spec)
        if row in rows_of(place)
    ]


def _fields(spec: Spec, schema: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the field names of an object, or of a list's entries, and the required ones."""
    schema = specs.follow(spec, schema)
    if schema.get("type") == "array":
        return _fields(spec, schema["items"])
    return set(schema["properties"]), set(schema.get("required", []))


def differences(stated: tuple[set[str], set[str]], known: set[str]) -> list[str]:
    """Return how the fields and the required fields of an answer differ from those of its row."""
    fields, required = stated
    return [
        *(f"{name} is missing in the spec" for name in sorted(known - fields)),
        *(f"{name} is required, and not in the row" for name in sorted(required - known)),
    ]


def _hint(anchor: str) -> str:
    """Return where a row is, for a spec that was changed on purpose."""
    return f"change the row as well, as documented: {place_of(WIRE_ROWS, anchor)}"


def _input(text: str) -> tuple[set[str], set[str]]:
    names = text.split()
    return {name.rstrip("?") for name in names}, {name for name in names if "?" not in name}


def test_places_of_the_rows_are_found() -> None:
    anchors = [*(f'"{name}": Row(' for name in ROWS), "SINCE_13 = "]
    places = {_hint(anchor).rpartition(": ")[2] for anchor in anchors}
    assert len(places) == len(anchors)
    assert all(each.startswith(f"{WIRE_ROWS}:") for each in places)


@pytest.mark.parametrize("name", ROWS)
def test_spec_has_the_operation_of_the_row(name: str) -> None:
    stating = {str(place) for _, place in _stating(name)}
    assert stating == set(ROWS[name].requests), _hint(f'"{name}": Row(')


@pytest.mark.parametrize("name", ROWS)
def test_spec_has_the_query_of_the_row(name: str) -> None:
    for spec, place in _stating(name):
        query = [each for each in specs.parameters(spec, place) if each["in"] == "query"]
        stated = {each["name"] for each in query}, {e["name"] for e in query if e["required"]}
        assert stated == _input(ROWS[name].query), _hint(f'"{name}": Row(')


@pytest.mark.parametrize("name", ROWS)
def test_spec_has_the_body_of_the_row(name: str) -> None:
    wanted = ROWS[name].body
    for spec, place in _stating(name):
        if wanted is None:
            assert "requestBody" not in place.operation
            continue
        [content] = specs.body_contents(spec, place)
        schemas = specs.follow(spec, content.schema).get("oneOf", [content.schema])
        fields = [_fields(spec, schema) for schema in schemas]
        assert _input(wanted) in fields, _hint(f'"{name}": Row(')


@pytest.mark.parametrize("name", ROWS)
def test_spec_has_the_success_statuses_of_the_row(name: str) -> None:
    row = ROWS[name]
    for spec, place in _stating(name):
        statuses = {s for s in specs.responses(spec, place) if s.startswith("2")}
        assert statuses == row.success, _hint(f'"{name}": Row(')
        for content in specs.response_contents(spec, place):
            if content.name[0] == "2" and row.answer is not None:
                fields = differences(_fields(spec, content.schema), set(row.answer.split()))
                assert fields == [], _hint(f'"{name}": Row(')


@pytest.mark.parametrize("name", ROWS)
def test_operation_is_sent_as_the_row_says(name: str) -> None:
    row = ROWS[name]
    for _, place in _stating(name):
        operation = OPERATIONS[place.operation["operationId"]]
        assert operation.timeout == row.timeout
        assert (operation.retry is Retry.IF_UNSENT) == row.once
        assert operation.public != row.secured
        if row.success == OK_OR_CREATED:
            assert operation.success == {200, 201}


@pytest.mark.parametrize(("name", "schema"), NESTED)
def test_spec_has_the_nested_fields_of_the_row(name: str, schema: str) -> None:
    wanted = NESTED[name, schema]
    fields, required = _fields(SPECS[name], {"$ref": f"#/components/schemas/{schema}"})
    names, without = _input(wanted)
    assert differences((fields, required), names) == []
    if "?" in wanted:  # part of a request
        assert fields == names
        assert required <= without


def _marked(name: str, spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield what is marked with a version, and the version."""
    for place in specs.operations(spec):
        if "x-since" in place.operation:
            yield f"{name}: operation {place.operation['operationId']}", place.operation["x-since"]
        for each in specs.parameters(spec, place):
            if "x-since" in each:
                yield f"{name}: parameter {each['name']}", each["x-since"]
    for schema, node in spec["components"]["schemas"].items():
        if "x-since" in node:
            yield f"{name}: {schema}", node["x-since"]
        for field, each in node.get("properties", {}).items():
            if "x-since" in each:
                yield f"{name}: {schema}.{field}", each["x-since"]


def test_fields_of_sdk_version_13_are_marked() -> None:
    marks = [mark for name, spec in SPECS.items() for mark in _marked(name, spec)]
    marked = {each for each, version in marks if version == "13.0"}
    assert marked == SINCE_13, _hint("SINCE_13 = ")


SERVERS = {
    "hub": {
        "production": "https://hub.bitfount.com",
        "staging": "https://hub.staging.bitfount.com",
        "sandbox": "https://hub.sandbox.bitfount.com",
        "dev": "http://localhost:3000",
    },
    "access_manager": {
        "production": "https://am.hub.bitfount.com",
        "staging": "https://am.hub.staging.bitfount.com",
        "sandbox": "https://am.hub.sandbox.bitfount.com",
        "dev": "http://localhost:3001",
    },
    "smart_on_fhir": {
        "production": "https://smartonfhir.bitfount.com",
        "staging": "https://smartonfhir.staging.bitfount.com",
        "sandbox and dev": "https://smartonfhir.sandbox.bitfount.com",
    },
    "oauth": {
        "production": "https://auth.bitfount.com",
        "staging": "https://auth.staging.bitfount.com",
        "sandbox and dev": "https://auth.sandbox.bitfount.com",
    },
}


@pytest.mark.parametrize("name", specs.NAMES)
def test_spec_has_the_documented_servers(name: str) -> None:
    stated = {each["description"]: each["url"] for each in SPECS[name]["servers"]}
    assert stated == SERVERS[name]


LIMITS = [
    ("RegisterPodRequest", "schemaSize", 10 * 1024 * 1024),
    ("ModelUploadRequest", "modelSize", 3 * 1024 * 1024),
    ("WeightsUploadRequest", "weightSize", 500 * 1024 * 1024),
]


@pytest.mark.parametrize(("schema", "field", "maximum"), LIMITS)
def test_spec_has_the_documented_limits(schema: str, field: str, maximum: int) -> None:
    node = SPECS["hub"]["components"]["schemas"][schema]["properties"][field]
    assert node["maximum"] == maximum


def test_field_added_to_an_answer_has_to_be_optional() -> None:
    assert differences(({"id", "colour"}, {"id"}), {"id"}) == []
    assert differences(({"id", "colour"}, {"id", "colour"}), {"id"}) == [
        "colour is required, and not in the row"
    ]
    assert differences(({"identifier"}, set()), {"id"}) == ["id is missing in the spec"]
