"""A griffe extension that replaces roles in docstrings with links to the reference.

Docstrings use roles such as ``:meth:`get_pod` ``, which editors understand but Markdown does not.
Public names become links, private names become plain code. The strict build fails on links to
unknown names and to names that no page documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE = re.compile(r":(?:class|meth|func|attr|data|mod|exc):`(~?)([\w.]+)`")


class RoleLinks(griffe.Extension):
    """Replaces the roles in a package's docstrings, once it is loaded."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Process all objects that the package defines."""
        for found in _defined(pkg):
            if found.docstring is not None:
                found.docstring.value = linked(found.docstring.value, found)


def linked(text: str, owner: griffe.Object) -> str:
    """Return a docstring with links in place of roles.

    Args:
        text: The docstring.
        owner: The documented object, in whose scope names are resolved.
    """

    def link(role: re.Match[str]) -> str:
        tilde, name = role.groups()
        path = _path(name, owner)
        shown = name.rpartition(".")[2] if tilde else name
        if any(part.startswith("_") for part in path.split(".")):
            return f"`{shown}`"
        return f"[`{shown}`][{path}]"

    return _ROLE.sub(link, text)


def _path(name: str, owner: griffe.Object) -> str:
    if name.startswith(f"{owner.package.path}."):
        return name
    scope: griffe.Object | None = owner
    while scope is not None:
        members = scope.all_members
        first, _, rest = name.partition(".")
        if first in members:
            found = members[first]
            target = found.final_target if isinstance(found, griffe.Alias) else found
            return f"{target.path}.{rest}" if rest else target.path
        scope = scope.parent
    # Docstrings may also use names that their module does not import.
    elsewhere = [found.path for found in _defined(owner.package) if found.name == name]
    return elsewhere[0] if len(elsewhere) == 1 else name  # unknown names fail the build


def _defined(scope: griffe.Object) -> Iterator[griffe.Object]:
    yield scope
    for member in scope.members.values():
        if not member.is_alias:
            yield from _defined(member)  # type: ignore[arg-type] # not an alias
