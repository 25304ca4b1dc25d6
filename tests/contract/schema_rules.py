"""Rules for the schemas and examples of every spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from contract import specs
from contract.rules import Rule
from contract.specs import Content, Place, Spec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    load_pem_public_key,
    load_ssh_public_key,
)


def no_parameter_defaults(spec: Spec) -> list[str]:
    """Forbid defaults of parameters: the client would always send them."""
    return [
        f"{place}: parameter {each.get('name')} has a default"
        for place in specs.operations(spec)
        for each in specs.parameters(spec, place)
        if any("default" in node for _, node in specs.walk(spec, each.get("schema", {})))
    ]


def _complain(
    spec: Spec,
    contents: Callable[[Spec, Place], Iterable[Content]],
    of: Callable[[dict[str, Any]], str | None],
) -> list[str]:
    """Return a function's complaints about the nodes of some schemas of all operations."""
    return [
        f"{place}: {at} {complaint}"
        for place in specs.operations(spec)
        for content in contents(spec, place)
        for at, node in specs.walk(spec, content.schema, content.name)
        if (complaint := of(node))
    ]


def open_enums(spec: Spec) -> list[str]:
    """Forbid closed enums in answers: they fail on the first value that a service adds."""
    return _complain(
        spec,
        specs.response_contents,
        lambda node: "is a closed enum" if "enum" in node or "const" in node else None,
    )


def open_objects(spec: Spec) -> list[str]:
    """Forbid closed objects in answers, since services add fields."""
    return _complain(
        spec,
        specs.response_contents,
        lambda node: "is a closed object" if node.get("additionalProperties") is False else None,
    )


def typed_schemas(spec: Spec) -> list[str]:
    """Require a type for each schema, and fields for each object: the generator drops others."""

    def complaint(node: dict[str, Any]) -> str | None:
        if any(word in node for word in ("oneOf", "anyOf", "allOf")):
            return None
        if "type" not in node:
            return "has no type"
        if node["type"] == "object" and not {"properties", "additionalProperties"} & node.keys():
            return "is an object of which nothing is said"
        return None

    return _complain(spec, specs.contents, complaint)


def no_unions_of_objects(spec: Spec) -> list[str]:
    """Forbid unions of objects in answers: the generator would decode by trial and error."""

    def complaint(node: dict[str, Any]) -> str | None:
        if "discriminator" in node:
            return "has a discriminator"
        members = [
            specs.follow(spec, each) for word in ("oneOf", "anyOf") for each in node.get(word, [])
        ]
        objects = sum(each.get("type") == "object" for each in members)
        return "is a union of objects" if objects > 1 else None

    return _complain(spec, specs.response_contents, complaint)


def examples(spec: Spec) -> list[str]:
    """Require an example for everything, valid for its own schema and without unknown fields."""
    complaints = []
    for place in specs.operations(spec):
        for content in specs.contents(spec, place):
            if not content.examples:
                complaints.append(f"{place}: {content.name} has no example")
            complaints += [
                f"{place}: example of {content.name}: {violation}"
                for example in content.examples
                for violation in specs.violations(spec, content.schema, example)
            ]
    return complaints


def keys_parse(spec: Spec) -> list[str]:
    """Require keys and certificates in examples that can be read: mock servers return them."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (text for each in value.values() for text in texts(each))
        elif isinstance(value, list):
            yield from (text for each in value for text in texts(each))
        elif isinstance(value, str):
            yield value

    def complaint(text: str) -> str | None:
        readers = [read for start, read in READERS.items() if text.startswith(start)]
        try:
            for read in readers:
                read(text.encode())
        except ValueError as error:
            return str(error)
        return None if readers or "-----BEGIN" not in text else "it is of an unknown kind"

    return [
        f"{place}: example of {content.name}: {text[:40]!r} cannot be read: {found}"
        for place in specs.operations(spec)
        for content in specs.contents(spec, place)
        for example in content.examples
        for text in texts(example)
        if (found := complaint(text))
    ]


READERS: dict[str, Callable[[bytes], object]] = {
    "ssh-": load_ssh_public_key,
    "-----BEGIN PUBLIC KEY-----": load_pem_public_key,
    "-----BEGIN CERTIFICATE-----": x509.load_pem_x509_certificate,
    "-----BEGIN CERTIFICATE REQUEST-----": x509.load_pem_x509_csr,
}
"""The function that reads a text, by its start."""


def every_field_shown(spec: Spec) -> list[str]:
    """Require that the examples together show every field, for tests that walk the examples."""
    shown: dict[int, set[str]] = {}
    names: dict[int, tuple[str, set[str]]] = {}

    def go(schema: dict[str, Any], value: Any, at: str) -> None:
        schema = specs.follow(spec, schema)
        for each in (*schema.get("oneOf", []), *schema.get("anyOf", [])):
            if not specs.violations(spec, each, value):
                go(each, value, at)
        if isinstance(value, list):
            for entry in value:
                go(schema.get("items", {}), entry, f"{at}[]")
        if isinstance(value, dict):
            fields = schema.get("properties", {})
            names.setdefault(id(schema), (at, set(fields)))
            shown.setdefault(id(schema), set()).update(value)
            others = schema.get("additionalProperties")
            for name, entry in value.items():
                at_entry = f"{at}.{name}"
                go(
                    fields.get(name) or (others if isinstance(others, dict) else {}),
                    entry,
                    at_entry,
                )

    for place in specs.operations(spec):
        for content in specs.contents(spec, place):
            for example in content.examples:
                go(content.schema, example, f"{place}: {content.name}")
    return [
        f"{at}: no example shows {name}"
        for key, (at, fields) in names.items()
        for name in sorted(fields - shown[key])
    ]


RULES: tuple[Rule, ...] = (
    no_parameter_defaults,
    open_enums,
    open_objects,
    typed_schemas,
    no_unions_of_objects,
    examples,
    keys_parse,
    every_field_shown,
)
