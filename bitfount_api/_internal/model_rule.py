"""Which classes are models: the rule for the check before an upload, and for loaded code."""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T", bound=type)

MODEL_BASE: Final = re.compile(r"\w*BitfountModel([vV]?\d+)?|PytorchInferenceModel|ONNXModel")
"""The names of the known bases, such as ``BitfountModel`` and ``PyTorchBitfountModelv2``."""

METHODS: Final = ("__init__", "initialise_model", "deserialize")
"""The methods of a model that derives from no known base."""


def is_known_base(base: type) -> bool:
    """Whether a class is a model base of this library or the official SDK; imports nothing."""
    module = base.__module__
    if not isinstance(module, str) or module.split(".")[0] not in {"bitfount", "bitfount_api"}:
        return False
    home: Any = sys.modules.get(module)
    # A class can claim any module and name, so it must be found where it claims to be.
    return MODEL_BASE.fullmatch(base.__name__) is not None and (
        getattr(home, base.__name__, None) is base
    )


def has_attribute(candidate: type, name: str) -> bool:
    """Whether a class has an attribute that is not None, itself or by inheritance."""
    return inspect.getattr_static(candidate, name, None) is not None


def missing(candidate: type, is_known: Callable[[type], bool] = is_known_base) -> str | None:
    """Return why a class is not a model, after its name; None if it is a model."""
    if inspect.isabstract(candidate):
        abstract = getattr(candidate, "__abstractmethods__", ())
        return f"is abstract, because it lacks {_listed(sorted(map(str, abstract)))}"
    if any(is_known(base) for base in candidate.__mro__[1:]):
        return None
    lacking = [name for name in METHODS if not has_attribute(candidate, name)]
    return f"lacks {_listed(lacking)}" if lacking else None


def most_derived(models: Iterable[_T]) -> list[_T]:
    """Return the classes that no other of the classes derives from."""
    models = list(models)
    bases = {id(base) for model in models for base in model.__mro__[1:]}
    return [model for model in models if id(model) not in bases]


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
