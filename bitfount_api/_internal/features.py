"""The features (columns) of a pod's data, as its schema describes them."""

from __future__ import annotations

import collections
import enum
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from bitfount_api._internal.documents import DocumentError, json_type, quote_value
from bitfount_api._internal.validation import is_whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ATTRIBUTES: Final = {"featureName": "name", "semanticType": "semantic_type"}
_DTYPE_NAMES: Final = {
    "<U0": "str",
    "complex": "complex128",
    "float": "float64",
    "int": "int64",
    "string[pyarrow]": "string",
    "string[python]": "string",
}
"""The names that pandas gives to types which documents name otherwise."""
_SIZE: Final = re.compile(r"\d{1,9}|\(\d{1,9}(?:, \d{1,9})*,?\)")
_IN_JSON: Final = "the attribute's name in the document, if it differs"


class SemanticType(enum.StrEnum):
    """The kind of a feature's values. Services may add others; those are plain text."""

    CATEGORICAL = "categorical"
    CONTINUOUS = "continuous"
    IMAGE = "image"
    TEXT = "text"


# --- Validators: they name the document's fields -------------------------------------------------


def is_text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse values that are not text."""
    if not isinstance(value, str):
        name = attribute.metadata.get(_IN_JSON, attribute.name)
        raise DocumentError(f"{json_type(value)}, not text").with_path(name)


def is_object(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse values that are not an object."""
    if not isinstance(value, dict):
        raise DocumentError(f"{json_type(value)}, not an object").with_path(attribute.name)


def is_count(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse values that are not a whole number of at least 0."""
    if not is_whole_number(value):
        raise DocumentError(f"{quote_value(value)}, not a count").with_path(attribute.name)


def _are_classes(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse values that are not ``{label: index}``."""
    try:
        if not isinstance(value, dict):
            raise DocumentError(f"{json_type(value)}, not an object")
        for label, index in value.items():
            if not isinstance(index, int) or isinstance(index, bool):
                raise DocumentError(f"{json_type(index)}, not a whole number").with_path(label)
    except DocumentError as error:
        raise error.with_path(attribute.name) from None


_optional = attrs.validators.optional
text_or_none = _optional(is_text)
count_or_none: Any = _optional(is_count)


# --- Features ------------------------------------------------------------------------------------


@attrs.frozen
class Encoder:
    """The numbering of a categorical column's values.

    Args:
        classes: The labels and their numbers, ``{label: index}``.
        extra: Fields of the document that this library does not know, kept unchanged.

    Raises:
        ValueError: An argument has the wrong type; the text names the document's field.
    """

    classes: dict[str, int] = attrs.field(factory=dict, validator=_are_classes)
    extra: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    _keys: tuple[str, ...] | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False, alias="_keys"
    )

    @property
    def size(self) -> int:
        """The number of labels."""
        return len(self.classes)

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as part of a schema document."""
        return in_order({"classes": self.classes}, self.extra, self._keys)


_EMPTY: Final[tuple[object, ...]] = ({}, Encoder())


def _plain(value: object) -> object:
    """Return an attribute's value as JSON."""
    if isinstance(value, Encoder):
        return value.to_json()
    if isinstance(value, collections.Counter):
        return {
            str(key) if isinstance(key, tuple | int) else key: item for key, item in value.items()
        }
    return value


@attrs.frozen
class Feature:
    """One column of the data. Each known semantic type has its own class.

    Args:
        name: The column's name.
        semantic_type: The kind of values it has; fixed in the class of a known type.
        dtype: The name of pandas' type for the values, such as ``Int64``. Each known semantic type
            has a default, because the official SDK reads no feature without one. None only if the
            document does not have it.
        description: A description for people.
        extra: Fields of the document that this library does not know, kept unchanged.

    Raises:
        ValueError: An argument has the wrong type; the text names the document's field.
    """

    name: str = attrs.field(validator=is_text, metadata={_IN_JSON: "featureName"})
    semantic_type: str = attrs.field(
        validator=is_text, kw_only=True, metadata={_IN_JSON: "semanticType"}
    )
    dtype: str | None = attrs.field(
        default=attrs.Factory(lambda self: self.default_dtype, takes_self=True),
        validator=text_or_none,
        kw_only=True,
    )
    description: str | None = attrs.field(default=None, validator=text_or_none, kw_only=True)
    extra: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    _keys: tuple[str, ...] | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False, alias="_keys"
    )
    _nulls: frozenset[str] = attrs.field(
        default=frozenset(), kw_only=True, eq=False, repr=False, alias="_nulls"
    )

    fields: ClassVar[tuple[str, ...]] = ("featureName", "description", "dtype", "semanticType")
    """The known fields of the document, in the order of new documents."""

    objects: ClassVar[tuple[str, ...]] = ()
    """The known fields that are objects, whose attributes are empty if they are missing or null."""

    default_dtype: ClassVar[str | None] = None
    """The ``dtype`` of a new feature."""

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Feature:
        """Return the feature that a validated document describes, of the class for its type.

        Raises:
            ValueError: A field is missing or of the wrong type; the text names it.
        """
        for required in ("featureName", "semanticType"):
            if required not in document:
                raise DocumentError("missing").with_path(required)
        semantic_type = document["semanticType"]
        known = FEATURE_CLASSES.get(semantic_type) if isinstance(semantic_type, str) else None
        feature_class = known or Feature
        nulls = {key for key in feature_class.objects if document.get(key) is None}
        arguments: dict[str, Any] = {"dtype": None}
        extra = {}
        for key, value in document.items():
            if key not in feature_class.fields:
                extra[key] = value
            elif key not in nulls and (known is None or key != "semanticType"):
                arguments[_ATTRIBUTES.get(key, key)] = value
        return feature_class(
            **arguments, extra=extra, _keys=tuple(document), _nulls=frozenset(nulls)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the feature as part of a schema document."""
        known: dict[str, Any] = {}
        for key in self.fields:
            value = getattr(self, _ATTRIBUTES.get(key, key))
            if key in self._nulls and value in _EMPTY:
                value = None
            known[key] = _plain(value)
        return in_order(known, self.extra, self._keys)

    @property
    def feature_name(self) -> str:
        """The column's name, as the official SDK calls it."""
        return self.name

    @property
    def dtype_name(self) -> str:
        """The name of ``dtype`` in pandas: ``int64`` for ``int``; ``unknown`` if it is missing."""
        return "unknown" if self.dtype is None else _DTYPE_NAMES.get(self.dtype, self.dtype)

    def facts(self) -> dict[str, Any]:
        """Return the fields that only this type has."""
        return {}


@attrs.frozen
class ContinuousFeature(Feature):
    """A column of numbers."""

    semantic_type: SemanticType = attrs.field(default=SemanticType.CONTINUOUS, init=False)

    default_dtype: ClassVar[str] = "Float64"


@attrs.frozen
class TextFeature(Feature):
    """A column of free text."""

    semantic_type: SemanticType = attrs.field(default=SemanticType.TEXT, init=False)

    default_dtype: ClassVar[str] = "string"


def _encoder(value: Any) -> Any:
    """Return the encoder of a document's object; other values are left to the validator."""
    if not isinstance(value, dict):
        return value
    extra = {key: item for key, item in value.items() if key != "classes"}
    classes = {"classes": value["classes"]} if "classes" in value else {}
    try:
        return Encoder(**classes, extra=extra, _keys=tuple(value))
    except DocumentError as error:
        raise error.with_path("encoder") from None


def _is_encoder(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Encoder):
        raise DocumentError(f"{json_type(value)}, not an object").with_path(attribute.name)


@attrs.frozen
class CategoricalFeature(Feature):
    """A column with a fixed set of values.

    Args:
        encoder: The numbering of the values: an :class:`Encoder`, or ``{"classes": {label:
            index}}``.
    """

    semantic_type: SemanticType = attrs.field(default=SemanticType.CATEGORICAL, init=False)
    encoder: Encoder = attrs.field(
        factory=Encoder, converter=_encoder, validator=_is_encoder, kw_only=True
    )

    fields: ClassVar[tuple[str, ...]] = (
        "featureName",
        "description",
        "dtype",
        "encoder",
        "semanticType",
    )
    objects: ClassVar[tuple[str, ...]] = ("encoder",)
    default_dtype: ClassVar[str] = "string"

    @property
    def classes(self) -> dict[str, int]:
        """The labels and their numbers; empty if unknown."""
        return dict(self.encoder.classes)

    def facts(self) -> dict[str, Any]:
        """Return the labels."""
        return {"classes": list(self.classes)}


def _counter(value: Any) -> Any:
    """Return the counter of a document's object; other values are left to the validator."""
    return collections.Counter(value) if isinstance(value, dict) else value


def _counter_of_sizes(value: Any) -> Any:
    """Return a counter like :func:`_counter`, with ``"(2, 3)"`` read as ``(2, 3)``."""
    if not isinstance(value, dict):
        return value
    return collections.Counter({_size(key): count for key, count in value.items()})


def _size(key: Any) -> Any:
    if not isinstance(key, str) or _SIZE.fullmatch(key) is None:
        return key
    numbers = tuple(int(number) for number in key.strip("(),").split(", "))
    size = numbers if key.startswith("(") else numbers[0]
    # Another spelling is kept, so that documents are written back unchanged.
    return size if str(size) == key else key


@attrs.frozen
class ImageFeature(Feature):
    """A column of images.

    Args:
        dimensions: The number of images per size in pixels, such as ``{(640, 480): 2}``.
        modes: The number of images per mode, such as ``RGB``.
        formats: The number of images per file format.
    """

    semantic_type: SemanticType = attrs.field(default=SemanticType.IMAGE, init=False)
    dimensions: collections.Counter[Any] = attrs.field(
        factory=collections.Counter, converter=_counter_of_sizes, validator=is_object, kw_only=True
    )
    modes: collections.Counter[str] = attrs.field(
        factory=collections.Counter, converter=_counter, validator=is_object, kw_only=True
    )
    formats: collections.Counter[str] = attrs.field(
        factory=collections.Counter, converter=_counter, validator=is_object, kw_only=True
    )

    fields: ClassVar[tuple[str, ...]] = (
        "featureName",
        "description",
        "dimensions",
        "dtype",
        "formats",
        "modes",
        "semanticType",
    )
    objects: ClassVar[tuple[str, ...]] = ("dimensions", "formats", "modes")
    default_dtype: ClassVar[str] = "string"

    def facts(self) -> dict[str, Any]:
        """Return dimensions, modes and formats."""
        return {key: _plain(getattr(self, key)) for key in ("dimensions", "modes", "formats")}


# In the order in which the official SDK groups them.
FEATURE_CLASSES: Final[dict[str, type[Feature]]] = {
    "categorical": CategoricalFeature,
    "continuous": ContinuousFeature,
    "image": ImageFeature,
    "text": TextFeature,
}


def tuple_of_features(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return features as a tuple, and refuse values of other types."""
    found = tuple(features)
    for at, feature in enumerate(found):
        if not isinstance(feature, Feature):
            problem = DocumentError(f"{json_type(feature)}, not a Feature")
            raise problem.with_path(at).with_path("features")
    return found


def load_features(features: object) -> list[Feature]:
    """Return the features that a document's list describes."""
    if not isinstance(features, list):
        raise DocumentError(f"{json_type(features)}, not a list").with_path("features")
    result = []
    for at, item in enumerate(features):
        try:
            if not isinstance(item, dict):
                raise DocumentError(f"{json_type(item)}, not an object")
            result.append(Feature.load(item))
        except DocumentError as error:
            raise error.with_path(at).with_path("features") from None
    return result


def in_order(
    known: Mapping[str, Any], extra: Mapping[str, Any], keys: tuple[str, ...] | None
) -> dict[str, Any]:
    """Return a document's fields in the order they had when read, or in that of new documents.

    Args:
        known: The fields that have an attribute.
        extra: The other fields.
        keys: The fields that the document had when it was read; None for a new document. Known
            fields that it did not have are included only if they have a value now.
    """
    if keys is None:
        return {**known, **extra}
    present = {
        key: value for key, value in known.items() if key in keys or value not in (None, {}, 0)
    }
    whole = {**present, **extra}
    return {key: whole[key] for key in dict.fromkeys((*keys, *whole)) if key in whole}
