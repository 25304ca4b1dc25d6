"""Convert schema documents of all versions to version 4."""

from __future__ import annotations

from typing import Any, Final

from bitfount_api._internal import documents
from bitfount_api._internal.documents import DocumentError
from bitfount_api._internal.logs import get_logger

SCHEMA_VERSION: Final = "4"
"""The version of the documents that are written."""

_logger = get_logger("bitfount_api.schemas")


def as_version_4(document: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """Convert a validated document to version 4; return it, and its keys if it had that shape."""
    metadata = document.get("metadata")
    if metadata is None:
        metadata = {}
    elif not isinstance(metadata, dict):
        raise DocumentError(f"{documents.json_type(metadata)}, not an object").with_path("metadata")
    version = str(metadata.get("schema_version"))
    keys = None
    # Detected by shape, because the first two versions did not always state their version.
    if "features" in document:
        keys = tuple(document)
    elif "table" in document:
        document = _unfold(document, "table", _table(document["table"], "table"))
    elif "tables" in document:
        document = _unfold(document, "tables", _first_table(document["tables"]))
    if "features" not in document:
        raise DocumentError("missing").with_path("features")
    if version in {"1", "2", "3", "None"}:
        document["metadata"] = _metadata_of_version_4(document.get("metadata"))
    elif version != SCHEMA_VERSION:
        _logger.warning(
            "the schema's version is %s, which is not known; it is read as version %s",
            documents.quote_value(version),
            SCHEMA_VERSION,
        )
    return document, keys


def _metadata_of_version_4(metadata: dict[str, Any] | None) -> dict[str, Any]:
    if metadata is None:
        return {"schema_version": SCHEMA_VERSION}
    result = dict(metadata)
    schema_type = {key: result.pop(key) for key in ("schema_type",) if key in result}
    result.pop("schema_version", None)
    result.setdefault("force_stypes", None)
    return {**result, "schema_version": SCHEMA_VERSION, **schema_type}


def _first_table(tables: object) -> dict[str, Any]:
    """Return the first of version 1's tables by name: the others were never used."""
    if not isinstance(tables, list) or not tables:
        kind = "an empty list" if tables == [] else documents.json_type(tables)
        raise DocumentError(f"{kind}, not a list of tables").with_path("tables")
    named = []
    for at, item in enumerate(tables):
        table = _table(item, f"tables[{at}]")
        if not isinstance(table.get("name"), str):
            raise DocumentError("not text", f"tables[{at}].name")
        named.append(table)
    return min(named, key=lambda table: str(table["name"]))


def _table(table: object, place: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise DocumentError(f"{documents.json_type(table)}, not an object", place)
    return table


def _unfold(document: dict[str, Any], key: str, table: dict[str, Any]) -> dict[str, Any]:
    """Move the fields of the document's table up into the document.

    A missing name or description becomes empty text, as in the official SDK.
    """
    rest = {name: value for name, value in document.items() if name != key}
    return {"name": "", "description": "", **rest, **table}
