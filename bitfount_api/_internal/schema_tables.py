"""The features of a schema as a table: rows, a data frame, and HTML for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitfount_api._internal.html_tables import MAX_ROWS, escape, shorten_list, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bitfount_api._internal.features import Feature
    from bitfount_api.schemas import BitfountSchema


def feature_rows(features: Iterable[Feature]) -> list[dict[str, Any]]:
    """Return the features as rows of a table, all with the same columns."""
    empty = dict.fromkeys(("classes", "dimensions", "modes", "formats"))
    return [
        {
            "name": feature.name,
            "semantic_type": feature.semantic_type,
            "dtype": feature.dtype,
            "description": feature.description,
            **empty,
            **feature.facts(),
        }
        for feature in features
    ]


def schema_html(schema: BitfountSchema) -> str:
    """Return a schema as HTML: its name, its size, and a table of its features."""
    count = len(schema.columns)
    size = f"{count:,} column{'' if count == 1 else 's'}"
    if schema.number_of_records is not None:
        records = schema.number_of_records
        size += f", {records:,} record{'' if records == 1 else 's'}"
    name = "A schema without a name" if schema.name is None else escape(schema.name)
    parts = [f"<p><strong><bdi>{name}</bdi></strong> ({size})</p>"]
    if schema.description:
        parts.append(f"<p>{escape(schema.description, 1000)}</p>")
    if count:
        header = ("Column", "Semantic type", "dtype", "Values", "Description")
        rows = [_cells(row) for row in feature_rows(schema.columns[:MAX_ROWS])]
        parts.append(table(header, rows, count, "columns"))
    return f"<div>{''.join(parts)}</div>"


def _cells(row: dict[str, Any]) -> Sequence[str]:
    shown = (row["name"], row["semantic_type"], row["dtype"], _values(row), row["description"])
    return [escape(value) for value in shown]


def _values(row: dict[str, Any]) -> str:
    """Return the labels of a categorical feature, or the sizes, modes and formats of images."""
    if row["classes"] is not None:
        return shorten_list(row["classes"])
    counted = (row[key] for key in ("dimensions", "modes", "formats") if row[key])
    return "; ".join(shorten_list(list(counts)) for counts in counted)
