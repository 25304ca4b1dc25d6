"""Find the changes between two schemas, and whether they break callers.

That depends on the direction. A service may accept more requests than before, but not fewer,
because existing callers still send the same. An answer may guarantee more than before, but not
less, because existing callers still read the same fields.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from changes import Change, difference, dump, same, unknown
from schema_defaults import ANNOTATIONS, GUARANTEED
from schema_meaning import (
    BESIDE_FORMS,
    LEAST,
    MOST,
    accepts,
    bound_of,
    flat,
    forms_of,
    types_of,
)
from spec_nodes import Node, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Direction(enum.Enum):
    """Whether a schema describes a request or an answer."""

    REQUEST = "request"
    ANSWER = "answer"


STRUCTURE = frozenset(
    {"$ref", "type", "enum", "properties", "required", "items", "additionalProperties"}
    | {"oneOf", "anyOf", "allOf"}
)
COMPARED = STRUCTURE | {*LEAST, *MOST, "pattern", "multipleOf", "uniqueItems", "format"}
LIMITS = (
    ("minimum", "exclusiveMinimum"),
    ("maximum", "exclusiveMaximum"),
    *((key, "") for key in (*LEAST, *MOST) if "imum" not in key),
)
WIDER_FORMATS = frozenset({("int32", "int64"), ("float", "double")})


class Comparison:
    """Compares schemas of two specs, for one direction.

    Args:
        old: The old spec, without defaults.
        new: The new spec, without defaults.
        direction: Whether the schemas describe requests or answers.
    """

    def __init__(self, old: Node, new: Node, direction: Direction) -> None:
        self._old = old
        self._new = new
        self._direction = direction
        self._request = direction is Direction.REQUEST
        # A field that only answers have, or only requests.
        self._hides = "readOnly" if self._request else "writeOnly"
        self._active: set[tuple[str, str]] = set()

    def changes(self, old: Node, new: Node, at: str) -> list[Change]:
        """Return the changes between two schemas and their nested schemas."""
        name, was = name_of(new), name_of(old)
        at = f"{self._direction.value}: {name}" if name else at
        found = []
        if name and was and name != was:
            found.append(Change(False, at, f"was renamed from {was}, in generated code too"))
        pair = (dump(old), dump(new))
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
        yield from self._limits(old, new, at)
        yield from self._patterns(old, new, at)
        yield from self._format(old, new, at)
        yield from self._fields(old, new, at)
        yield from self._guarantees(old, new, at)
        yield from self._other_fields(old, new, at)
        if "items" in old or "items" in new:
            yield from self.changes(old.get("items", {}), new.get("items", {}), f"{at}[]")
        yield from self._annotations(old, new, at)
        yield from unknown(old, new, at, COMPARED | ANNOTATIONS)

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
        if accepts(now, was):
            yield self._change(True, at, what)
        elif accepts(was, now):
            yield self._change(False, at, what)
        else:
            yield Change(True, at, what)

    def _values(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        # If the type does not allow null on both sides, the types differ in it or it has no effect.
        with_null = all("null" in (types_of(each) or {"null"}) for each in (old, new))
        was, now = (
            [each for each in schema["enum"] if with_null or each is not None]
            if "enum" in schema
            else None
            for schema in (old, new)
        )
        if was is None or now is None:
            if was is not now:
                what = f"is limited to {_list(now)}" if now is not None else "is no longer limited"
                yield self._change(now is None, at, what)
            return
        if gone := [value for value in was if not any(same(value, each) for each in now)]:
            yield self._change(False, at, f"can no longer be {_list(gone)}")
        if added := [value for value in now if not any(same(value, each) for each in was)]:
            yield self._change(True, at, f"can be {_list(added)} now")

    def _limits(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        for key, exclusive in LIMITS:
            was, now = bound_of(old, key, exclusive), bound_of(new, key, exclusive)
            if was == now:
                continue
            if was is None or now is None:
                wider = now is None
            else:
                sign = 1 if key in LEAST else -1
                wider = (sign * now[0], now[1]) < (sign * was[0], was[1])
            yield self._restriction(wider, at, f"{key} was {_bound(was)}, is {_bound(now)}")

    def _patterns(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        for key in ("pattern", "multipleOf", "uniqueItems"):
            was, now = old.get(key), new.get(key)
            if same(was, now):
                continue
            # Patterns cannot be compared, so assume that some values are no longer accepted.
            wider = now is None
            if key == "multipleOf" and was and now:
                wider = was % now == 0
            yield self._restriction(wider, at, difference(key, was, now))

    def _restriction(self, wider: bool, at: str, what: str) -> Change:
        """Return a change of a restriction within a type.

        Callers do not check the restrictions of an answer, so changing them breaks nothing.
        """
        return Change(self._request and not wider, at, what)

    def _format(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        # "password" is a hint for the display of the value.
        was, now = (
            None if schema.get("format") == "password" else schema.get("format")
            for schema in (old, new)
        )
        if same(was, now):
            return
        what = difference("format", was, now)
        if "binary" in (was, now) or (was and now and not {(was, now), (now, was)} & WIDER_FORMATS):
            # The value is written otherwise.
            yield Change(True, at, what)
        else:
            yield self._change(now is None or (was, now) in WIDER_FORMATS, at, what)

    def _visible(self, spec: Node, schema: Node) -> Node:
        """Return the fields that this direction has."""
        return {
            name: field
            for name, field in schema.get("properties", {}).items()
            if not flat(spec, field).get(self._hides)
        }

    def _fields(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = self._visible(self._old, old), self._visible(self._new, new)
        needed, needs = (
            set(schema.get("required", [])) - (schema.get("properties", {}).keys() - visible)
            for schema, visible in ((old, was), (new, now))
        )
        for name in sorted({*was, *now, *needed, *needs}):
            here = f"{at}.{name}"
            if name in was and name not in now:
                hidden = name in new.get("properties", {})
                yield Change(True, here, f"is {self._hides} now" if hidden else "is gone")
            elif name in now and name not in was:
                required = name in needs
                what = "is new, and required" if required else "is new"
                yield Change(required and self._request, here, what)
                if isinstance(old.get("additionalProperties"), dict):
                    yield from self.changes(old["additionalProperties"], now[name], here)
            else:
                if name in needs - needed:
                    yield self._change(False, here, "is required now")
                if name in needed - needs:
                    yield self._change(True, here, "is no longer required")
                yield from self.changes(was.get(name, {}), now.get(name, {}), here)

    def _guarantees(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        """Compare which fields the type of an answer requires, beside the required ones."""
        if self._request:
            return
        was, now = set(old.get(GUARANTEED, ())), set(new.get(GUARANTEED, ()))
        fields = self._visible(self._new, new)
        for name in sorted(now - was):
            yield Change(False, f"{at}.{name}", "is required on success now")
        for name in sorted((was - now) & fields.keys()):
            nullable = "null" in (types_of(flat(self._new, fields[name])) or {"null"})
            required = name in new.get("required", []) and not nullable
            yield Change(not required, f"{at}.{name}", "is no longer required on success")

    def _other_fields(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = (schema.get("additionalProperties", True) for schema in (old, new))
        if isinstance(was, dict) and isinstance(now, dict):
            yield from self.changes(was, now, f"{at}.*")
        elif was is now:
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

    def _annotations(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        for key in sorted(ANNOTATIONS):
            if not same(old.get(key), new.get(key)):
                # The service uses the default if a request does not have the field.
                breaking = key == "default" and self._request
                yield Change(breaking, at, difference(key, old.get(key), new.get(key)))

    def _alternatives(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = forms_of(self._old, old), forms_of(self._new, new)
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
        words = [next((w for w in ("oneOf", "anyOf") if w in each), None) for each in (old, new)]
        if None not in words and words[0] != words[1] and self._overlap(now):
            # Only anyOf accepts values of several forms.
            yield self._change(words[1] == "anyOf", at, f"was {words[0]}, is {words[1]}")
        yield from self._annotations(old, new, at)
        apart = frozenset(key for key in {*old, *new} if key not in BESIDE_FORMS)
        yield from unknown(old, new, at, apart | ANNOTATIONS)

    def _overlap(self, forms: list[Node]) -> bool:
        """Return whether a value may be of several forms, as far as their types tell."""
        types = [types_of(flat(self._new, form)) for form in forms]
        known = [each for some in types for each in some or ("anything",)]
        return (
            "anything" in known or len(known) > len(set(known)) or {"integer", "number"} <= {*known}
        )


def _name(schema: Node) -> str:
    return name_of(schema) or _list(types_of(schema))


def _list(values: Any) -> str:
    return "anything" if values is None else ", ".join(sorted(map(str, values)))


def _bound(bound: tuple[float, bool] | None) -> str:
    if bound is None:
        return "not set"
    return f"{bound[0]} (exclusive)" if bound[1] else str(bound[0])
