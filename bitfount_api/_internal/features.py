"""The features (columns) of a pod's data, as its schema describes them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from bitfount_api._internal.documents import DocumentError, json_type, quote_value
from bitfount_api._internal.validation import is_whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

_ATTRIBUTES: Final = {"featureName": "name", "semanticType": "semantic_type"}
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


def _has_classes(_: object, attribute: attrs.Attribute[Any], value: dict[str, Any]) -> None:
    """Refuse ``classes`` that are not ``{label: index}``; they may be missing."""
    classes = value.get("classes", {})
    try:
        if not isinstance(classes, dict):
            raise DocumentError(f"{json_type(classes)}, not an object")
        for label, index in classes.items():
            if not isinstance(index, int) or isinstance(index, bool):
                raise DocumentError(f"{json_type(index)}, not a whole number").with_path(label)
    except DocumentError as error:
        raise error.with_path("classes").with_path(attribute.name) from None


_optional = attrs.validators.optional
text_or_none = _optional(is_text)
count_or_none = _optional(is_count)
_object_or_none = _optional(is_object)


# --- Features ------------------------------------------------------------------------------------


@attrs.frozen
class Feature:
    """One column of the data. Each known semantic type has its own class.

    Args:
        name: The column's name.
        semantic_type: The kind of values it has; fixed in the class of a known type.
        dtype: The type that the values are stored as, such as ``Int64``.
        description: A description for people.
        extra: Fields of the document that this library does not know, kept unchanged.

    Raises:
        ValueError: An argument has the wrong type; the text names the document's field.
    """

    name: str = attrs.field(validator=is_text, metadata={_IN_JSON: "featureName"})
    semantic_type: str = attrs.field(
        validator=is_text, kw_only=True, metadata={_IN_JSON: "semanticType"}
    )
    dtype: str | None = attrs.field(default=None, validator=text_or_none, kw_only=True)
    description: str | None = attrs.field(default=None, validator=text_or_none, kw_only=True)
    extra: dict[str, Any] = attrs.field(factory=dict, validator=is_object, kw_only=True)
    _keys: tuple[str, ...] | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False, alias="_keys"
    )

    fields: ClassVar[tuple[str, ...]] = ("featureName", "description", "dtype", "semanticType")
    """The known fields of the document, in the order of new documents."""

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
        known = _KINDS.get(semantic_type) if isinstance(semantic_type, str) else None
        feature_class = known or Feature
        arguments: dict[str, Any] = {}
        extra = {}
        for key, value in document.items():
            if key not in feature_class.fields:
                extra[key] = value
            elif known is None or key != "semanticType":
                arguments[_ATTRIBUTES.get(key, key)] = value
        return feature_class(**arguments, extra=extra, _keys=tuple(document))

    def to_json(self) -> dict[str, Any]:
        """Return the feature as part of a schema document."""
        known = {key: getattr(self, _ATTRIBUTES.get(key, key)) for key in self.fields}
        return in_order(known, self.extra, self._keys)

    def facts(self) -> dict[str, Any]:
        """Return the fields that only this type has."""
        return {}


def _fixed(semantic_type: SemanticType) -> Any:
    return attrs.field(default=semantic_type.value, init=False)


@attrs.frozen
class ContinuousFeature(Feature):
    """A column of numbers."""

    semantic_type: str = _fixed(SemanticType.CONTINUOUS)


@attrs.frozen
class TextFeature(Feature):
    """A column of free text."""

    semantic_type: str = _fixed(SemanticType.TEXT)


@attrs.frozen
class CategoricalFeature(Feature):
    """A column with a fixed set of values.

    Args:
        encoder: The numbering of the values: ``{"classes": {label: index}}``.
    """

    semantic_type: str = _fixed(SemanticType.CATEGORICAL)
    encoder: dict[str, Any] | None = attrs.field(
        default=None,
        validator=_optional(attrs.validators.and_(is_object, _has_classes)),
        kw_only=True,
    )

    fields: ClassVar[tuple[str, ...]] = (
        "featureName",
        "description",
        "dtype",
        "encoder",
        "semanticType",
    )

    @property
    def classes(self) -> dict[str, int]:
        """The labels and their numbers; empty if unknown."""
        return dict((self.encoder or {}).get("classes", {}))

    def facts(self) -> dict[str, Any]:
        """Return the labels."""
        return {"classes": list(self.classes)}


@attrs.frozen
class ImageFeature(Feature):
    """A column of images.

    Args:
        dimensions: The number of images per dimensions, as the pod counted them.
        modes: The number of images per mode, such as ``RGB``.
        formats: The number of images per file format.
    """

    semantic_type: str = _fixed(SemanticType.IMAGE)
    dimensions: dict[str, Any] | None = attrs.field(
        factory=dict, validator=_object_or_none, kw_only=True
    )
    modes: dict[str, Any] | None = attrs.field(
        factory=dict, validator=_object_or_none, kw_only=True
    )
    formats: dict[str, Any] | None = attrs.field(
        factory=dict, validator=_object_or_none, kw_only=True
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

    def facts(self) -> dict[str, Any]:
        """Return dimensions, modes and formats."""
        return {"dimensions": self.dimensions, "modes": self.modes, "formats": self.formats}


_KINDS: Final[dict[str, type[Feature]]] = {
    "categorical": CategoricalFeature,
    "continuous": ContinuousFeature,
    "image": ImageFeature,
    "text": TextFeature,
}


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
    present = {key: value for key, value in known.items() if key in keys or value not in (None, {})}
    whole = {**present, **extra}
    return {key: whole[key] for key in dict.fromkeys((*keys, *whole)) if key in whole}
