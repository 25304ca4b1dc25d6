"""Find the changes between the operations of two specs, and whether they break callers."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from schema_changes import DOCUMENTATION, Change, Comparison, Direction, Node, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclasses.dataclass(frozen=True)
class SpecChange(Change):
    """A change with the operations that it affects.

    Args:
        operations: Current methods and paths of the operations; empty for the whole spec.
    """

    operations: tuple[str, ...]


class Place(NamedTuple):
    """An operation, and its place in the spec."""

    method: str
    path: str
    node: Node
    shared: list[Node]
    """The parameters shared by all operations of the path."""

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def address(self) -> str:
        """Method and path, without the names of path parameters."""
        return f"{self.method} {re.sub('{[^}]*}', '{}', self.path)}"


def spec_changes(old: Node, new: Node) -> list[SpecChange]:
    """Return the changes between two specs, with each change listed once for all operations."""
    merged: dict[Change, list[str]] = {}
    for place, change in _changes(old, new):
        merged.setdefault(change, []).extend([str(place)] if place else [])
    if not merged and old != new:
        merged[Change(False, "", "is described differently")] = []
    return [
        SpecChange(change.breaking, change.at, change.what, tuple(dict.fromkeys(places)))
        for change, places in merged.items()
    ]


def _changes(old: Node, new: Node) -> Iterator[tuple[Place | None, Change]]:
    yield from ((None, change) for change in _servers(old, new))
    if {key: old.get(key) for key in ("info", "tags")} != {k: new.get(k) for k in ("info", "tags")}:
        yield None, Change(False, "", "is described differently")
    before, after = _places(old), _places(new)
    pairs = _pairs(before, after)
    for place in before:
        if all(place is not was for was, _ in pairs):
            yield place, Change(True, "", "is gone")
    for place in after:
        if all(place is not now for _, now in pairs):
            yield place, Change(False, "", "is new")
    for was, now in pairs:
        found = list(OperationComparison(old, new).changes(was, now))
        if not found and was.node != now.node:
            found = [Change(False, "", "is described differently")]
        yield from ((now, change) for change in found)


def _servers(old: Node, new: Node) -> Iterator[Change]:
    was, now = ([each["url"] for each in spec.get("servers", [])] for spec in (old, new))
    yield from (Change(True, f"server {url}", "is gone") for url in was if url not in now)
    yield from (Change(False, f"server {url}", "is new") for url in now if url not in was)


def _places(spec: Node) -> list[Place]:
    return [
        Place(method, path, item[method], item.get("parameters", []))
        for path, item in (spec.get("paths") or {}).items()
        for method in METHODS
        if method in item
    ]


def _pairs(before: list[Place], after: list[Place]) -> list[tuple[Place, Place]]:
    """Pair the operations of both specs that have the same id, or else the same address."""
    by_id = {now.node.get("operationId"): now for now in after}
    pairs = [
        (was, by_id[was.node["operationId"]])
        for was in before
        if was.node.get("operationId") in by_id and "operationId" in was.node
    ]
    paired = {id(place.node) for pair in pairs for place in pair}
    left = {now.address: now for now in after if id(now.node) not in paired}
    pairs += [
        (was, left[was.address])
        for was in before
        if id(was.node) not in paired and was.address in left
    ]
    return pairs


class OperationComparison:
    """Compares the operations of two specs.

    Args:
        old: The old spec.
        new: The new spec.
    """

    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._requests = Comparison(old, new, Direction.REQUEST)
        self._answers = Comparison(old, new, Direction.ANSWER)

    def changes(self, was: Place, now: Place) -> Iterator[Change]:
        """Yield the changes between two operations."""
        if was.address != now.address:
            yield Change(True, "", f"was {was}")
        for key in ("operationId", "tags"):
            if was.node.get(key) != now.node.get(key):
                what = f"was {was.node.get(key)}, is {now.node.get(key)}: the generated code moves"
                yield Change(False, key, what)
        if now.node.get("deprecated") and not was.node.get("deprecated"):
            yield Change(False, "", "is deprecated")
        yield from self._security(was, now)
        yield from self._parameters(was, now)
        yield from self._body(was, now)
        yield from self._responses(was, now)

    def _security(self, was: Place, now: Place) -> Iterator[Change]:
        before, after = _credentials(self._old, was), _credentials(self._new, now)
        if before == after:
            return
        # An operation without required credentials also accepts requests that send some.
        breaking = bool(after) and not (before and before <= after)
        texts = [
            " or ".join(
                sorted(" with ".join(sorted(each)) or "no credentials" for each in alternatives)
            )
            for alternatives in (before, after)
        ]
        what = f"were {texts[0] or 'not required'}, are {texts[1] or 'not required'}"
        yield Change(breaking, "credentials", what)

    def _parameters(self, was: Place, now: Place) -> Iterator[Change]:
        before, after = _parameters(self._old, was), _parameters(self._new, now)
        for key in dict.fromkeys([*before, *after]):
            old, new = before.get(key), after.get(key)
            at = f"{key[0]} parameter {(new or old or {})['name']}"
            if new is None:
                yield Change(True, at, "is gone")
            elif old is None:
                required = bool(new.get("required"))
                yield Change(required, at, "is new, and required" if required else "is new")
            else:
                if old["name"] != new["name"]:
                    yield Change(
                        False, at, f"was renamed from {old['name']}; requests are unchanged"
                    )
                yield from _requirement(old, new, at)
                yield from _keywords(old, new, at, {"name", "in", "required", "schema"})
                schemas = old.get("schema", {}), new.get("schema", {})
                yield from self._requests.changes(*schemas, at)

    def _body(self, was: Place, now: Place) -> Iterator[Change]:
        old = follow(self._old, was.node.get("requestBody", {}))
        new = follow(self._new, now.node.get("requestBody", {}))
        if new and not old:
            required = bool(new.get("required"))
            yield Change(required, "request", "has a body now")
        elif old and not new:
            yield Change(True, "request", "no longer has a body")
        else:
            yield from _requirement(old, new, "the body of the request")
            yield from self._contents(old, new, self._requests, "request")

    def _contents(self, old: Node, new: Node, comparison: Comparison, at: str) -> Iterator[Change]:
        was, now = old.get("content", {}), new.get("content", {})
        request = comparison is self._requests
        yield from (Change(True, at, f"can no longer be {k}") for k in was if k not in now)
        yield from (Change(not request, at, f"can be {k} now") for k in now if k not in was)
        for kind in was.keys() & now.keys():
            yield from comparison.changes(
                was[kind].get("schema", {}), now[kind].get("schema", {}), at
            )
            yield from _keywords(was[kind], now[kind], at, {"schema"})

    def _responses(self, was: Place, now: Place) -> Iterator[Change]:
        before, after = was.node.get("responses", {}), now.node.get("responses", {})
        for status in sorted(before.keys() | after.keys()):
            # Callers handle new errors like any other. Callers that check the status reject a
            # success status that they do not know.
            breaking = status.startswith("2")
            if status not in after:
                covered = breaking and "2XX" in after
                yield Change(breaking and not covered, f"answer {status}", "is gone")
            elif status not in before:
                covered = breaking and "2XX" in before
                yield Change(breaking and not covered, f"answer {status}", "is new")
            else:
                old = follow(self._old, before[status])
                new = follow(self._new, after[status])
                yield from self._contents(old, new, self._answers, f"answer {status}")
                yield from self._headers(old, new, f"answer {status}")

    def _headers(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        was, now = old.get("headers", {}), new.get("headers", {})
        yield from (Change(True, f"{at}: header {k}", "is gone") for k in was if k not in now)
        yield from (Change(False, f"{at}: header {k}", "is new") for k in now if k not in was)
        for name in was.keys() & now.keys():
            schemas = (
                follow(self._old, was[name]).get("schema", {}),
                follow(self._new, now[name]).get("schema", {}),
            )
            yield from self._answers.changes(*schemas, f"{at}: header {name}")


def _requirement(old: Node, new: Node, at: str) -> Iterator[Change]:
    if bool(old.get("required")) != bool(new.get("required")):
        required = bool(new.get("required"))
        yield Change(required, at, "is required now" if required else "is no longer required")


def _keywords(old: Node, new: Node, at: str, known: set[str]) -> Iterator[Change]:
    """Report all other differences as breaking, because their effect is not known."""
    for key in sorted((old.keys() | new.keys()) - known - DOCUMENTATION):
        if not key.startswith("x-") and old.get(key) != new.get(key):
            yield Change(True, at, f"{key} was {old.get(key)}, is {new.get(key)}")


def _credentials(spec: Node, place: Place) -> set[frozenset[str]]:
    """Return the alternative sets of credentials; empty if no credentials are required."""
    schemes = spec.get("components", {}).get("securitySchemes", {})

    def sent(name: str) -> str:
        scheme: dict[str, Any] = follow(spec, schemes.get(name, {}))
        parts = (scheme.get(key) for key in ("type", "in", "name", "scheme"))
        return " ".join(str(part) for part in parts if part)

    stated: list[dict[str, list[str]]] = spec.get("security", [])
    wanted = place.node.get("security", stated) or []
    return {frozenset(map(sent, alternative)) for alternative in wanted}


def _parameters(spec: Node, place: Place) -> dict[tuple[str, str], Node]:
    """Return the parameters by kind and name; path parameters by their position."""
    in_path = re.findall(r"{([^}]*)}", place.path)
    found = {}
    for each in (*place.shared, *place.node.get("parameters", [])):
        node = follow(spec, each)
        name = node["name"]
        number = str(in_path.index(name) + 1) if node["in"] == "path" and name in in_path else name
        found[node["in"], number] = node
    return found
