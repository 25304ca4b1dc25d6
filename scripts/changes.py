"""A change of a spec, and what is common to all comparisons."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spec_nodes import Node

DOCUMENTATION = frozenset(
    {"description", "summary", "title", "example", "examples", "externalDocs", "deprecated"}
    | {"$comment", "$defs"}
)
"""Keywords without an effect on requests and answers."""


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


def same(first: Any, second: Any) -> bool:
    """Return whether two JSON values are equal. Unlike in Python, true is not 1."""
    return first == second and dump(first) == dump(second)


def dump(value: Any) -> str:
    """Return the text of a JSON value, which equals the text of an equal value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


def unknown(old: Node, new: Node, at: str, known: frozenset[str]) -> Iterator[Change]:
    """Yield the differences in all other keywords, as breaking: their effect is not known."""
    for key in sorted((old.keys() | new.keys()) - known - DOCUMENTATION):
        if not key.startswith("x-") and not same(old.get(key), new.get(key)):
            yield Change(True, at, difference(key, old.get(key), new.get(key)))


def difference(key: str, old: Any, new: Any) -> str:
    """Return the description of a keyword's new value."""
    if not isinstance(old, dict | list) and not isinstance(new, dict | list):
        return f"{key} was {_text(old)}, is {_text(new)}"
    if old is None or new is None:
        return f"{key} is {'new' if old is None else 'gone'}"
    return f"{key} changed"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "not set" if value is None else str(value)
