"""Find the changes between two schemas, and whether they break callers.

That depends on the direction. A service may accept more requests than before, but not fewer,
because existing callers still send the same. An answer may guarantee more than before, but not
less, because existing callers still read the same fields.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]


class Direction(enum.Enum):
    """Whether a schema describes a request or an answer."""

    REQUEST = "request"
    ANSWER = "answer"


@dataclasses.dataclass(frozen=True)
class Change:
    """One change.

    Args:
        breaking: Whether the change can break existing callers.
        at: Place in the operation, or the schema and field.
        what: Description of the change.
    """

    breaking: bool
    at: str
    what: str


DOCUMENTATION = frozenset(
    {"description", "summary", "title", "example", "examples", "externalDocs", "deprecated", "xml"}
)
STRUCTURE = frozenset(
    {"$ref", "type", "nullable", "enum", "const", "properties", "required", "items"}
    | {"additionalProperties", "oneOf", "anyOf", "allOf"}
)
MINIMA = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MAXIMA = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def follow(spec: Node, node: Node) -> Node:
    """Return a node, or the node that it refers to.

    Raises:
        LookupError: If the reference leads to a missing node or to another file.
    """
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            if part not in target:
                raise LookupError(f"there is nothing at {node['$ref']}")
            target = target[part]
        node = target
    return node


def flat(spec: Node, node: Node) -> Node:
    """Return a schema with its reference resolved and its ``allOf`` merged."""
    node = follow(spec, node)
    if "allOf" not in node:
        return node
    merged: Node = {}
    own = {key: value for key, value in node.items() if key != "allOf"}
    for each in (*(flat(spec, each) for each in node["allOf"]), own):
        for key, value in each.items():
            merged[key] = _both(key, merged[key], value) if key in merged else value
    return merged


def _both(key: str, first: Any, second: Any) -> Any:
    """Return a keyword's value for the conjunction of two schemas."""
    if key == "properties":
        twice = {name: {"allOf": [first[name], second[name]]} for name in first.keys() & second}
        return {**first, **second, **twice}
    if key == "required":
        return sorted({*first, *second})
    if key in MINIMA:
        return max(first, second)
    if key in MAXIMA:
        return min(first, second)
    return [each for each in first if each in second] if key == "enum" else second


def types_of(schema: Node) -> frozenset[str] | None:
    """Return the types that a schema allows, including null, or None if it allows any."""
    stated = schema.get("type")
    if stated is None:
        return None
    types = {stated} if isinstance(stated, str) else set(stated)
    return frozenset(types | {"null"} if schema.get("nullable") else types)


def values_of(schema: Node) -> list[Any] | None:
    """Return the values that a schema is limited to, or None if it has no limit."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    # Null belongs to the type, which is compared separately.
    return None if values is None else [value for value in values if value is not None]


class Comparison:
    """Compares schemas of two specs, for one direction.

    Args:
        old: The old spec.
        new: The new spec.
        direction: Whether the schemas describe requests or answers.
    """

    def __init__(self, old: Node, new: Node, direction: Direction) -> None:
        self._old = old
        self._new = new
        self._direction = direction
        self._request = direction is Direction.REQUEST
        self._active: set[tuple[int, int]] = set()

    def changes(self, old: Node, new: Node, at: str) -> list[Change]:
        """Return the changes between two schemas and their nested schemas."""
        name = new.get("$ref", "").rpartition("/")[2]
        was = old.get("$ref", "").rpartition("/")[2]
        at = f"{self._direction.value}: {name}" if name else at
        found = []
        if name and was and name != was:
            found.append(Change(False, at, f"was renamed from {was}, in generated code too"))
        pair = (id(follow(self._old, old)), id(follow(self._new, new)))
        if pair in self._active:
            return found
        self._active.add(pair)
        try:
            return [*found, *self._of(flat(self._old, old), flat(self._new, new), at)]
        finally:
            self._active.remove(pair)

    def _of(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        if any(word in schema for schema in (old, new) for word in ("oneOf", "anyOf")):
            yield from self._alternatives(old, new, at)
            return
        yield from self._types(old, new, at)
        yield from self._values(old, new, at)
        yield from self._bounds(old, new, at)
        yield from self._fields(old, new, at)
        yield from self._other_fields(old, new, at)
        if "items" in old or "items" in new:
            yield from self.changes(old.get("items", {}), new.get("items", {}), f"{at}[]")
        yield from self._unknown(old, new, at)

    def _change(self, wider: bool, at: str, what: str) -> Change:
        """Return a change that allows more or less than before, which breaks one direction."""
        return Change(wider is not self._request, at, what)

    def _types(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = types_of(old), types_of(new)
        if was == now:
            return
        if was is None or now is None:
            yield self._change(now is None, at, f"was {_list(was)}, is {_list(now)}")
            return
        if was - {"null"} == now - {"null"}:
            what = "can be null now" if "null" in now else "can no longer be null"
            yield self._change("null" in now, at, what)
            return
        what = f"was {_list(was)}, is {_list(now)}"
        if _accepts(now, was):
            yield self._change(True, at, what)
        elif _accepts(was, now):
            yield self._change(False, at, what)
        else:
            yield Change(True, at, what)

    def _values(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = values_of(old), values_of(new)
        if was is None or now is None:
            if was is not now:
                what = f"is limited to {_list(now)}" if now is not None else "is no longer limited"
                yield self._change(now is None, at, what)
            return
        if gone := [value for value in was if value not in now]:
            yield self._change(False, at, f"can no longer be {_list(gone)}")
        if added := [value for value in now if value not in was]:
            yield self._change(True, at, f"can be {_list(added)} now")

    def _bounds(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        for key in (*MINIMA, *MAXIMA, "pattern", "multipleOf", "uniqueItems"):
            was, now = old.get(key), new.get(key)
            if was == now:
                continue
            if was is None or now is None:
                wider = now is None
            elif key in MINIMA or key in MAXIMA:
                wider = (now < was) is (key in MINIMA)
            else:
                # Patterns cannot be compared, so assume that some values are no longer accepted.
                wider = False
            # Callers do not check the bounds of an answer, so changing them breaks nothing.
            breaking = self._request and not wider
            yield Change(breaking, at, f"{key} was {_text(was)}, is {_text(now)}")

    def _fields(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted({*was, *now, *needed, *needs}):
            here = f"{at}.{name}"
            if name in was and name not in now:
                yield Change(True, here, "is gone")
            elif name in now and name not in was:
                required = name in needs
                what = "is new, and required" if required else "is new"
                yield Change(required and self._request, here, what)
            else:
                if name in needs - needed:
                    yield self._change(False, here, "is required now")
                if name in needed - needs:
                    yield self._change(True, here, "is no longer required")
                yield from self.changes(was.get(name, {}), now.get(name, {}), here)

    def _other_fields(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from self.changes(was, now, f"{at}.*")
        elif (was in (True, {}) and now in (True, {})) or was == now:
            return
        elif now is False or was is False:
            # An answer may always have new fields, named or not.
            breaking = self._request and now is False
            what = "no longer accepts other fields" if now is False else "accepts other fields now"
            yield Change(breaking, at, what)
        else:
            wider = not isinstance(now, dict)
            what = "other fields can be anything now" if wider else "other fields have a type now"
            yield self._change(wider, at, what)

    def _alternatives(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = _forms(old), _forms(new)
        # Some new form of a request must accept each old form. Each new form of an answer must
        # match an old form.
        for form in was if self._request else now:
            tries = [
                (other, self.changes(*((form, other) if self._request else (other, form)), at))
                for other in (now if self._request else was)
            ]
            best, found = min(
                tries, key=lambda each: (sum(c.breaking for c in each[1]), len(each[1]))
            )
            if any(each.breaking for each in found) and _name(best) != _name(form):
                what = "is no longer accepted" if self._request else "is a new form"
                yield Change(True, at, f"{_name(form)} {what}")
            else:
                yield from found
        if len(was) != len(now):
            yield Change(False, at, f"has {len(now)} forms instead of {len(was)}")
        common = [
            {key: value for key, value in each.items() if key not in ("oneOf", "anyOf")}
            for each in (old, new)
        ]
        if all("oneOf" in each or "anyOf" in each for each in (old, new)):
            yield from self._of(common[0], common[1], at)

    def _unknown(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        """Report all other differences as breaking, because their effect is not known."""
        known = (
            DOCUMENTATION | STRUCTURE | {*MINIMA, *MAXIMA, "pattern", "multipleOf", "uniqueItems"}
        )
        for key in sorted((old.keys() | new.keys()) - known):
            if not key.startswith("x-") and old.get(key) != new.get(key):
                yield Change(True, at, f"{key} was {_text(old.get(key))}, is {_text(new.get(key))}")


def _forms(schema: Node) -> list[Node]:
    return schema.get("oneOf") or schema.get("anyOf") or [schema]


def _name(schema: Node) -> str:
    return schema.get("$ref", "").rpartition("/")[2] or _list(types_of(schema))


def _accepts(types: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether values of all the other types are also values of these types."""
    return all(each in types or (each == "integer" and "number" in types) for each in others)


def _list(values: Any) -> str:
    return "anything" if values is None else ", ".join(sorted(map(str, values)))


def _text(value: Any) -> str:
    return "not set" if value is None else str(value)
