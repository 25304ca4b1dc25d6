"""A griffe extension that adds fields and enumeration members to the docstrings of classes.

Without it, mkdocstrings would omit those that have no docstrings. The descriptions of fields become
comments, so that a class is shown as one block.
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
        families = {found.path: _family(found) for found in classes(pkg)}
        for family in families.values():
            lines = [line for owner in reversed(family) for line in _lines(owner)]
            if lines and family[0].docstring is not None:
                family[0].docstring.value += "\n\n```python\n" + "\n".join(lines) + "\n```"
        for family in families.values():
            for owner in family:
                for field in _fields(owner):
                    field.docstring = None  # it is in the block


def _family(found: griffe.Class) -> list[griffe.Class]:
    """Return a class and its bases, up to a class with a base in ``_WANTED``."""
    names = [str(base) for base in found.bases]
    if any(name.rpartition(".")[2] in _WANTED for name in names):
        return [found]
    for name in names:
        base = found.module.members.get(name)
        if isinstance(base, griffe.Alias) and base.target_path.startswith(found.package.path):
            base = base.final_target
        if isinstance(base, griffe.Class) and (above := _family(base)):
            return [found, *above]
    return []


def _lines(owner: griffe.Class) -> Iterator[str]:
    for field in _fields(owner):
        if field.docstring is not None:
            yield from (f"# {line}" for line in field.docstring.value.splitlines())
        yield f"{field.name}: {field.annotation}"
    for name, member in owner.members.items():
        if not isinstance(member, griffe.Attribute) or member.annotation is not None:
            continue
        if "class-attribute" in member.labels:
            yield f"{name} = {member.value}"


def _fields(owner: griffe.Class) -> Iterator[griffe.Attribute]:
    for member in owner.members.values():
        if isinstance(member, griffe.Attribute) and member.annotation is not None:
            yield member
