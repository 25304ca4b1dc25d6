"""Fields of requests that the specs do not name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Model(Protocol):
    additional_properties: dict[str, Any]

    def to_dict(self) -> dict[str, Any]: ...


ModelT = TypeVar("ModelT", bound=_Model)


def with_other_fields(model: ModelT, given: Mapping[str, Any]) -> ModelT:
    """Add those of the user's fields that a request model does not send yet.

    Services accept fields before the specs name them, and some objects have no named fields at all.

    Args:
        model: The model, created from the fields that it has.
        given: The user's JSON object.
    """
    sent = model.to_dict().keys()
    model.additional_properties = {name: value for name, value in given.items() if name not in sent}
    return model
