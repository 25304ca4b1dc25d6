"""Nodes of an OpenAPI spec, and the references between them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

Node = dict[str, Any]
Location = tuple[str | int, ...]


class InvalidSpecError(Exception):
    """A spec is not valid.

    Args:
        message: What is not valid.
        at: Keys and positions that lead to the node.
    """

    def __init__(self, message: str, at: Location = ()) -> None:
        super().__init__(message)
        self.at = at


def follow(spec: Node, node: Node) -> Node:
    """Return a node, or the node that it refers to.

    Raises:
        InvalidSpecError: If the reference leads to a missing node, to itself or to another file.
    """
    seen = []
    while "$ref" in node:
        reference = node["$ref"]
        if reference in seen:
            raise InvalidSpecError(f"{reference} refers to itself")
        seen.append(reference)
        node = _target(spec, reference)
    return node


def _target(spec: Node, reference: Any) -> Node:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise InvalidSpecError(f"{reference} is not in this file, and other files are not read")
    found: Any = spec
    for part in reference.split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise InvalidSpecError(f"there is nothing at {reference}")
    if not isinstance(found, dict):
        raise InvalidSpecError(f"{reference} is not a mapping")
    return found


def name_of(node: Node) -> str:
    """Return the last part of a node's reference, or an empty text."""
    return str(node.get("$ref", "")).rpartition("/")[2]
