"""Features by their semantic type and name, as the official SDK groups them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, overload

from bitfount_api._internal.features import (
    FEATURE_CLASSES,
    CategoricalFeature,
    ContinuousFeature,
    Feature,
    ImageFeature,
    TextFeature,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class FeaturesByType(Mapping[str, Mapping[str, Feature]]):
    """Features as ``{semantic type: {name: feature}}``, as the official SDK groups them.

    The known types come first, in alphabetical order, then the others; types without a feature are
    left out. The features of a type are in the schema's order. Of features with the same type and
    name, only the last is included.
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        """Group features.

        Args:
            features: The features, in the schema's order.
        """
        groups: dict[str, dict[str, Feature]] = {kind: {} for kind in FEATURE_CLASSES}
        for feature in features:
            groups.setdefault(str(feature.semantic_type), {})[feature.name] = feature
        self._groups = {kind: group for kind, group in groups.items() if group}

    @overload
    def __getitem__(self, kind: Literal["categorical"], /) -> Mapping[str, CategoricalFeature]: ...
    @overload
    def __getitem__(self, kind: Literal["continuous"], /) -> Mapping[str, ContinuousFeature]: ...
    @overload
    def __getitem__(self, kind: Literal["image"], /) -> Mapping[str, ImageFeature]: ...
    @overload
    def __getitem__(self, kind: Literal["text"], /) -> Mapping[str, TextFeature]: ...
    @overload
    def __getitem__(self, kind: str, /) -> Mapping[str, Feature]: ...
    def __getitem__(self, kind: str, /) -> Mapping[str, Any]:
        """Return the features of a semantic type, by their name."""
        return MappingProxyType(self._groups[kind])  # made here, because it cannot be pickled

    def __iter__(self) -> Iterator[str]:
        """Iterate over the semantic types."""
        return iter(self._groups)

    def __len__(self) -> int:
        """Return the number of semantic types that have features."""
        return len(self._groups)

    def __repr__(self) -> str:
        """Return the features as they are grouped."""
        return repr(self._groups)
