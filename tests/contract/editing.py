"""Small edits of a parsed spec, for tests that check that a change is noticed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from contract.specs import Spec

Edit = Callable[[Spec], object]


def at(spec: Spec, place: tuple[Any, ...]) -> Any:
    for part in place:
        spec = spec[part]
    return spec


def put(*place: Any, value: Any) -> Edit:
    """Set the value at a place of the spec."""

    def change(spec: Spec) -> None:
        at(spec, place[:-1])[place[-1]] = copy.deepcopy(value)

    return change


def drop(*place: Any) -> Edit:
    """Delete the value at a place of the spec."""
    return lambda spec: at(spec, place[:-1]).pop(place[-1])


def add(*place: Any, value: Any) -> Edit:
    """Append to the list at a place of the spec."""
    return lambda spec: at(spec, place).append(copy.deepcopy(value))


def take(*place: Any, value: Any) -> Edit:
    """Remove from the list at a place of the spec."""
    return lambda spec: at(spec, place).remove(value)


def move(*place: Any, to: Any) -> Edit:
    """Rename a key of the spec."""

    def change(spec: Spec) -> None:
        folder = at(spec, place[:-1])
        folder[to] = folder.pop(place[-1])

    return change
