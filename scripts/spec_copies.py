"""Copy the nodes of a spec by their kinds, and check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from changes import same
from spec_nodes import InvalidSpecError, Location, Node, follow

if TYPE_CHECKING:
    from collections.abc import Callable


class Copier:
    """Copies nodes of one spec.

    Args:
        source: The spec.
    """

    def __init__(self, source: Node) -> None:
        self.source = source
        self.is_3_0 = str(source.get("openapi", "")).startswith("3.0")

    def node(self, value: Any, at: Location) -> Node:
        """Return a copy of a mapping, after a check of its reference."""
        if not isinstance(value, dict):
            raise InvalidSpecError("this is not a mapping", at)
        try:
            follow(self.source, value)
        except InvalidSpecError as error:
            raise InvalidSpecError(str(error), (*at, "$ref")) from None
        return dict(value)

    def map(
        self, node: Node, key: str, write: Callable[[Any, Location], Node], at: Location
    ) -> None:
        """Replace the values of a mapping of nodes."""
        if node.get(key) is None:
            return
        if not isinstance(node[key], dict):
            raise InvalidSpecError("this is not a mapping", (*at, key))
        extensible = key in ("paths", "responses")
        node[key] = {
            name: write(each, (*at, key, name))
            for name, each in node[key].items()
            if not (extensible and name.startswith("x-"))
        }

    def list(
        self, node: Node, key: str, write: Callable[[Any, Location], Node], at: Location
    ) -> None:
        """Replace the nodes of a list."""
        if key in node:
            if not isinstance(node[key], list):
                raise InvalidSpecError("this is not a list", (*at, key))
            node[key] = [write(each, (*at, key, n)) for n, each in enumerate(node[key])]


def without(node: Node, defaults: Node) -> Node:
    """Return a node without the keywords that have their default values."""
    return {k: each for k, each in node.items() if k not in defaults or not same(each, defaults[k])}
