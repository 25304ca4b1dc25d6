"""The specs as the contract tests read them: parsed, with merged ``allOf`` of schemas."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from openapi_schema_validator import OAS30Validator
from schema_meaning import flat
from spec_defaults import METHODS
from spec_files import line_of, read

FOLDER = Path(__file__).parents[2] / "openapi"
PACKAGES = {
    "hub": "bitfount_api._generated.hub",
    "access_manager": "bitfount_api._generated.access_manager",
    "smart_on_fhir": "bitfount_api._generated.smart_on_fhir",
}
NAMES = (*PACKAGES, "oauth")

Spec = dict[str, Any]


@cache
def _load(name: str) -> Spec:
    spec: Spec = read(FOLDER / f"{name}.yaml").spec
    # So that the tests find all properties of a schema in one place.
    schemas = spec.get("components", {}).get("schemas", {})
    parts = [part for schema in schemas.values() for part in schema.get("allOf", ())]
    schemas.update({each: flat(spec, schema) for each, schema in schemas.items()})
    for part in parts:
        if "$ref" in part and f"'{part['$ref']}'" not in str(spec):
            schemas.pop(part["$ref"].rpartition("/")[2], None)
    return spec


def load(name: str) -> Spec:
    """Return a copy of a spec, which the caller may change."""
    return copy.deepcopy(_load(name))


def frozen() -> Spec:
    """Return a copy of a part of the Hub's spec that does not change, for tests of tools."""
    return copy.deepcopy(_load("../tests/data/frozen-hub"))


class Place(NamedTuple):
    """An operation and its place in the spec."""

    path: str
    method: str
    operation: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations(spec: Spec) -> Iterator[Place]:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield Place(path, method, item[method])


def source(name: str, place: Place) -> str:
    """Return the file and the line of an operation, as ``file:line``."""
    line = line_of(read(FOLDER / f"{name}.yaml").tree, ("paths", place.path, place.method))
    return f"openapi/{name}.yaml:{line}"


def follow(spec: Spec, node: dict[str, Any]) -> dict[str, Any]:
    """Return a node, or the node that it refers to."""
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def parameters(spec: Spec, place: Place) -> list[dict[str, Any]]:
    shared = spec["paths"][place.path].get("parameters", [])
    return [follow(spec, each) for each in (*shared, *place.operation.get("parameters", []))]


def responses(spec: Spec, place: Place) -> dict[str, dict[str, Any]]:
    return {
        status: follow(spec, node) for status, node in place.operation.get("responses", {}).items()
    }


def credentials(spec: Spec, place: Place) -> list[dict[str, list[str]]]:
    """Return the alternative credentials of an operation; empty for no credentials."""
    stated: list[dict[str, list[str]]] = spec.get("security", [])
    return place.operation.get("security", stated) or []


class Content(NamedTuple):
    """The schema of a body or a parameter, and its examples."""

    name: str
    """The place in the spec, for complaints."""
    schema: dict[str, Any]
    examples: list[Any]


def body_contents(spec: Spec, place: Place) -> list[Content]:
    """Return the contents of the operation's request body, by media type."""
    body = follow(spec, place.operation.get("requestBody", {}))
    return [_content("request", kind, media) for kind, media in body.get("content", {}).items()]


def response_contents(spec: Spec, place: Place) -> list[Content]:
    """Return the contents of the operation's answers, by status and media type."""
    return [
        _content(status, kind, media)
        for status, response in responses(spec, place).items()
        for kind, media in response.get("content", {}).items()
    ]


def parameter_contents(spec: Spec, place: Place) -> list[Content]:
    return [
        _content(f"parameter {each.get('name')}", each.get("in", ""), each)
        for each in parameters(spec, place)
    ]


def header_contents(spec: Spec, place: Place) -> list[Content]:
    return [
        _content(f"{status} header {name}", "", follow(spec, header))
        for status, response in responses(spec, place).items()
        for name, header in response.get("headers", {}).items()
    ]


def contents(spec: Spec, place: Place) -> list[Content]:
    """Return everything in the operation that has a schema."""
    return [
        *parameter_contents(spec, place),
        *body_contents(spec, place),
        *response_contents(spec, place),
        *header_contents(spec, place),
    ]


def _content(where: str, kind: str, media: dict[str, Any]) -> Content:
    examples = [media["example"]] if "example" in media else []
    examples += [each["value"] for each in media.get("examples", {}).values()]
    return Content(f"{where} {kind}".strip(), media.get("schema", {}), examples)


def walk(spec: Spec, schema: dict[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a schema and its nested schemas, each once, with their places."""
    seen: set[int] = set()

    def go(node: dict[str, Any], at: str) -> Iterator[tuple[str, Any]]:
        node = follow(spec, node)
        if id(node) in seen:
            return
        seen.add(id(node))
        yield at, node
        for name, each in node.get("properties", {}).items():
            yield from go(each, f"{at}.{name}")
        if "items" in node:
            yield from go(node["items"], f"{at}[]")
        if isinstance(node.get("additionalProperties"), dict):
            yield from go(node["additionalProperties"], f"{at}.*")
        for word in ("oneOf", "anyOf", "allOf"):
            for number, each in enumerate(node.get(word, [])):
                yield from go(each, f"{at}/{word}{number}")

    yield from go(schema, where)


def violations(spec: Spec, schema: dict[str, Any], value: Any, *, strict: bool = True) -> list[str]:
    """Return what is wrong with a value; if strict, also each field not named by the schema."""
    components = spec.get("components", {})
    document = {"components": components, "allOf": [schema]}
    if strict:
        document = _closed(document)
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}".removeprefix(": ")
        for error in OAS30Validator(document).iter_errors(value)
    ]


def _closed(node: Any) -> Any:
    """Return a copy in which objects accept only the fields that they name."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    copied = {name: _closed(each) for name, each in node.items()}
    if node.get("type") == "object" and "properties" in node:
        copied.setdefault("additionalProperties", False)
    return copied
