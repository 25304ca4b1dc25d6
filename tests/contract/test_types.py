"""The ``TypedDict``s of ``bitfount_api.types`` match the schemas of the same names."""

from __future__ import annotations

import inspect
import typing
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints

import pytest
from contract import specs
from contract.specs import Spec

from bitfount_api import types

SPECS = {name: specs.load(name) for name in specs.NAMES}

TYPED = {
    name: value
    for name, value in vars(types).items()
    if typing.is_typeddict(value) and value.__module__ == types.__name__ and name[0] != "_"
}
OURS = {
    "AccessCheckResult": "what AccessDecision is made into: an enum in place of the code",
    "ActivePublicKey": "what PublicKeyDetails is made into: a loaded key in place of its text",
    "DatasetWithConfiguration": "what PodDataset and PodDatasetConfiguration are made into",
}
"""``TypedDict``s without a schema, with the reason."""

NOT_TYPED = {
    "Acknowledgement": "the status says it all: nothing of the body is used",
    "ServiceError": "errors come in any form, and are read leniently",
    "OAuthError": "errors come in any form, and are read leniently",
}
"""Schemas of answers without a ``TypedDict``, with the reason."""

INLINE = {("PairingSession", "context"): types._PairingContext}
"""Schemas without a name, by their place in the spec."""

SCALARS = {"string": str, "integer": int, "number": float, "boolean": bool}


def schema_of(name: str) -> tuple[Spec, dict[str, Any]]:
    [found] = [
        (spec, spec["components"]["schemas"][name])
        for spec in SPECS.values()
        if name in spec["components"]["schemas"]
    ]
    return found


def python_type(spec: Spec, node: dict[str, Any], at: tuple[str, str]) -> Any:
    """Return the Python type for the values of a schema."""
    reference = node.get("$ref", "").rpartition("/")[2]
    schema = specs.follow(spec, node)
    made: Any
    if "oneOf" in schema:
        made = Union[tuple(python_type(spec, each, at) for each in schema["oneOf"])]  # noqa: UP007
    elif reference in TYPED:
        made = TYPED[reference]
    elif schema["type"] == "array":
        made = list[python_type(spec, schema["items"], at)]  # type: ignore[misc]
    elif schema["type"] in SCALARS:
        made = SCALARS[schema["type"]]
    elif "properties" in schema:
        made = INLINE[at]
    else:
        values = schema["additionalProperties"]
        made = dict[str, Any if values is True else python_type(spec, values, at)]  # type: ignore[misc]
    return made | None if schema.get("nullable") else made


def fields_of(typed: Any) -> tuple[dict[str, Any], set[str]]:
    """Return the types of a ``TypedDict``'s keys, and the required keys.

    ``__required_keys__`` is wrong where annotations are strings.
    """
    hints = get_type_hints(typed, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    return (
        {name: get_args(hint)[0] if name in optional else hint for name, hint in hints.items()},
        hints.keys() - optional,
    )


def complaints(name: str, typed: Any, spec: Spec, schema: dict[str, Any]) -> list[str]:
    """Return the differences between a ``TypedDict`` and a schema."""
    hints, required = fields_of(typed)
    properties = schema["properties"]
    found = [f"{key} is not in the schema" for key in hints.keys() - properties.keys()]
    found += [f"{key} is missing" for key in properties.keys() - hints.keys()]
    found += [f"{key}: not required by both" for key in required ^ set(schema.get("required", []))]
    for key in hints.keys() & properties.keys():
        wanted = python_type(spec, properties[key], (name, key))
        if hints[key] != wanted:
            found.append(f"{key} is {hints[key]}, and should be {wanted}")
    return sorted(found)


@pytest.mark.parametrize("name", sorted(TYPED.keys() - OURS.keys()))
def test_typed_dict_equals_its_schema(name: str) -> None:
    assert complaints(name, TYPED[name], *schema_of(name)) == []


@pytest.mark.parametrize(("schema", "field"), INLINE)
def test_typed_dict_equals_an_inline_schema(schema: str, field: str) -> None:
    spec, node = schema_of(schema)
    inline = node["properties"][field]
    assert complaints(f"{schema}.{field}", INLINE[schema, field], spec, inline) == []


def test_every_schema_of_an_answer_is_typed() -> None:
    schemas = {
        name
        for spec in SPECS.values()
        for place in specs.operations(spec)
        for content in specs.response_contents(spec, place)
        for _, node in specs.walk(spec, content.schema)
        for name, schema in spec["components"]["schemas"].items()
        if node is schema
    }
    assert schemas - TYPED.keys() == NOT_TYPED.keys()
    assert not schemas & OURS.keys()


def test_typed_dicts_are_exported_and_documented() -> None:
    assert set(types.__all__) >= TYPED.keys()
    assert [name for name, typed in TYPED.items() if not inspect.getdoc(typed)] == []


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("icon", {"type": "string"}, "icon is missing"),
    ("podName", {"type": "integer"}, "podName is <class 'str'>, and should be <class 'int'>"),
    ("podName", {"type": "string", "nullable": True}, "should be str | None"),
    ("isOnline", {"type": "array", "items": {"type": "boolean"}}, "should be list[bool]"),
]


@pytest.mark.parametrize(("field", "schema", "complaint"), BROKEN)
def test_changed_schema_fails(field: str, schema: dict[str, Any], complaint: str) -> None:
    spec = specs.load("hub")
    details = spec["components"]["schemas"]["PodDetails"]
    details["properties"][field] = schema
    [found] = complaints("PodDetails", types.PodDetails, spec, details)
    assert complaint in found


def test_changed_requirement_fails() -> None:
    spec = specs.load("hub")
    details = spec["components"]["schemas"]["PodDetails"]
    details["required"] = ["podName", "isOnline"]
    del details["properties"]["description"]
    assert complaints("PodDetails", types.PodDetails, spec, details) == [
        "description is not in the schema",
        "isOnline: not required by both",
        "podIdentifier: not required by both",
    ]
