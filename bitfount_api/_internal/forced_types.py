"""The semantic types that a pod's owner sets for columns: ``force_stypes`` of the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bitfount_api._internal.documents import quote_value
from bitfount_api._internal.features import SemanticType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_IMAGE_PREFIX: Final = "image_prefix"
_KEYS: Final = (*SemanticType, _IMAGE_PREFIX)


def valid_part(forced: object) -> dict[str, list[str]] | None:
    """Return the known types and their names in a document's field; None if nothing is left."""
    if not isinstance(forced, dict):
        return None
    return {
        kind: list(names)
        for kind, names in forced.items()
        if kind in _KEYS
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
    } or None


def by_column(
    forced: Mapping[str, Collection[str]], columns: Collection[str]
) -> dict[str, SemanticType]:
    """Return the forced type of each column that has one.

    Args:
        forced: The columns by type, and the beginnings of names by ``image_prefix``.
        columns: The names of all columns.

    Raises:
        ValueError: A type or a column is unknown, or a column has two types.
    """
    found: dict[str, SemanticType] = {}
    prefixes: tuple[str, ...] = ()
    for key, names in forced.items():
        kind = str(key)
        if kind not in _KEYS:
            raise ValueError(
                f"force_stypes has the unknown type {quote_value(kind)}; the types are "
                f"{', '.join(_KEYS)}"
            )
        check_names(names, f"force_stypes[{kind!r}]")
        if kind == _IMAGE_PREFIX:
            prefixes = tuple(names)
            continue
        check_known(names, columns, f"force_stypes[{kind!r}]")
        for name in names:
            if found.setdefault(name, SemanticType(kind)) != kind:
                raise ValueError(
                    f"force_stypes has two types for the column {quote_value(name)}: "
                    f"{found[name]} and {kind}"
                )
    for name in columns:
        if name.startswith(prefixes):
            found.setdefault(name, SemanticType.IMAGE)
    return found


def as_metadata(forced: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Return the metadata of a schema with forced types; empty if there are none."""
    if not forced:
        return {}
    return {"force_stypes": {str(kind): sorted(names) for kind, names in forced.items()}}


def check_names(names: Any, argument: str) -> None:
    """Check that an argument is a list of texts, and not a single text."""
    if not isinstance(names, list | tuple | set | frozenset) or not all(
        isinstance(name, str) for name in names
    ):
        raise ValueError(f"{argument} must be a list of names of columns")


def check_known(names: Collection[str], columns: Collection[str], argument: str) -> None:
    """Check that an argument names only columns that exist."""
    for name in names:
        if name not in columns:
            raise ValueError(
                f"{argument} names the column {quote_value(name)}, which the table does not have"
            )
