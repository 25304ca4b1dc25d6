"""``BitfountSchema``: the structure of a pod's data, without the data.

A schema is stored as msgpack in object storage, and written to files as YAML. All four versions of
the document are read, and version 4 is written. A version 4 document that was read is written back
unchanged, order and unknown fields included.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs

from bitfount_api._internal import documents
from bitfount_api._internal.documents import DocumentError
from bitfount_api._internal.features import (
    CategoricalFeature,
    ContinuousFeature,
    Feature,
    ImageFeature,
    SemanticType,
    TextFeature,
    count_or_none,
    in_order,
    is_object,
    text_or_none,
)
from bitfount_api._internal.files import atomic_write, read_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

__all__ = [
    "BitfountSchema",
    "CategoricalFeature",
    "ContinuousFeature",
    "Feature",
    "ImageFeature",
    "SemanticType",
    "TextFeature",
    "pack",
]

SCHEMA_VERSION: Final = "4"
"""The version of the documents that are written."""

_logger = logging.getLogger(__name__)


def _tuple_of_features(features: Iterable[Feature]) -> tuple[Feature, ...]:
    return tuple(features)


def _are_features(_: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for at, feature in enumerate(value):
        if not isinstance(feature, Feature):
            problem = DocumentError(f"{documents.json_type(feature)}, not a Feature")
            raise problem.with_path(at).with_path(attribute.name)


@attrs.frozen
class BitfountSchema:
    """The schema of a pod's data.

    Args:
        name: The data set's name.
        description: A description for people.
        number_of_records: The number of records, if known.
        features: The columns, in their order.
        metadata: Data about the document: ``schema_version``, ``schema_type``, ``hash`` and so on.
        extra: Fields of the document that this library does not know, kept unchanged.

    Raises:
        ValueError: An argument has the wrong type; the message names the document's field.
    """

    name: str | None = attrs.field(default=None, validator=text_or_none)
    description: str | None = attrs.field(default=None, validator=text_or_none)
    number_of_records: int | None = attrs.field(default=None, validator=count_or_none)
    features: tuple[Feature, ...] = attrs.field(
        default=(), converter=_tuple_of_features, validator=_are_features
    )
    metadata: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    extra: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    _keys: tuple[str, ...] | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False, alias="_keys"
    )

    # --- Reading ---------------------------------------------------------------------------------

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> BitfountSchema:
        """Read a schema document of any version.

        Args:
            data: The document as JSON values, such as :meth:`to_json` returns. It is copied.

        Raises:
            ValueError: The document is not a valid schema; the message names the field.
        """
        return cls._load(documents.validate(data))

    @classmethod
    def loads(cls, text: str | bytes) -> BitfountSchema:
        """Read a schema from YAML or JSON text of at most 16 MiB.

        Raises:
            ValueError: The text is neither, or not a valid schema; the error says where.
        """
        return cls._load(documents.from_text(text))

    @classmethod
    def load_from_file(cls, path: str | os.PathLike[str]) -> BitfountSchema:
        """Read a schema from a YAML or JSON file of at most 16 MiB.

        Raises:
            ValueError: As for :meth:`loads`.
            OSError: The file cannot be read.
        """
        return cls._load(documents.from_text(read_file(path, documents.MAX_TEXT_BYTES)))

    @classmethod
    def unpack(cls, data: bytes) -> BitfountSchema:
        """Read a schema from msgpack of at most 10 MiB, the format in object storage.

        Raises:
            ValueError: The data is not msgpack, or not a valid schema; the message says where.
        """
        return cls._load(documents.from_packed(data))

    @classmethod
    def _load(cls, document: dict[str, Any]) -> BitfountSchema:
        document, keys = _as_version_4(document)
        known = ("name", "description", "number_of_records", "metadata")
        arguments = {key: document.pop(key) for key in known if key in document}
        features = _load_features(document.pop("features"))
        return cls(**arguments, features=features, extra=document, _keys=keys)

    # --- Writing ---------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the schema as a document of version 4, in newly created JSON values.

        Raises:
            ValueError: A field has a value that JSON cannot hold; the message names it.
        """
        metadata = dict(self.metadata)
        if "schema_version" not in metadata:
            metadata |= {
                "force_stypes": metadata.get("force_stypes"),
                "schema_version": SCHEMA_VERSION,
                "schema_type": metadata.get("schema_type", "full"),
            }
        known = {
            "name": self.name,
            "description": self.description,
            "number_of_records": self.number_of_records,
            "features": [feature.to_json() for feature in self.features],
            "metadata": metadata,
        }
        return documents.validate(in_order(known, self.extra, self._keys))

    def dumps(self) -> str:
        """Return the schema as YAML text.

        Raises:
            ValueError: As for :meth:`to_json`.
        """
        return documents.to_yaml(self.to_json())

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Write the schema to a YAML file, replacing an existing file.

        Raises:
            ValueError: As for :meth:`to_json`.
            OSError: The file cannot be written, or the path is that of a device or a pipe.
        """
        atomic_write(path, self.dumps().encode("utf-8"))

    def pack(self) -> bytes:
        """Return the schema as msgpack, the format in object storage.

        Raises:
            ValueError: As for :meth:`to_json`.
        """
        return documents.to_packed(self.to_json())

    # --- Queries ---------------------------------------------------------------------------------

    def get_feature_names(self, semantic_type: SemanticType | str | None = None) -> list[str]:
        """Return the names of the features, in their order.

        Args:
            semantic_type: The type of the features; None for all features.

        Raises:
            ValueError: The type is not a known one, and this schema has no feature of that type.
        """
        if semantic_type is None:
            return [feature.name for feature in self.features]
        # The official SDK's enumeration is another class with the same values.
        wanted = getattr(semantic_type, "value", semantic_type)
        by_type = self.features_by_semantic_type
        if wanted not in by_type and wanted not in list(SemanticType):
            known = ", ".join(dict.fromkeys([*SemanticType, *by_type]))
            raise ValueError(
                f"the semantic type is {documents.quote_value(wanted)}, not one of: {known}"
            )
        return [feature.name for feature in by_type.get(wanted, ())]

    @property
    def features_by_semantic_type(self) -> dict[str, list[Feature]]:
        """The features by type, unknown types included, each in the schema's order."""
        result: dict[str, list[Feature]] = {}
        for feature in self.features:
            result.setdefault(feature.semantic_type, []).append(feature)
        return result

    def feature_rows(self) -> list[dict[str, Any]]:
        """Return the features as rows of a table, all with the same columns.

        Returns:
            For each feature ``name``, ``semantic_type``, ``dtype``, ``description``, ``classes``
            (labels), ``dimensions``, ``modes`` and ``formats``; None where its type lacks the
            column.
        """
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
            for feature in self.features
        ]

    def features_dataframe(self) -> Any:
        """Return the features as a ``pandas.DataFrame`` with the columns of :meth:`feature_rows`.

        Raises:
            ImportError: pandas is not installed; only this method requires it.
        """
        try:
            import pandas as pd  # type: ignore[import-untyped, unused-ignore]
        except ImportError:
            raise ImportError(
                "features_dataframe() requires pandas: install it with 'pip install pandas', "
                "or use feature_rows()"
            ) from None
        return pd.DataFrame(self.feature_rows())


def pack(document: Mapping[str, Any]) -> bytes:
    """Return any schema document as msgpack, without validating it as a schema.

    Args:
        document: The document as JSON values, such as ``PodPublicMetadata.schema``.

    Raises:
        ValueError: The document has a value that JSON cannot hold; the message names the place.
    """
    return documents.to_packed(documents.validate(document))


# --- Versions ------------------------------------------------------------------------------------


def _as_version_4(document: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...] | None]:
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
        document["metadata"] = _metadata_of_version_4(metadata)
    elif version != SCHEMA_VERSION:
        _logger.warning(
            "the schema's version is %s, which is not known; it is read as version %s",
            documents.quote_value(version),
            SCHEMA_VERSION,
        )
    return document, keys


def _metadata_of_version_4(metadata: dict[str, Any]) -> dict[str, Any]:
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
    """Move the fields of the document's table up into the document."""
    rest = {name: value for name, value in document.items() if name != key}
    return {**rest, **table}


def _load_features(features: object) -> list[Feature]:
    if not isinstance(features, list):
        raise DocumentError(f"{documents.json_type(features)}, not a list").with_path("features")
    result = []
    for at, item in enumerate(features):
        try:
            if not isinstance(item, dict):
                raise DocumentError(f"{documents.json_type(item)}, not an object")
            result.append(Feature.load(item))
        except DocumentError as error:
            raise error.with_path(at).with_path("features") from None
    return result
