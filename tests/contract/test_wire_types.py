"""The generated ``TypedDict``s are those that the public API needs, and fit the answers."""

from __future__ import annotations

import inspect
import pickle
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from contract import specs
from contract.editing import put
from contract.specs import Content
from support.places import ROOT, fail_with, place

from bitfount_api import types

SPECS = {name: specs.load(name) for name in specs.NAMES}

TYPED = {
    name: getattr(types, name)
    for name in types.__all__
    if typing.is_typeddict(getattr(types, name))
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


def answers(loaded: dict[str, specs.Spec] = SPECS) -> Iterator[tuple[str, str, Content]]:
    """Yield all answers that have a body, with the spec and the operation."""
    for name, spec in loaded.items():
        for operation in specs.operations(spec):
            for content in specs.response_contents(spec, operation):
                yield name, operation.operation["operationId"], content


def type_of(schema: dict[str, Any]) -> Any:
    """Return the public type of an answer; None if it has none."""
    if schema.get("type") == "array":
        inner = type_of(schema["items"])
        return list[inner] if inner else None  # type: ignore[valid-type]
    return TYPED.get(schema.get("$ref", "").rpartition("/")[2])


EXAMPLES = [
    pytest.param(kind, value, id=f"{operation}-{number}")
    for _, operation, content in answers()
    if (kind := type_of(content.schema))
    for number, value in enumerate(content.examples)
    if not isinstance(value, dict) or value.get("success") is not False
]


def of_answers(loaded: dict[str, specs.Spec]) -> dict[str, str]:
    """Return the schemas of answers, with the spec of each."""
    return {
        schema_name: name
        for name, _, content in answers(loaded)
        for _, node in specs.walk(loaded[name], content.schema)
        for schema_name, schema in loaded[name]["components"]["schemas"].items()
        if node is schema
    }


def untyped(loaded: dict[str, specs.Spec]) -> list[str]:
    """Return the schemas of answers without a type, and where to import each."""
    imports = "from bitfount_api._generated.types.{} import"
    return [
        f"{place('bitfount_api/types.py', imports.format(spec))}: import {name}, list it in "
        "__all__ below, and run `make generate`, which makes the types that are imported here"
        for name, spec in of_answers(loaded).items()
        if name not in TYPED.keys() | NOT_TYPED.keys()
    ]


def test_every_schema_of_an_answer_is_typed() -> None:
    fail_with(untyped(SPECS))
    schemas = of_answers(SPECS).keys()
    assert NOT_TYPED.keys() <= schemas - TYPED.keys()
    assert not schemas & OURS.keys()


def test_schema_without_a_type_is_reported() -> None:
    changed = {name: specs.load(name) for name in specs.NAMES}
    schemas = ("components", "schemas")
    put(*schemas, "New", value={"type": "object", "properties": {}})(changed["hub"])
    reference = {"$ref": "#/components/schemas/New"}
    put(*schemas, "Project", "properties", "new", value=reference)(changed["hub"])
    [complaint] = [each for each in untyped(changed) if "import New," in each]
    file, line, what = complaint.split(":", 2)
    text = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert text == "from bitfount_api._generated.types.hub import ("
    assert what.startswith(" import New, list it in __all__ below")


def test_other_types_have_no_schema() -> None:
    schemas = {name for spec in SPECS.values() for name in spec["components"]["schemas"]}
    assert TYPED.keys() - schemas == OURS.keys()


@pytest.mark.parametrize("name", TYPED)
def test_type_is_public_and_documented(name: str) -> None:
    kind = TYPED[name]
    assert repr(kind) == f"<class 'bitfount_api.types.{name}'>"
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert inspect.getdoc(kind)


@pytest.mark.parametrize(("kind", "value"), EXAMPLES)
def test_type_accepts_the_examples_of_the_spec(kind: Any, value: Any) -> None:
    assert msgspec.to_builtins(msgspec.convert(value, kind)) == value


def test_required_keys_are_known_at_run_time() -> None:
    assert types.PodDetails.__required_keys__ == {"podIdentifier", "podName"}
    assert "version" in types.ModelUpload.__required_keys__
