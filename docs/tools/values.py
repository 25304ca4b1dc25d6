"""A griffe extension that adds the constructors that attrs generates at run time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import attrs
import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECORATORS = {"attrs.frozen", "attrs.define"}


class AttrsConstructors(griffe.Extension):
    """Adds the generated ``__init__`` to each attrs class of a package."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Process the package's classes."""
        for found in classes(pkg):
            if any(decorator.callable_path in _DECORATORS for decorator in found.decorators):
                found.set_member("__init__", _constructor(found))


def _constructor(found: griffe.Class) -> griffe.Function:
    parameters = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
    parameters += [
        _parameter(field, found)
        for field in attrs.fields(kind_of(found))
        if field.init and field.alias and not field.alias.startswith("_")
    ]
    return griffe.Function("__init__", parameters=griffe.Parameters(*parameters), parent=found)


def _parameter(field: attrs.Attribute[Any], found: griffe.Class) -> griffe.Parameter:
    kind = griffe.ParameterKind.positional_or_keyword
    if field.kw_only:
        kind = griffe.ParameterKind.keyword_only
    member = found.all_members.get(field.name)
    annotation = member.annotation if isinstance(member, griffe.Attribute) else None
    default = None
    if field.default is not attrs.NOTHING:
        made: Any = field.default
        if isinstance(made, attrs.Factory):  # type: ignore[arg-type] # attrs types it as a function
            # A factory that takes the object reads only what its class has.
            made = made.factory(kind_of(found)) if made.takes_self else made.factory()
        default = repr(made)
    return griffe.Parameter(field.alias or "", annotation=annotation, kind=kind, default=default)


def kind_of(found: griffe.Class) -> type[Any]:
    """Return the class itself."""
    kind: type[Any] = getattr(importlib.import_module(found.module.path), found.name)
    return kind


def classes(scope: griffe.Object) -> Iterator[griffe.Class]:
    """Yield the classes that a module or class defines, including nested ones."""
    for member in scope.members.values():
        if member.is_alias:
            continue
        if isinstance(member, griffe.Class):
            yield member
        if isinstance(member, (griffe.Class, griffe.Module)):
            yield from classes(member)
