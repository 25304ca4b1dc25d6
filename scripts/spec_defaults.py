"""Write specs in one way: without what OpenAPI says by default.

Covers the defaults of OpenAPI 3.0.3 and 3.1. Of two ways to say the same, one is used: ``nullable``
and boolean ``exclusiveMinimum`` of 3.0 become what 3.1 has instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema_defaults import SchemaCopier
from spec_copies import without
from spec_nodes import Location, Node, follow

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SPEC_DEFAULTS = {"jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base"}
_FLAGS: Node = dict.fromkeys(("required", "deprecated", "allowEmptyValue", "allowReserved"), False)
_STYLES = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
_STYLE_KEYWORDS = ("style", "explode", "allowReserved")
_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_PRIMITIVES = ("string", "integer", "number", "boolean")


def without_defaults(spec: Node) -> Node:
    """Return a copy of a spec without the keywords that say what applies anyway.

    Raises:
        InvalidSpecError: If a node has the wrong kind or a reference leads nowhere.
    """
    return _SpecCopier(spec).spec()


class _SpecCopier(SchemaCopier):
    """Copies everything around the schemas of one spec."""

    def spec(self) -> Node:
        node = without(self.node(self.source, ()), _SPEC_DEFAULTS)
        self.map(node, "paths", self._path, ())
        self.map(node, "webhooks", self._path, ())
        components = self.node(node.get("components", {}), ("components",))
        for key, write in {
            "schemas": self.schema,
            "responses": self._answer,
            "parameters": self._parameter,
            "requestBodies": self._body,
            "headers": self._header,
            "callbacks": self._callback,
            "pathItems": self._path,
            "securitySchemes": self.node,
            "links": self.node,
            "examples": self.node,
        }.items():
            self.map(components, key, write, ("components",))
        return {**node, "components": components}

    def _path(self, value: Any, at: Location) -> Node:
        node = self.node(value, at)
        self.list(node, "parameters", self._parameter, at)
        for method in METHODS:
            if method in node:
                node[method] = self._operation(node[method], (*at, method))
        return node

    def _operation(self, value: Any, at: Location) -> Node:
        node = without(self.node(value, at), {"deprecated": False, "callbacks": {}})
        self.list(node, "parameters", self._parameter, at)
        if "requestBody" in node:
            node["requestBody"] = self._body(node["requestBody"], (*at, "requestBody"))
        self.map(node, "callbacks", self._callback, at)
        self.map(node, "responses", self._answer, at)
        if "responses" in node:
            # "default" is the only name that is not a status.
            node["responses"] = {
                str(status).replace("x", "X"): each for status, each in node["responses"].items()
            }
        return node

    def _callback(self, value: Any, at: Location) -> Node:
        node = self.node(value, at)
        if "$ref" in node:
            return node
        return {name: self._path(each, (*at, name)) for name, each in node.items()}

    def _parameter(self, value: Any, at: Location) -> Node:
        return self._styled(value, at, lambda node: _STYLES.get(node.get("in", "")))

    def _header(self, value: Any, at: Location) -> Node:
        return self._styled(value, at, lambda _: "simple")

    def _styled(self, value: Any, at: Location, style: Callable[[Node], str | None]) -> Node:
        """Copy a parameter or a header, with the style that applies."""
        node = without(self.node(value, at), _FLAGS)
        if "$ref" in node:
            return node
        self.map(node, "content", self._media, at)
        if "schema" in node:
            node["schema"] = self.schema(node["schema"], (*at, "schema"))
            node.setdefault("style", style(node))
            node.setdefault("explode", node["style"] == "form")
            if self._is_primitive(node["schema"]):
                del node["explode"]  # It affects only arrays and objects.
        return node

    def _is_primitive(self, schema: Node) -> bool:
        stated = follow(self.source, schema).get("type")
        types = stated if isinstance(stated, list) else [stated]
        return all(each in (*_PRIMITIVES, "null") for each in types)

    def _body(self, value: Any, at: Location) -> Node:
        node = without(self.node(value, at), {"required": False})
        self._contents(node, at)
        return node

    def _answer(self, value: Any, at: Location) -> Node:
        node = without(self.node(value, at), {"headers": {}, "links": {}})
        self.map(node, "headers", self._header, at)
        self._contents(node, at)
        return node

    def _contents(self, node: Node, at: Location) -> None:
        self.map(node, "content", self._media, at)
        if "content" in node:
            contents = node["content"]
            # Names of media types are not case-sensitive.
            node["content"] = {k.lower().replace(" ", ""): each for k, each in contents.items()}
            for kind, media in node["content"].items():
                if not kind.startswith(_FORMS):
                    media.pop("encoding", None)

    def _media(self, value: Any, at: Location) -> Node:
        node = self.node(value, at)
        if "schema" in node:
            node["schema"] = self.schema(node["schema"], (*at, "schema"))
        self.map(node, "encoding", self._encoding, at)
        fields = follow(self.source, node.get("schema", {})).get("properties", {})
        encodings = {
            name: without(each, {"contentType": self._content_type(fields.get(name, {}))})
            for name, each in node.get("encoding", {}).items()
        }
        if "encoding" in node:
            node["encoding"] = {name: each for name, each in encodings.items() if each}
        return without(node, {"encoding": {}})

    def _encoding(self, value: Any, at: Location) -> Node:
        node = self.node(value, at)
        self.map(node, "headers", self._header, at)
        if self.is_3_0:  # In 3.1, stating them disables ``contentType``.
            style = node.get("style", "form")
            defaults = ("form", style == "form", False)
            node = without(node, dict(zip(_STYLE_KEYWORDS, defaults, strict=True)))
        return without(node, {"headers": {}})

    def _content_type(self, schema: Node) -> str | None:
        """Return the default media type of a form's field, or None if it is not clear."""
        schema = follow(self.source, schema)
        kind = schema.get("type")
        if kind == "array":
            return self._content_type(schema.get("items", {}))
        if kind == "object":
            return "application/json"
        if kind == "string" and ("contentEncoding" in schema or schema.get("format") == "binary"):
            return "application/octet-stream"
        return "text/plain" if kind in _PRIMITIVES else None
