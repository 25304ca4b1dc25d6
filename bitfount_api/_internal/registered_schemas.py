"""Prepare schemas for registration, so that both libraries can read what the Hub stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bitfount_api._internal.documents import quote_value
from bitfount_api._internal.features import FEATURE_CLASSES, CategoricalFeature, Feature
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.validation import shorten

_FIELDS: Final = frozenset({"name", "description", "number_of_records", "features", "metadata"})
_MAX_PLACES_LENGTH: Final = 200

_logger = get_logger("bitfount_api.schemas")


def document_of(schema: object) -> Any:
    """Return the document of a schema.

    Args:
        schema: A document as JSON, this library's ``BitfountSchema``, or the official SDK's.

    Raises:
        TypeError: Another object of the official SDK, or its schema without a document.
    """
    if isinstance(schema, Mapping):
        return dict(schema)
    kind = type(schema)
    if any(base.__name__ == "BitfountSchema" for base in kind.__mro__):
        try:
            return schema.to_json()  # type: ignore[attr-defined]  # checked by its name
        except Exception as error:
            if kind.__module__.startswith("bitfount_api."):
                raise
            raise TypeError(
                f"the schema of type {kind.__module__}.{kind.__qualname__} has no document "
                f"({type(error).__name__}); pass bitfount_api.BitfountSchema.to_json()"
            ) from error
    if kind.__module__.partition(".")[0] == "bitfount":
        raise TypeError(
            f"the schema is a {kind.__module__}.{kind.__qualname__}; pass the document that "
            "BitfountSchema.to_json() returns, of the official SDK or of bitfount_api"
        )
    return schema


def complete(document: Any, pod_name: str) -> Any:
    """Return a schema's document with the values that the official SDK requires.

    A missing name becomes that of the pod, a missing ``dtype`` the default of the semantic type,
    and a missing object, such as ``encoder``, an empty one. Fields that the official SDK refuses
    are kept, and logged as a warning. Documents of older versions, and other documents, are
    returned as they are.
    """
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        return document
    result = dict(document)
    if not document.get("name") and isinstance(pod_name, str):
        result["name"] = pod_name
    refused = [quote_value(key) for key in document if key not in _FIELDS]
    result["features"] = features = []
    for at, feature in enumerate(document["features"]):
        known = FEATURE_CLASSES.get(str(_get(feature, "semanticType")))
        if known is None:
            refused.append(f"features[{at}]")
            features.append(feature)
        else:
            refused += [f"features[{at}].{key}" for key in feature if key not in known.fields]
            features.append({**feature, **_missing(feature, known)})
    if refused:
        _logger.warning(
            "the official SDK cannot read the schema of pod %s, because it does not know: %s",
            quote_value(pod_name),
            shorten(", ".join(refused), _MAX_PLACES_LENGTH),
        )
    return result


def _get(feature: object, key: str) -> object:
    return feature.get(key) if isinstance(feature, dict) else None


def _missing(feature: dict[str, Any], known: type[Feature]) -> dict[str, Any]:
    found: dict[str, Any] = {key: {} for key in known.objects if feature.get(key) is None}
    if known is CategoricalFeature:
        encoder = found.get("encoder", feature.get("encoder"))
        if isinstance(encoder, dict) and "classes" not in encoder:
            found["encoder"] = {**encoder, "classes": {}}
    if feature.get("dtype") is None:
        found["dtype"] = known.default_dtype
    return found
