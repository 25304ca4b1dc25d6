"""Convert a user's values to the plain values that JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from bitfount_api._internal.validation import shorten

MAX_LEVELS: Final = 100
"""The maximum depth of nested values. Deeper ones are most likely a value that contains itself."""
_MAX_PLACE_LENGTH: Final = 200


def plain_json(value: Any, where: str = "$") -> Any:
    """Return a copy of a value that consists of what JSON has.

    Numbers of other libraries, such as numpy's and ``Decimal``, become ``int`` or ``float``.

    Args:
        value: The value.
        where: Its place, for errors; ``$`` is the whole document.

    Raises:
        ValueError: A part of it has no counterpart in JSON. The text names its place.
    """
    return _plain(value, where, MAX_LEVELS)


def _plain(value: Any, where: str, levels: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, Mapping):
        return _mapping(value, where, _fewer(levels, where))
    if isinstance(value, (list, tuple)):
        left = _fewer(levels, where)
        return [_plain(item, f"{where}[{index}]", left) for index, item in enumerate(value)]
    return _number(value, where)


def _fewer(levels: int, where: str) -> int:
    if levels == 0:
        raise _invalid(f"It has over {MAX_LEVELS} levels", where)
    return levels - 1


def _mapping(value: Mapping[Any, Any], where: str, levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key, where)
        if name in found:
            raise _invalid("There are two keys with the same text", f"{where}.{name}")
        found[name] = _plain(item, f"{where}.{name}", levels)
    return found


def _key(key: Any, where: str) -> str:
    """Return a key as text, numbers as JSON libraries write them."""
    if isinstance(key, str):
        return _text(key, where)
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(_number(key, where))


def _text(value: str, where: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _invalid("The text cannot be encoded as UTF-8", where) from None
    return str.__str__(value)  # of an enumeration's member, its value


def _number(value: Any, where: str) -> int | float | bool:
    kind = type(value).__name__
    try:
        number = _as_number(value)
        if isinstance(number, int):
            str(number)  # there is a limit to the digits
    except Exception:  # noqa: BLE001 - other libraries convert, and may raise anything
        raise _invalid(f"Expected a JSON value, got `{kind}`", where) from None
    if number is None:
        raise _invalid(f"Expected a JSON value, got `{kind}`", where)
    if isinstance(number, float) and not math.isfinite(number):
        raise _invalid(f"JSON has no such number: {number}", where)
    return number


def _as_number(value: Any) -> int | float | bool | None:
    """Return a number of any library; None for what is not one number."""
    if getattr(value, "shape", ()) != ():
        return None  # an array, which would count as a number if it has one element
    if hasattr(value, "dtype") and callable(getattr(value, "item", None)):
        if getattr(value, "mask", False):
            return None  # numpy's masked value, which would become 0
        value = value.item()  # of numpy or PyTorch; its truth values know __index__ too
        if isinstance(value, bool):
            return value
    if isinstance(value, float):
        return float.__float__(value)
    kind = type(value)
    if hasattr(kind, "__index__"):
        return int(kind.__index__(value))
    if hasattr(kind, "__float__"):
        return float(value)
    return None


def _invalid(what: str, where: str) -> ValueError:
    return ValueError(f"{what} - at `{shorten(where, _MAX_PLACE_LENGTH)}`")
