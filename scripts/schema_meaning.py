"""What a schema allows: its types, values and bounds, and the forms of its values."""

from __future__ import annotations

from typing import Any

from changes import DOCUMENTATION, dump, same
from schema_defaults import ANNOTATIONS, GUARANTEED
from spec_nodes import InvalidSpecError, Node, follow

LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
BESIDE_FORMS = ANNOTATIONS | {"discriminator"}
"""Keywords of a schema with alternatives that do not belong to each of them."""


def flat(spec: Node, node: Node, around: tuple[int, ...] = ()) -> Node:
    """Return a schema with its reference resolved and its ``allOf`` merged.

    Raises:
        InvalidSpecError: If the schema is a part of itself.
    """
    node = follow(spec, node)
    if "allOf" not in node:
        return node
    if id(node) in around:
        raise InvalidSpecError("a schema is a part of itself, through allOf")
    merged: Node = {}
    own = {key: value for key, value in node.items() if key != "allOf"}
    for each in (*(flat(spec, each, (*around, id(node))) for each in node["allOf"]), own):
        for key, value in each.items():
            merged[key] = _both(key, merged[key], value) if key in merged else value
    return merged


def _both(key: str, first: Any, second: Any) -> Any:
    """Return a keyword's value for the conjunction of two schemas."""
    if key in ("required", GUARANTEED):
        return sorted({*first, *second})
    if same(first, second) or key in DOCUMENTATION or key.startswith("x-"):
        return second
    if key == "properties":
        twice = {name: _all_of(first[name], second[name]) for name in first.keys() & second}
        return {**first, **second, **twice}
    if key == "type":
        wide, narrow = _set(first), _set(second)
        return sorted(each for each in wide | narrow if _has(wide, each) and _has(narrow, each))
    if key == "enum":
        return [each for each in first if any(same(each, other) for other in second)]
    if key in LEAST:
        return max(first, second)
    if key in MOST:
        return min(first, second)
    if key in ("items", "additionalProperties"):
        return False if False in (first, second) else _all_of(first, second)
    if key in ("oneOf", "anyOf"):
        return [_all_of(one, other) for one in first for other in second]
    if key in ("readOnly", "writeOnly", "uniqueItems"):
        return True
    if key == "default":
        return second
    # Nothing is known of the combination. It changes if one of its parts does.
    return sorted([dump(first), dump(second)])


def _all_of(first: Node, second: Node) -> Node:
    return first if same(first, second) else {"allOf": [first, second]}


def _set(stated: str | list[str]) -> frozenset[str]:
    return frozenset({stated} if isinstance(stated, str) else stated)


def _has(types: frozenset[str], each: str) -> bool:
    """Return whether all values of a type are also values of these types."""
    return each in types or (each == "integer" and "number" in types)


def types_of(schema: Node) -> frozenset[str] | None:
    """Return the types that a schema allows, including null, or None if it allows any."""
    return _set(schema["type"]) if "type" in schema else None


def accepts(types: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether values of all the other types are also values of these types."""
    return all(_has(types, each) for each in others)


def bound_of(schema: Node, inclusive: str, exclusive: str) -> tuple[float, bool] | None:
    """Return the stricter of two bounds, and whether the value itself is outside; None if neither.

    Both bounds are lower ones or both are upper ones.
    """
    sign = 1 if inclusive in LEAST else -1
    stated = [(schema[k], k == exclusive) for k in (inclusive, exclusive) if k in schema]
    return max(stated, key=lambda bound: (sign * bound[0], bound[1]), default=None)


def forms_of(spec: Node, schema: Node, around: tuple[int, ...] = ()) -> list[Node]:
    """Return the alternatives of a schema: of ``oneOf`` or ``anyOf``, or else one for each type.

    Raises:
        InvalidSpecError: If an alternative of a schema is the schema itself.
    """
    word = next((each for each in ("oneOf", "anyOf") if each in schema), None)
    if word is None:
        return _form_of_each_type(schema)
    if id(schema[word]) in around:
        raise InvalidSpecError("a schema is an alternative of itself")
    rest = {word, *BESIDE_FORMS, *DOCUMENTATION}
    common = {
        k: each
        for k, each in schema.items()
        if k not in rest and (k == GUARANTEED or not k.startswith("x-"))
    }
    forms: list[Node] = []
    for each in schema[word]:
        form = _all_of(common, each) if common else each
        inner = forms_of(spec, flat(spec, form), (*around, id(schema[word])))
        forms += inner if len(inner) > 1 else [form]
    return forms


def _form_of_each_type(schema: Node) -> list[Node]:
    types = types_of(schema)
    if types is None or len(types) < 2:
        return [schema]
    return [
        {"type": "null"} if each == "null" else {**schema, "type": each} for each in sorted(types)
    ]
