"""Test that each kind of change to a spec is recognised and classified correctly."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract.operation_change_kinds import OPERATION_KINDS, OperationKind, every
from contract.schema_change_kinds import NOBODY, SCHEMA_KINDS, SchemaKind
from operation_changes import SpecChange, spec_changes
from spec_nodes import InvalidSpecError

Spec = dict[str, Any]

FROZEN = Path(__file__).parents[1] / "data" / "spec-diff.yaml"
SCHEMAS = {"request": "NewDataset", "answer": "Dataset"}


@pytest.fixture
def spec() -> Spec:
    """A spec that does not follow the live ones, which may change."""
    parsed: Spec = yaml.safe_load(FROZEN.read_text(encoding="utf-8"))
    return parsed


def with_probe(spec: Spec, direction: str, schema: Any) -> Spec:
    """Return a copy of the spec in which a field of a request or an answer has the schema."""
    changed = copy.deepcopy(spec)
    changed["components"]["schemas"][SCHEMAS[direction]]["properties"]["probe"] = schema
    return changed


def broken(spec: Spec, old: str, new: str) -> set[str]:
    """Return the directions in which the change of a schema breaks callers."""
    found = set()
    for direction in SCHEMAS:
        pair = (with_probe(spec, direction, yaml.safe_load(each)) for each in (old, new))
        changes = spec_changes(*pair)
        assert changes, "the change was not noticed"
        if any(each.breaking for each in changes):
            found.add(direction)
    return found


@pytest.mark.parametrize("kind", SCHEMA_KINDS.values(), ids=SCHEMA_KINDS)
def test_schema_change_breaks_the_stated_callers(spec: Spec, kind: SchemaKind) -> None:
    spec["openapi"] = kind.version
    assert broken(spec, kind.old, kind.new) == kind.forth.value
    assert broken(spec, kind.new, kind.old) == kind.back.value


@pytest.mark.parametrize("kind", OPERATION_KINDS.values(), ids=OPERATION_KINDS)
def test_operation_change_breaks_as_stated(spec: Spec, kind: OperationKind) -> None:
    edited = copy.deepcopy(spec)
    kind.edit(edited)
    found = spec_changes(spec, edited)
    assert any(each.breaking for each in found) is kind.forth, texts(found)
    reported = texts([each for each in found if each.breaking is kind.forth])
    assert any(kind.what in each for each in reported), reported
    undone = spec_changes(edited, spec)
    assert any(each.breaking for each in undone) is kind.back, texts(undone)


def texts(found: list[SpecChange]) -> list[str]:
    return [
        f"{', '.join(each.operations)}: {each.at} {each.what}".replace(":  ", ": ")
        for each in found
    ]


def test_kinds_cover_both_directions_and_verdicts() -> None:
    schemas, operations = SCHEMA_KINDS.values(), OPERATION_KINDS.values()
    assert len(schemas) + len(operations) >= 104
    assert {kind.forth for kind in schemas} | {kind.back for kind in schemas} > {NOBODY}
    assert {(kind.forth, kind.back) for kind in operations} == {
        (forth, back) for forth in (True, False) for back in (True, False)
    }


def test_equal_specs_have_no_changes(spec: Spec) -> None:
    assert spec_changes(spec, copy.deepcopy(spec)) == []


OTHER_VERSION = [
    ("{type: string, nullable: true}", "{type: [string, 'null']}"),
    ("{type: number, minimum: 5, exclusiveMinimum: true}", "{type: number, exclusiveMinimum: 5}"),
    (
        "{oneOf: [{type: string}, {type: integer}], nullable: true}",
        "{oneOf: [{type: string}, {type: integer}, {type: 'null'}]}",
    ),
    (
        "{allOf: [{$ref: '#/components/schemas/Error'}], nullable: true}",
        "{anyOf: [{$ref: '#/components/schemas/Error'}, {type: 'null'}]}",
    ),
]


@pytest.mark.parametrize(("old", "new"), OTHER_VERSION)
@pytest.mark.parametrize("direction", SCHEMAS)
def test_openapi_3_0_equals_the_same_in_3_1(spec: Spec, direction: str, old: str, new: str) -> None:
    before = with_probe(spec, direction, yaml.safe_load(old))
    after = with_probe(spec, direction, yaml.safe_load(new))
    after["openapi"] = "3.1.0"
    assert texts(spec_changes(before, after)) == [": is described differently"]


def test_change_of_a_schema_is_reported_once(spec: Spec) -> None:
    changed = copy.deepcopy(spec)
    del changed["components"]["schemas"]["Error"]["properties"]["message"]
    [found] = spec_changes(spec, changed)
    assert len(found.operations) == 4


@pytest.mark.parametrize("word", ["oneOf", "allOf"])
def test_recursive_schemas_are_compared(spec: Spec, word: str) -> None:
    schemas = spec["components"]["schemas"]
    for name in ("Tree", "Branch"):
        reference = {"$ref": f"#/components/schemas/{name}"}
        schemas[name] = {"type": "object", "properties": {"next": reference}}
    parts = [{"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Branch"}]
    schemas["Dataset"]["properties"]["probe"] = {word: parts}
    changed = copy.deepcopy(spec)
    changed["components"]["schemas"]["Tree"]["properties"]["icon"] = {"type": "string"}
    found = spec_changes(spec, changed)
    assert [each.breaking for each in found] == [False] * len(found)
    assert any("icon is new" in each for each in texts(found)), texts(found)


@pytest.mark.parametrize("word", ["allOf", "anyOf"])
def test_schema_that_contains_itself_is_an_error(spec: Spec, word: str) -> None:
    schemas = spec["components"]["schemas"]
    schemas["Dataset"] = {word: [{"$ref": "#/components/schemas/Dataset"}]}
    with pytest.raises(InvalidSpecError, match="itself"):
        spec_changes(spec, spec)


def test_operation_that_is_described_twice_is_an_error(spec: Spec) -> None:
    path = "/datasets/{datasetId}/rows/{rowId}"
    spec["paths"]["/datasets/{a}/rows/{b}"] = spec["paths"][path]
    with pytest.raises(InvalidSpecError, match="are the same operation"):
        spec_changes(spec, spec)


def test_changes_of_an_operation_are_all_reported(spec: Spec) -> None:
    names = ("operation gets a server", "parameter removed", "header removed")
    changed = copy.deepcopy(spec)
    every(*(OPERATION_KINDS[name].edit for name in names))(changed)
    reported = texts(spec_changes(spec, changed))
    for name in names:
        assert any(OPERATION_KINDS[name].what in each for each in reported)
