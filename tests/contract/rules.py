"""Rules for the operations of every spec; those for schemas are in schema_rules.

Each rule takes a parsed spec and returns a complaint for each breach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from contract import specs
from contract.specs import Place, Spec
from contract.wire_rows import ROWS, ROWS_PLACE
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

Rule = Callable[[Spec], list[str]]

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")


def rows_of(place: Place) -> list[str]:
    """Return the names of the rows that an operation says it states."""
    source = place.operation.get("x-source") or []
    return [source] if isinstance(source, str) else list(source)


def valid(spec: Spec) -> list[str]:
    """Require an OpenAPI 3.0.3 or 3.1 document."""
    version = str(spec.get("openapi"))
    if version != "3.0.3" and not version.startswith("3.1."):
        return [f"openapi is {version}, neither 3.0.3 nor 3.1"]
    kind = OpenAPIV30SpecValidator if version == "3.0.3" else OpenAPIV31SpecValidator
    return [error.message.partition("\n")[0] for error in kind(spec).iter_errors()]


def operation_ids(spec: Spec) -> list[str]:
    """Require a unique operationId: the generator would overwrite operations silently."""
    places = list(specs.operations(spec))
    ids = Counter(place.operation.get("operationId") for place in places)
    complaints = [f"operationId {each} is used {n} times" for each, n in ids.items() if n > 1]
    return complaints + [
        f"{place}: operationId {place.operation.get('operationId')} is not in snake_case"
        for place in places
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*", place.operation.get("operationId", ""))
    ]


def documented(spec: Spec) -> list[str]:
    """Require one tag with an explanation, a summary and a description for each operation."""
    tags = {tag["name"] for tag in spec.get("tags", []) if tag.get("description")}
    taken = {tag for place in specs.operations(spec) for tag in place.operation.get("tags", [])}
    complaints = [f"tag {tag} is not used: delete it" for tag in sorted(tags - taken)]
    for place in specs.operations(spec):
        complaints += [
            f"{place} has no {word}"
            for word in ("summary", "description")
            if not place.operation.get(word, "").strip()
        ]
        if place.operation.get("summary", "").endswith("."):
            complaints.append(f"{place}: the summary is a title, without a full stop")
        used = place.operation.get("tags", [])
        if len(used) != 1 or not tags.issuperset(used):
            complaints.append(f"{place} needs one tag that the spec explains, not {used}")
        complaints += [
            f"{place}: parameter {each.get('name')} has no description"
            for each in specs.parameters(spec, place)
            if not each.get("description")
        ]
    return complaints


def sources(spec: Spec) -> list[str]:
    """Require that each operation names its row of the wire contract, and states it."""
    complaints = []
    for place in specs.operations(spec):
        rows = rows_of(place)
        if not rows:
            complaints.append(f"{place} has no x-source: name its row of {ROWS_PLACE}")
        for row in rows:
            if row not in ROWS:
                complaints.append(f"{place}: there is no row {row!r}: write it at {ROWS_PLACE}")
            elif str(place) not in ROWS[row].requests:
                complaints.append(f"{place} is not a request of row {row!r}")
    return complaints


def security(spec: Spec) -> list[str]:
    """Require stated credentials: pairs of API keys, a bearer token, or explicitly none."""
    schemes = spec.get("components", {}).get("securitySchemes", {})
    complaints = [] if "security" in spec else ["the spec does not say which credentials it takes"]
    for place in specs.operations(spec):
        wanted = specs.credentials(spec, place)
        for alternative in wanted:
            complaints += [
                f"{place}: security scheme {name} is not declared"
                for name in alternative
                if name not in schemes
            ]
        taken = sorted(sorted(alternative) for alternative in wanted)
        if taken not in ([], [["apiKey", "apiKeyId"], ["bearer"]]):
            complaints.append(f"{place} takes {taken}: not a pair of API keys or a bearer token")
        rows = [ROWS[name] for name in rows_of(place) if name in ROWS]
        if any(row.secured != bool(wanted) for row in rows):
            complaints.append(f"{place} is wrong about whether it takes credentials")
    return complaints


def no_default_responses(spec: Spec) -> list[str]:
    """Forbid default responses: the generator would treat them as a success."""
    return [
        f"{place} has a default response"
        for place in specs.operations(spec)
        if "default" in place.operation.get("responses", {})
    ]


def error_responses(spec: Spec) -> list[str]:
    """Require a success, and the errors of an operation of its form, documented as JSON."""
    complaints = []
    for place in specs.operations(spec):
        responses = specs.responses(spec, place)
        bodies = [content.name for content in specs.body_contents(spec, place)]
        given = specs.parameters(spec, place)
        wanted = {"429", "500", "503"}
        if specs.credentials(spec, place):
            wanted |= {"401", "403"}
        if given or bodies:
            wanted |= {"400"}
        if any(each["in"] == "path" for each in given):
            wanted |= {"404"}
        if any("json" in name for name in bodies):
            wanted |= {"422"}
        complaints += [
            f"{place} does not document {status}" for status in sorted(wanted - responses.keys())
        ]
        if not any(status.startswith("2") for status in responses):
            complaints.append(f"{place} documents no success")
        for status, response in responses.items():
            if "application/json" not in response.get("content", {}):
                complaints.append(f"{place}: {status} has no JSON body")
            if status in ("429", "503") and "Retry-After" not in response.get("headers", {}):
                complaints.append(f"{place}: {status} does not mention Retry-After")
    return complaints


def bodies_required(spec: Spec) -> list[str]:
    """Require ``required`` bodies: an optional body becomes an optional argument."""
    return [
        f"{place}: its body is not required"
        for place in specs.operations(spec)
        if "requestBody" in place.operation
        and not specs.follow(spec, place.operation["requestBody"]).get("required")
    ]


def components_used(spec: Spec) -> list[str]:
    """Forbid unused components: they are out of date, or a mistake."""
    text = repr(spec)
    return [
        f"components/{kind}/{name} is not used"
        for kind, members in spec.get("components", {}).items()
        if kind != "securitySchemes"
        for name in members
        if f"'#/components/{kind}/{name}'" not in text
    ]


def versions(spec: Spec) -> list[str]:
    """Require the form of a version of the official SDK in each ``x-since``: ``"13.0"``."""

    def walk(node: Any, at: str) -> Iterator[str]:
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for name, each in pairs:
            if name == "x-since" and not (isinstance(each, str) and _VERSION.fullmatch(each)):
                yield f"{at}: x-since is {each!r}, not a version as text, such as '13.0'"
            if isinstance(each, dict | list):
                yield from walk(each, f"{at}/{name}")

    return list(walk(spec, "#"))


RULES: tuple[Rule, ...] = (
    valid,
    operation_ids,
    documented,
    sources,
    security,
    no_default_responses,
    error_responses,
    bodies_required,
    components_used,
    versions,
)
