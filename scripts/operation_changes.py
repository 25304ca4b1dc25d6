"""Find the changes between the operations of two specs, and whether they break callers."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, NamedTuple

from access_changes import credential_changes, credentials_of, scope_changes, server_changes
from changes import Change, difference, same, unknown
from message_changes import MessageComparison
from spec_defaults import METHODS, without_defaults
from spec_nodes import InvalidSpecError, Node, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = frozenset({"openapi", "info", "servers", "security", "tags", "paths", "components"})
PATH = frozenset({*METHODS, "$ref", "servers", "parameters"})
OPERATION = frozenset(
    {"operationId", "tags", "security", "servers", "parameters", "requestBody", "responses"}
)
SENDING = ("x-retry", "x-timeout-seconds", "x-success", "x-transfers-file")
"""Extensions that say how the client sends an operation. Calls stay valid if one changes."""


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
    item: Node
    """The node of the path, with what all of its operations share."""

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def address(self) -> str:
        """Method and path, without the names of path parameters."""
        return f"{self.method} {re.sub('{[^}]*}', '{}', self.path)}"


def spec_changes(old: Node, new: Node) -> list[SpecChange]:
    """Return the changes between two specs, with each change listed once for all operations.

    Raises:
        InvalidSpecError: If a spec is not valid.
    """
    merged: dict[Change, list[str]] = {}
    for place, change in _changes(without_defaults(old), without_defaults(new)):
        merged.setdefault(change, []).extend([str(place)] if place else [])
    if not merged and old != new:
        merged[Change(False, "", "is described differently")] = []
    return [
        SpecChange(change.breaking, change.at, change.what, tuple(dict.fromkeys(places)))
        for change, places in merged.items()
    ]


def _changes(old: Node, new: Node) -> Iterator[tuple[Place | None, Change]]:
    yield from ((None, change) for change in unknown(old, new, "", SPEC))
    yield from ((None, change) for change in scope_changes(old, new))
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
    messages = MessageComparison(old, new)
    for was, now in pairs:
        found = [
            *_identity(was, now),
            *_sending(was, now),
            *unknown(was.item, now.item, "", PATH),
            *unknown(was.node, now.node, "", OPERATION),
            *server_changes(_servers(old, was), _servers(new, now)),
            *credential_changes(credentials_of(old, was.node), credentials_of(new, now.node)),
            *messages.parameters(_parameters(old, was), _parameters(new, now)),
            *messages.body(was.node.get("requestBody", {}), now.node.get("requestBody", {})),
            *messages.answers(was.node.get("responses", {}), now.node.get("responses", {})),
        ]
        if not found and was.node != now.node:
            found = [Change(False, "", "is described differently")]
        yield from ((now, change) for change in found)


def _places(spec: Node) -> list[Place]:
    paths = (spec.get("paths") or {}).items()
    items = {path: {**follow(spec, item), **item} for path, item in paths}
    places = [
        Place(method, path, item[method], item)
        for path, item in items.items()
        for method in METHODS
        if method in item
    ]
    found: dict[str, Place] = {}
    for place in places:
        other = found.setdefault(place.address, place)
        if other is not place:
            raise InvalidSpecError(f"{place} and {other} are the same operation")
    return places


def _pairs(before: list[Place], after: list[Place]) -> list[tuple[Place, Place]]:
    """Pair the operations of both specs that have the same address, or else the same id."""
    by_address = {now.address: now for now in after}
    pairs = [(was, by_address[was.address]) for was in before if was.address in by_address]
    paired = {each.address for pair in pairs for each in pair}
    by_id = {now.node.get("operationId"): now for now in after if now.address not in paired}
    return [
        *pairs,
        *(
            (was, by_id[was.node["operationId"]])
            for was in before
            if was.address not in paired and was.node.get("operationId", object()) in by_id
        ),
    ]


def _identity(was: Place, now: Place) -> Iterator[Change]:
    """Yield the changes of what the operation is called."""
    if was.address != now.address:
        yield Change(True, "", f"was {was}")
    for key in ("operationId", "tags"):
        if was.node.get(key) != now.node.get(key):
            what = f"was {was.node.get(key)}, is {now.node.get(key)}: the generated code moves"
            yield Change(False, key, what)
    if now.node.get("deprecated") and not was.node.get("deprecated"):
        yield Change(False, "", "is deprecated")


def _sending(was: Place, now: Place) -> Iterator[Change]:
    for key in SENDING:
        old, new = was.node.get(key), now.node.get(key)
        if not same(old, new):
            yield Change(False, "", difference(key, old, new))


def _servers(spec: Node, place: Place) -> list[Node]:
    """Return the servers of an operation: its own, or else the path's or the spec's."""
    stated = (node.get("servers") for node in (place.node, place.item, spec))
    return next((servers for servers in stated if servers), [{"url": "/"}])


def _parameters(spec: Node, place: Place) -> dict[tuple[str, str], Node]:
    """Return the parameters by kind and name; path parameters by their position."""
    in_path = re.findall(r"{([^}]*)}", place.path)
    found = {}
    for each in (*place.item.get("parameters", []), *place.node.get("parameters", [])):
        node = follow(spec, each)
        kind, name = node["in"], node["name"]
        if kind == "path" and name in in_path:
            name = str(in_path.index(name) + 1)
        if kind == "header":
            name = name.lower()
            if name in ("accept", "content-type", "authorization"):
                continue  # OpenAPI ignores them: they are described elsewhere.
        found[kind, name] = node
    return found
