"""Write schemas in one way: without defaults, and in the manner of OpenAPI 3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from changes import DOCUMENTATION
from spec_copies import Copier, without

if TYPE_CHECKING:
    from spec_nodes import Location, Node

ANNOTATIONS = frozenset({"default", "readOnly", "writeOnly"})
"""Keywords that say how a field is used, not which values it has."""
GUARANTEED = "x-required-on-success"
"""The fields that an answer has unless its field ``success`` is false, which is an error."""

_SCHEMA_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs")
_SCHEMA_LISTS = ("allOf", "oneOf", "anyOf", "prefixItems")
_SCHEMAS_OR_FALSE = ("additionalProperties", "unevaluatedItems", "unevaluatedProperties")
_SCHEMAS = (
    *("items", "not", "contains", "propertyNames", "if", "then", "else", "contentSchema"),
    *_SCHEMAS_OR_FALSE,
)
_NO_MAPPING: Node = {}
_SCHEMA_DEFAULTS: Node = {
    **dict.fromkeys(("nullable", "deprecated", "readOnly", "writeOnly", "uniqueItems"), False),
    **dict.fromkeys(("minLength", "minItems", "minProperties"), 0),
    **dict.fromkeys((*_SCHEMA_MAPS, "dependentRequired", "xml"), _NO_MAPPING),
    **dict.fromkeys((*_SCHEMAS_OR_FALSE, "items", "propertyNames"), _NO_MAPPING),
    "required": [],
    "minContains": 1,
}


class SchemaCopier(Copier):
    """Copies schemas of one spec."""

    def schema(self, value: Any, at: Location) -> Node:
        """Return the same schema, without defaults, in the manner of OpenAPI 3.1."""
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        node = self.node(value, at)
        if "$ref" in node and self.is_3_0:
            return {"$ref": node["$ref"]}  # OpenAPI 3.0 ignores everything beside a reference.
        for key in _SCHEMA_MAPS:
            self.map(node, key, self.schema, at)
        for key in _SCHEMA_LISTS:
            self.list(node, key, self.schema, at)
        for key in _SCHEMAS:
            if key in node and not (key in _SCHEMAS_OR_FALSE and node[key] is False):
                node[key] = self.schema(node[key], (*at, key))
        _without_keywords_without_effect(node)
        node = without(node, _SCHEMA_DEFAULTS)
        return _as_in_3_1(node) if self.is_3_0 else _reference_alone(node)


def _without_keywords_without_effect(node: Node) -> None:
    if "if" not in node or not ("then" in node or "else" in node):
        for key in ("if", "then", "else"):
            node.pop(key, None)
    if "contains" not in node:
        for key in ("minContains", "maxContains"):
            node.pop(key, None)
    if "xml" in node:
        node["xml"] = without(node["xml"], {"attribute": False, "wrapped": False})
    if "discriminator" in node:
        mapping = node["discriminator"].get("mapping", {})
        stated = {k: ref for k, ref in mapping.items() if ref.rpartition("/")[2] != k}
        discriminator = {**node["discriminator"], "mapping": stated}
        node["discriminator"] = without(discriminator, {"mapping": {}})
    if "const" in node and "enum" not in node:
        node["enum"] = [node.pop("const")]


def _reference_alone(node: Node) -> Node:
    """Return a reference in 3.1 as part of ``allOf`` if other keywords restrict it further."""
    beside = {k for k in node if k not in ("$ref", *DOCUMENTATION) and not k.startswith("x-")}
    if "$ref" not in node or not beside:
        return node
    reference = {"$ref": node.pop("$ref")}
    return {**node, "allOf": [reference, *node.get("allOf", [])]}


def _as_in_3_1(node: Node) -> Node:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and bound in node:
            node[exclusive] = node.pop(bound)
    if not node.pop("nullable", False):
        return node
    if "type" in node:
        return {**node, "type": [node["type"], "null"]}
    # The standard gives null no effect here, but whoever writes it means that null is possible.
    word = next((each for each in ("oneOf", "anyOf") if each in node), None)
    if word:
        return {**node, word: [*node[word], {"type": "null"}]}
    if "allOf" not in node:
        return node  # Anything is allowed anyway.
    outside = {k: each for k, each in node.items() if k in DOCUMENTATION | ANNOTATIONS}
    inside = {k: each for k, each in node.items() if k not in outside}
    value = inside["allOf"][0] if len(inside) == len(inside["allOf"]) == 1 else inside
    return {**outside, "anyOf": [value, {"type": "null"}]}
