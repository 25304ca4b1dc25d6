"""Describe the columns of a pandas ``DataFrame`` as features. pandas is imported on first use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bitfount_api._internal import forced_types
from bitfount_api._internal.documents import json_type, quote_value
from bitfount_api._internal.features import (
    CategoricalFeature,
    ContinuousFeature,
    Feature,
    ImageFeature,
    SemanticType,
    TextFeature,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_BOOLEAN: Final = "boolean"
_TEXT: Final = "string"

_INFERRED: Final = {
    "boolean": _BOOLEAN,
    "floating": "Float64",
    "mixed-integer-float": "Float64",
    **dict.fromkeys(("string", "empty", "date", "datetime", "datetime64", "time"), _TEXT),
}
"""The schema's dtype for what pandas infers from the values of a column of objects."""

_ADVICE: Final = {
    "complex": "Make two columns of its real and imaginary parts",
    "decimal": "Convert it with .astype(float)",
    "integer": "They need more than 64 bits: convert it with .astype(float)",
    "timedelta": "Convert it with pd.to_timedelta(column).dt.total_seconds()",
}


def import_pandas(method: str, alternative: str) -> Any:
    """Import pandas, or say which method requires it, and what to use in place of the method."""
    try:
        import pandas as pd
    except ImportError:
        raise ImportError(
            f"{method}() requires pandas: install it with 'pip install pandas', or {alternative}"
        ) from None
    return pd


def features_of(
    frame: Any,
    force_stypes: Mapping[str, Collection[str]],
    column_descriptions: Mapping[str, str],
) -> list[Feature]:
    """Return a feature for each column of a table, in the table's order.

    Raises:
        ValueError: A column cannot be described, or an argument is not valid; the text names it.
        ImportError: pandas is not installed.
    """
    pd = import_pandas("from_dataframe", "pass features= to BitfountSchema")
    if not isinstance(frame, pd.DataFrame):
        hint = ": pass df.to_pandas()" if hasattr(frame, "to_pandas") else ""
        raise ValueError(f"df is a {type(frame).__name__}, not a pandas DataFrame{hint}")
    for argument, value in (
        ("force_stypes", force_stypes),
        ("column_descriptions", column_descriptions),
    ):
        if not isinstance(value, Mapping):
            raise ValueError(f"{argument} must be a dict, not {json_type(value)}")
    names = _names(frame)
    forced = forced_types.by_column(force_stypes, names)
    forced_types.check_known(column_descriptions, names, "column_descriptions")
    return [
        _feature(pd, frame.iloc[:, at], name, forced.get(name), column_descriptions.get(name))
        for at, name in enumerate(names)
    ]


def _names(frame: Any) -> dict[str, None]:
    """Return the names of the columns, in their order, as keys that are found quickly."""
    names: dict[str, None] = {}
    for at, name in enumerate(frame.columns):
        if not isinstance(name, str):
            raise ValueError(
                f"the name of column {at} is {json_type(name)}, not text: rename the columns, for "
                "example with df.columns = df.columns.map(str)"
            )
        if name in names:
            raise ValueError(f"two columns have the name {quote_value(name)}: rename one of them")
        names[name] = None
    return names


def _feature(
    pd: Any, column: Any, name: str, forced: SemanticType | None, description: str | None
) -> Feature:
    dtype = _dtype(pd, column)
    if dtype is None and forced not in (SemanticType.TEXT, SemanticType.IMAGE):
        raise ValueError(_problem(pd, column, name))
    kind = forced or _semantic_type(pd, column, dtype)
    common: Any = {"name": name, "dtype": dtype or _TEXT, "description": description}
    if kind is SemanticType.CATEGORICAL:
        return CategoricalFeature(encoder=_encoder(pd, column, dtype, name), **common)
    if kind is SemanticType.CONTINUOUS:
        if dtype == _TEXT:
            raise ValueError(
                f"the column {quote_value(name)} has text, so that it cannot be continuous: "
                "convert it with pd.to_numeric, or leave it out of force_stypes"
            )
        return ContinuousFeature(**common)
    return (TextFeature if kind is SemanticType.TEXT else ImageFeature)(**common)


def _semantic_type(pd: Any, column: Any, dtype: str | None) -> SemanticType:
    if dtype == _BOOLEAN or isinstance(column.dtype, pd.CategoricalDtype):
        return SemanticType.CATEGORICAL
    return SemanticType.TEXT if dtype == _TEXT else SemanticType.CONTINUOUS


def _dtype(pd: Any, values: Any) -> str | None:
    """Return the schema's dtype of a column: that of pandas which allows missing values.

    Returns:
        ``boolean``, ``string``, or a type of numbers; None if a schema has no type for the values.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        # Other categories, such as the intervals of pd.cut(), are described by their labels.
        return _dtype(pd, dtype.categories) or _TEXT
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if pd.api.types.is_bool_dtype(dtype):
        return _BOOLEAN
    if pd.api.types.is_integer_dtype(dtype):
        unsigned = "U" if pd.api.types.is_unsigned_integer_dtype(dtype) else ""
        return f"{unsigned}Int{8 * dtype.itemsize}"
    if pd.api.types.is_float_dtype(dtype):
        return "Float32" if dtype.itemsize <= 4 else "Float64"
    if isinstance(dtype, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return _TEXT
    if getattr(dtype, "type", None) in (str, dt.date, dt.time, dt.datetime):
        return _TEXT  # of pyarrow
    if not pd.api.types.is_object_dtype(dtype):
        return None
    kind = pd.api.types.infer_dtype(values)
    return _integer_dtype(values.dropna()) if kind == "integer" else _INFERRED.get(kind)


def _integer_dtype(values: Iterable[int]) -> str | None:
    """Return the dtype of integers of any size; None if they need more than 64 bits."""
    lowest, highest = min(values), max(values)
    if lowest >= -(2**63) and highest < 2**63:
        return "Int64"
    return "UInt64" if lowest >= 0 and highest < 2**64 else None


def _encoder(pd: Any, column: Any, dtype: str | None, name: str) -> dict[str, dict[str, int]]:
    """Return the numbering of a column's labels: in the order of its categories, or sorted."""
    labels: Iterable[Any]
    if isinstance(column.dtype, pd.CategoricalDtype):
        labels = column.dtype.categories
    elif dtype == _BOOLEAN:
        labels = (False, True)
    else:
        values = column.dropna().unique().tolist()
        labels = sorted(values, key=str if dtype == _TEXT else None)
    classes: dict[str, int] = {}
    for number, label in enumerate(map(str, labels)):
        if label in classes:
            raise ValueError(
                f"the column {quote_value(name)} has two categories with the label "
                f"{quote_value(label)}: rename one of them"
            )
        classes[label] = number
    return {"classes": classes}


def _problem(pd: Any, column: Any, name: str) -> str:
    kind = pd.api.types.infer_dtype(column)
    values = (
        f"{kind} values"
        if pd.api.types.is_object_dtype(column.dtype)
        else f"the dtype {column.dtype}"
    )
    advice = next((text for key, text in _ADVICE.items() if kind.startswith(key)), None)
    return (
        f"the column {quote_value(name)} has {values}, for which a schema has no type. "
        f"{advice or 'Convert it to a column of text or numbers'}, drop it, or describe it as text "
        f"with force_stypes={{'text': [{quote_value(name)}]}}"
    )
