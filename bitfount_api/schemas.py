"""``BitfountSchema``: the structure of a pod's data, without the data.

A schema is stored as msgpack in object storage, and written to files as YAML. All four versions of
the document are read, and version 4 is written. A version 4 document that was read is written back
unchanged, order and unknown fields included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from bitfount_api._internal import dataframes, documents, forced_types, schema_tables
from bitfount_api._internal.features import (
    CategoricalFeature,
    ContinuousFeature,
    Encoder,
    Feature,
    ImageFeature,
    SemanticType,
    TextFeature,
    count_or_none,
    in_order,
    is_object,
    load_features,
    text_or_none,
    tuple_of_features,
)
from bitfount_api._internal.features_by_type import FeaturesByType
from bitfount_api._internal.files import atomic_write, read_file
from bitfount_api._internal.pydantic_fields import DocumentField
from bitfount_api._internal.schema_versions import SCHEMA_VERSION, as_version_4
from bitfount_api._internal.validation import optional_integer
from bitfount_api.hashes import hash_contents

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = [
    "ALLOWED_SCHEMA_TYPES",
    "BitfountSchema",
    "CategoricalFeature",
    "CategoricalRecord",
    "ContinuousFeature",
    "ContinuousRecord",
    "Encoder",
    "Feature",
    "FeaturesByType",
    "ImageFeature",
    "ImageRecord",
    "SchemaType",
    "SemanticType",
    "TextFeature",
    "TextRecord",
    "pack",
]

# The official SDK's names.
CategoricalRecord = CategoricalFeature
ContinuousRecord = ContinuousFeature
ImageRecord = ImageFeature
TextRecord = TextFeature

SchemaType = Literal["empty", "partial", "full"]
"""How much of the data a schema describes: nothing, the first batch, or all of it."""

ALLOWED_SCHEMA_TYPES = SchemaType
"""The official SDK's name of :data:`SchemaType`."""

_NOT_OFFERED: Final = frozenset(
    {
        *("add_dataframe_features", "add_feature", "apply", "generate_full_schema"),
        *("generate_optimized_full_schema", "generate_partial_schema", "get_column_names"),
        *("generate_schema_from_cache", "initialize_dataless_schema"),
    }
)
"""The methods of the official SDK that read data, or change a schema."""

# The official SDK hashes the list of the data sources that a schema was made from. A schema that
# was read from a document has none.
_HASH_WITHOUT_SOURCES: Final = hash_contents(repr([]))


@attrs.frozen
class BitfountSchema(DocumentField):
    """The schema of a pod's data.

    The attributes and methods of the official SDK's class return what it returns for the same
    document, except that ``dtype`` is text, and that all attributes are read-only. Schemas are
    equal if all their fields are, not already if their features have the same names and types.

    Args:
        name: The data set's name. None only if the document has none.
        description: A description for people.
        number_of_records: The number of records; 0 if the document does not have it.
        features: The columns, in their order. They are then in the attributes ``columns``, in the
            same order, and ``features``, by type and name.
        metadata: Data about the document: ``schema_version``, ``schema_type``, ``hash`` and so on.
        extra: Fields of the document that this library does not know, kept unchanged.

    Raises:
        ValueError: An argument has the wrong type; the message names the document's field.
    """

    name: str | None = attrs.field(validator=text_or_none)
    description: str | None = attrs.field(default=None, validator=text_or_none)
    number_of_records: int | None = attrs.field(
        default=0, converter=optional_integer, validator=count_or_none
    )
    columns: tuple[Feature, ...] = attrs.field(
        default=(), converter=tuple_of_features, alias="features"
    )
    metadata: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    extra: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    _keys: tuple[str, ...] | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False, alias="_keys"
    )
    features: FeaturesByType = attrs.field(
        default=attrs.Factory(lambda self: FeaturesByType(self.columns), takes_self=True),
        init=False,
        eq=False,
        repr=False,
    )
    """The features as ``{semantic type: {name: feature}}``, as the official SDK groups them."""

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
    def loads(cls, data: str | bytes) -> BitfountSchema:
        """Read a schema from YAML or JSON text of at most 16 MiB.

        Raises:
            ValueError: The text is neither, or not a valid schema; the error says where.
        """
        return cls._load(documents.from_text(data))

    @classmethod
    def load_from_file(cls, file_path: str | os.PathLike[str]) -> BitfountSchema:
        """Read a schema from a YAML or JSON file of at most 16 MiB.

        Raises:
            ValueError: As for :meth:`loads`.
            OSError: The file cannot be read.
        """
        return cls._load(documents.from_text(read_file(file_path, documents.MAX_TEXT_BYTES)))

    @classmethod
    def unpack(cls, data: bytes) -> BitfountSchema:
        """Read a schema from msgpack of at most 10 MiB, the format in object storage.

        Raises:
            ValueError: The data is not msgpack, or not a valid schema; the message says where.
        """
        return cls._load(documents.from_packed(data))

    @classmethod
    def _load(cls, document: dict[str, Any]) -> BitfountSchema:
        document, keys = as_version_4(document)
        known = ("description", "number_of_records", "metadata")
        arguments = {key: document.pop(key) for key in known if key in document}
        name = document.pop("name", None)
        features = load_features(document.pop("features"))
        return cls(name, **arguments, features=features, extra=document, _keys=keys)

    @classmethod
    def from_dataframe(
        cls,
        df: Any,
        name: str,
        description: str | None = None,
        number_of_records: int | None = None,
        *,
        force_stypes: Mapping[str, Collection[str]] | None = None,
        column_descriptions: Mapping[str, str] | None = None,
    ) -> BitfountSchema:
        """Describe the columns of a ``pandas.DataFrame``; its index is not a column.

        Numbers become continuous features, truth values and ``category`` columns categorical ones
        with their categories in order, and text, dates and times text features. The ``dtype`` is
        the nullable one of pandas: ``Int64`` for ``int64``. Columns of NumPy, pandas and pyarrow
        types are accepted, and columns of objects with values of one type.

        **The labels of categorical features are part of the schema**, which others may see, even
        if no record has them. No other values are.

        Args:
            df: The table. It is not changed.
            name: The data set's name.
            description: A description for people.
            number_of_records: The number of records; default: the number of rows.
            force_stypes: Semantic types of columns, in place of the above ones: ``{type:
                [names]}``. ``image_prefix`` lists prefixes of the names of image columns. If a
                column is made categorical, its labels are its values, sorted. The argument is
                stored in the schema, as by the official SDK.
            column_descriptions: Descriptions of columns, ``{name: description}``.

        Raises:
            ValueError: An argument is not valid, or a schema has no type for a column, such as one
                of lists, complex numbers or mixed types. The message names the column and says
                what to do.
            ImportError: pandas is not installed.
        """
        features = dataframes.features_of(df, force_stypes or {}, column_descriptions or {})
        records = len(df) if number_of_records is None else number_of_records
        metadata = forced_types.as_metadata(force_stypes or {})
        return cls(name, description, records, features, metadata=metadata)

    # --- Writing ---------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the schema as a document of version 4, in newly created JSON values.

        Raises:
            ValueError: A field has a value that JSON cannot hold; the message names it.
        """
        known = {
            "name": self.name,
            "description": self.description,
            "number_of_records": self.number_of_records,
            "features": [feature.to_json() for feature in self.columns],
            "metadata": self._whole_metadata(),
        }
        return documents.validate(in_order(known, self.extra, self._keys))

    def dumps(self) -> str:
        """Return the schema as YAML text.

        Raises:
            ValueError: As for :meth:`to_json`.
        """
        return documents.to_yaml(self.to_json())

    def dump(self, file_path: str | os.PathLike[str]) -> None:
        """Write the schema to a YAML file, replacing an existing file.

        Raises:
            ValueError: As for :meth:`to_json`.
            OSError: The file cannot be written, or the path is that of a device or a pipe.
        """
        atomic_write(file_path, self.dumps().encode("utf-8"))

    def pack(self) -> bytes:
        """Return the schema as msgpack, the format in object storage.

        Raises:
            ValueError: As for :meth:`to_json`.
        """
        return documents.to_packed(self.to_json())

    def _whole_metadata(self) -> dict[str, Any]:
        """Return the metadata as they are written: those of a new schema are extended."""
        if "schema_version" in self.metadata:
            return dict(self.metadata)
        return self.metadata | {
            "force_stypes": self.metadata.get("force_stypes"),
            "schema_version": SCHEMA_VERSION,
            "schema_type": self.metadata.get("schema_type", "full"),
        }

    if not TYPE_CHECKING:  # else every name would be an attribute to type checkers

        def __getattr__(self, name: str) -> Any:
            """Say what to use in place of the official SDK's methods that are not offered."""
            problem = f"{type(self).__name__!r} object has no attribute {name!r}"
            if name in _NOT_OFFERED:
                problem += (
                    ": schemas cannot be changed. Make one with BitfountSchema.from_dataframe(), "
                    "or with the official SDK and load its to_json(), or pass features= "
                    "to BitfountSchema"
                )
            raise AttributeError(problem, name=name, obj=self)

    # --- Metadata --------------------------------------------------------------------------------

    @property
    def schema_type(self) -> str | None:
        """How much of the data the schema describes, one of :data:`SchemaType`, if it is known."""
        schema_type: str | None = self._whole_metadata().get("schema_type")
        return schema_type

    @property
    def schema_generation_enabled(self) -> bool | None:
        """Whether the pod extends its schema in the background; None if it is not known."""
        enabled: bool | None = self.metadata.get("schema_generation_enabled")
        return enabled

    @property
    def force_stypes(self) -> dict[str, list[str]] | None:
        """The columns whose semantic type the pod's owner has set, as ``{type: [name]}``.

        The key ``image_prefix`` has beginnings of names. Other keys, and values that are not lists
        of text, are left out. None if nothing is left, and ``{}`` if the document does not have the
        field, as in the official SDK.
        """
        metadata = self._whole_metadata()
        if "force_stypes" not in metadata:
            return {}
        return forced_types.valid_part(metadata["force_stypes"])

    @property
    def hash(self) -> str:
        """The official SDK's hash of the data sources that were added to the schema.

        No document contains them, so that all schemas that were read have the same hash.
        ``metadata["hash"]`` is the hash in the document.
        """
        return _HASH_WITHOUT_SOURCES

    # --- Features --------------------------------------------------------------------------------

    def get_feature_names(self, semantic_type: SemanticType | str | None = None) -> list[str]:
        """Return the names of the features, in the order of ``features``: by type.

        Args:
            semantic_type: The type of the features; None for all features.

        Raises:
            ValueError: The type is not a known one, and this schema has no feature of that type.
        """
        if semantic_type is None:
            return [name for group in self.features.values() for name in group]
        # The official SDK's enumeration is another class with the same values.
        wanted = getattr(semantic_type, "value", semantic_type)
        if wanted not in self.features and wanted not in list(SemanticType):
            known = ", ".join(dict.fromkeys([*SemanticType, *self.features]))
            raise ValueError(
                f"the semantic type is {documents.quote_value(wanted)}, not one of: {known}"
            )
        return list(self.features.get(wanted, ()))

    def get_num_categorical(self, ignore_cols: str | Iterable[str] | None = None) -> int:
        """Return the number of categorical features.

        Args:
            ignore_cols: The names of features that are not counted.
        """
        return len(self._names_without(SemanticType.CATEGORICAL, ignore_cols))

    def get_num_continuous(self, ignore_cols: str | Iterable[str] | None = None) -> int:
        """Return the number of continuous features.

        Args:
            ignore_cols: The names of features that are not counted.
        """
        return len(self._names_without(SemanticType.CONTINUOUS, ignore_cols))

    def get_categorical_feature_size(self, var: str | Sequence[str]) -> int:
        """Return the number of labels of a categorical feature.

        Args:
            var: The feature's name. Of a list, the first item is used.

        Raises:
            ValueError: There is no categorical feature of this name.
        """
        name = var if isinstance(var, str) else next(iter(var), "")
        return self._categorical(name).encoder.size

    def get_categorical_feature_sizes(
        self, ignore_cols: str | Iterable[str] | None = None
    ) -> list[int]:
        """Return the numbers of labels of the categorical features, in their order.

        Args:
            ignore_cols: The names of features that are left out.
        """
        names = self._names_without(SemanticType.CATEGORICAL, ignore_cols)
        return [self._categorical(name).encoder.size for name in names]

    def decode_categorical(self, feature: str, value: int) -> str:
        """Return the label that a number stands for in a categorical feature.

        Args:
            feature: The feature's name.
            value: The number, as in ``Encoder.classes``.

        Raises:
            ValueError: There is no categorical feature of this name, or it has no such number.
        """
        for label, index in self._categorical(feature).encoder.classes.items():
            if index == value:
                return label
        raise ValueError(
            f"the feature {documents.quote_value(feature)} has no label with the number "
            f"{documents.quote_value(value)}"
        )

    def _categorical(self, name: str) -> CategoricalFeature:
        try:
            return self.features["categorical"][name]
        except KeyError:
            raise ValueError(
                f"the schema has no categorical feature {documents.quote_value(name)}; "
                "get_feature_names('categorical') returns those it has"
            ) from None

    def _names_without(
        self, semantic_type: SemanticType, ignored: str | Iterable[str] | None
    ) -> list[str]:
        left_out = {ignored} if isinstance(ignored, str) else set(ignored or ())
        return [name for name in self.features.get(semantic_type, ()) if name not in left_out]

    def feature_rows(self) -> list[dict[str, Any]]:
        """Return the features as rows of a table, all with the same columns.

        Returns:
            For each feature ``name``, ``semantic_type``, ``dtype``, ``description``, ``classes``
            (labels), ``dimensions``, ``modes`` and ``formats``; None where its type lacks the
            column.
        """
        return schema_tables.feature_rows(self.columns)

    def features_dataframe(self) -> Any:
        """Return the features as a ``pandas.DataFrame`` with the columns of :meth:`feature_rows`.

        Raises:
            ImportError: pandas is not installed; only this method requires it.
        """
        pd = dataframes.import_pandas("features_dataframe", "use feature_rows()")
        return pd.DataFrame(self.feature_rows())

    def _repr_html_(self) -> str:
        """Return the schema as a table, which notebooks draw."""
        return schema_tables.schema_html(self)


def pack(document: Mapping[str, Any]) -> bytes:
    """Return any schema document as msgpack, without validating it as a schema.

    Args:
        document: The document as JSON values, such as ``PodPublicMetadata.schema``.

    Raises:
        ValueError: The document has a value that JSON cannot hold; the message names the place.
    """
    return documents.to_packed(documents.validate(document))
