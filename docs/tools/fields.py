"""A griffe extension that adds fields and enumeration members to the docstrings of classes.

Without it, mkdocstrings would omit them, because they have no docstrings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import griffe

from docs.tools.values import classes

if TYPE_CHECKING:
    from collections.abc import Iterator

_WANTED = {"TypedDict", "NamedTuple", "Enum", "StrEnum"}


class Fields(griffe.Extension):
    """Adds the fields of ``TypedDict``s, ``NamedTuple``s and enumerations to their docstrings."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Process the package's classes."""
        for found in list(classes(pkg)):
            lines = [line for owner in reversed(_family(found)) for line in _lines(owner)]
            if lines and found.docstring is not None:
                found.docstring.value += "\n\n```python\n" + "\n".join(lines) + "\n```"


def _family(found: griffe.Class) -> list[griffe.Class]:
    """Return a class and its bases in the same module, up to a class with a base in ``_WANTED``."""
    names = [str(base) for base in found.bases]
    if any(name.rpartition(".")[2] in _WANTED for name in names):
        return [found]
    for name in names:
        base = found.module.members.get(name)
        if isinstance(base, griffe.Class) and (above := _family(base)):
            return [found, *above]
    return []


def _lines(owner: griffe.Class) -> Iterator[str]:
    for name, member in owner.members.items():
        if not isinstance(member, griffe.Attribute):
            continue
        if member.annotation is not None:
            yield f"{name}: {member.annotation}"
        elif "class-attribute" in member.labels:
            yield f"{name} = {member.value}"
