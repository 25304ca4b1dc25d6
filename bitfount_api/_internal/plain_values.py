"""Convert a user's values to the plain values that JSON has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from bitfount_api._internal.validation import is_encodable, plain_number, shorten

MAX_LEVELS: Final = 100
"""The maximum depth of nested values. Deeper ones are most likely a value that contains itself."""
MAX_VALUES: Final = 200_000
"""The maximum number of values. A list that contains another one twice, which does the same, and so
on, has more than any memory holds after 30 levels."""
_MAX_PLACE_LENGTH: Final = 200
_CONSTANTS: Final = {None: "null", True: "true", False: "false"}


def plain_json(value: Any, where: str = "$") -> Any:
    """Return a copy of a value that consists of what JSON has.

    Numbers of other libraries, such as numpy's and ``Decimal``, become ``int`` or ``float``.

    Args:
        value: The value.
        where: Its place, for errors; ``$`` is the whole document.

    Raises:
        ValueError: A part of it has no counterpart in JSON, or raises an error when it is read; or
            it has too many levels or values. The text names the place.
    """
    try:
        return _Conversion().plain(value, where, MAX_LEVELS)
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001 - of a proxy, isinstance() may raise anything
        raise _unreadable(value, error, where) from None


def json_of_shape(value: Any, shape: Any, problem: str) -> Any:
    """Return a copy of a value as :func:`plain_json` does, if the copy has a shape.

    Args:
        value: The value.
        shape: The type of the copy, such as a ``TypedDict``.
        problem: The beginning of the error's text.

    Raises:
        ValueError: It has no counterpart in JSON, or another shape. The text names the place.
    """
    try:
        plain = plain_json(value)
        msgspec.convert(plain, shape)
    except (ValueError, msgspec.ValidationError) as error:  # msgspec 0.19's is no ValueError
        raise ValueError(f"{problem}: {error}") from None
    return plain


class _Conversion:
    """The conversion of one document, which counts its values."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def plain(self, value: Any, where: str, levels: int) -> Any:
        """Return a value as JSON has it."""
        self._left -= 1
        if self._left < 0:
            raise _invalid(f"It has over {MAX_VALUES:,} values", where)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return _text(value, where)
        if isinstance(value, Mapping):
            return self._mapping(value, where, _fewer(levels, where))
        if isinstance(value, (list, tuple)):
            left = _fewer(levels, where)
            return [
                self.plain(item, f"{where}[{index}]", left)
                for index, item in enumerate(_read(value, where))
            ]
        return _number(value, where)

    def _mapping(self, value: Mapping[Any, Any], where: str, levels: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in _pairs(value, where):
            name = _key(key, where)
            if name in found:
                raise _invalid("There are two keys with the same text", f"{where}.{name}")
            found[name] = self.plain(item, f"{where}.{name}", levels)
        return found


def _fewer(levels: int, where: str) -> int:
    if levels == 0:
        raise _invalid(f"It has over {MAX_LEVELS} levels", where)
    return levels - 1


def _read(values: Any, where: str) -> Iterator[Any]:
    """Yield the values of a sequence; its class may be another library's, and raise anything."""
    try:
        yield from iter(values)
    except Exception as error:  # noqa: BLE001
        raise _unreadable(values, error, where) from None


def _pairs(mapping: Mapping[Any, Any], where: str) -> Iterator[tuple[Any, Any]]:
    try:
        for pair in mapping.items():
            key, item = pair  # which is checked here, within the block
            yield key, item
    except Exception as error:  # noqa: BLE001
        raise _unreadable(mapping, error, where) from None


def _key(key: Any, where: str) -> str:
    """Return a key as text, numbers as JSON libraries write them."""
    if isinstance(key, str):
        return _text(key, where)
    plain = None if key is None else _number(key, where)
    return _CONSTANTS[plain] if plain is None or isinstance(plain, bool) else str(plain)


def _text(value: str, where: str) -> str:
    # Not the methods of a class that inherits from str: of an enumeration's member, this is the
    # value.
    plain = str.__str__(value)
    if not is_encodable(plain):
        raise _invalid("The text cannot be encoded as UTF-8", where)
    return plain


def _number(value: Any, where: str) -> int | float | bool:
    kind = type(value).__name__
    try:
        number = plain_number(value)
        if isinstance(number, int):
            str(number)  # there is a limit to the digits
    except Exception:  # noqa: BLE001 - other libraries convert, and may raise anything
        raise _invalid(f"Expected a JSON value, got `{kind}`", where) from None
    if number is None:
        raise _invalid(f"Expected a JSON value, got `{kind}`", where)
    if isinstance(number, float) and not math.isfinite(number):
        raise _invalid(f"JSON has no such number: {number}", where)
    return number


def _unreadable(value: Any, error: Exception, where: str) -> ValueError:
    # Only the types: the text of a foreign error may quote anything.
    kind = type(value).__name__
    return _invalid(f"Reading the `{kind}` raised `{type(error).__name__}`", where)


def _invalid(what: str, where: str) -> ValueError:
    return ValueError(f"{what} - at `{shorten(where, _MAX_PLACE_LENGTH)}`")
