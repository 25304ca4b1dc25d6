"""Validate whole numbers and times, and quote values for error texts."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bitfount_api._internal.key_text import has_key

if TYPE_CHECKING:
    import attrs

_MAX_SECONDS = 365 * 86400
_MAX_QUOTED = 80
_MAX_DIGITS = 18

INVISIBLE = (
    # Those that change the direction, that have no width, and fillers, which look like spaces;
    # Unicode's property Default_Ignorable_Code_Point, and interlinear annotations.
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"  # tags and variation selectors, which can carry hidden text
)
"""Characters that nobody sees, as a part of a set in a regular expression."""


def is_whole_number(value: object, minimum: int = 0, maximum: int | None = None) -> bool:
    """Whether a value is an integer from ``minimum`` to ``maximum``. True and False are not."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        return False
    return maximum is None or value <= maximum


def whole_number(value: Any, name: str, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a whole number as an ``int``, of other libraries, such as numpy, too.

    Args:
        value: The value to check.
        name: The argument's name in the error.
        minimum: The smallest valid value.
        maximum: The largest valid value; None for no limit.

    Raises:
        ValueError: The value is not a whole number in that range.
    """
    number: int = plain_integer(value)
    if not is_whole_number(number, minimum, maximum):
        bounds = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum:,}"
        raise ValueError(f"{name} must be a whole number {bounds}, not {quote(value)}")
    return number


def plain_integer(value: Any) -> Any:
    """Return an integer of another library as an ``int``, and any other value unchanged.

    Arithmetic with small types, such as numpy's ``uint8``, would overflow, and JSON has no others.
    """
    if value is None or isinstance(value, int | str):
        return value
    try:
        number = plain_number(value)
    except Exception:  # noqa: BLE001 - other libraries convert, and may raise anything
        return value
    return number if isinstance(number, int) else value


def integer(value: int) -> int:
    """:func:`plain_integer` as a converter for attrs, with the type of the field."""
    plain: int = plain_integer(value)
    return plain


def optional_integer(value: int | None) -> int | None:
    """:func:`integer` for fields that may be None."""
    return None if value is None else integer(value)


def plain_number(value: Any) -> int | float | bool | None:
    """Return a number of any library, such as numpy's and ``Decimal``; None for what is no number.

    Raises:
        Exception: The library's conversion raised it.
    """
    if isinstance(value, bool):
        return value
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


def number_of_text(value: Any) -> Any:
    """Return the whole number that a text of digits is, and any other value unchanged."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        return int(value)
    return value


def non_empty_text(value: Any, name: str) -> str:
    """Return a text.

    Args:
        value: The value to check.
        name: The argument's name in the error.

    Raises:
        ValueError: The value is not text, or empty, blank, or has an unpaired surrogate.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a non-empty string, not {quote(value)}")
    check_encodable(name, value)
    return value


def flag(value: object, name: str) -> bool:
    """Return a truth value.

    Raises:
        ValueError: The value is another one, whose truth may not be what is meant.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {quote(value)}")
    return value


def whole_number_field(minimum: int) -> Any:
    """Return an attrs validator for :func:`whole_number`."""

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        whole_number(value, attribute.alias or attribute.name, minimum)

    return validate


def check_seconds(name: str, seconds: object) -> None:
    """Check a time limit.

    Args:
        name: The argument's name in the error.
        seconds: The time; None is valid, and means the default.

    Raises:
        ValueError: The time is not a number of seconds over 0 and up to a year.
    """
    if seconds is None:
        return
    seconds = plain_integer(seconds)
    # bool is a subclass of int; sockets accept no more than a year.
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise ValueError(f"{name} must be a number of seconds, not a {type(seconds).__name__}")
    if not 0 < seconds <= _MAX_SECONDS:
        raise ValueError(
            f"{name} must be a number of seconds over 0, at most a year: {quote(seconds)}"
        )


def check_encodable(name: str, value: object) -> None:
    """Check that a value can be sent, if it is text.

    Args:
        name: The argument's name in the error.
        value: The value; other types are left to other checks.

    Raises:
        ValueError: The text has an unpaired surrogate. The message does not quote it.
    """
    if isinstance(value, str) and not is_encodable(value):
        raise _unpaired(name)


def check_path(name: str, path: str | bytes | os.PathLike[Any]) -> None:
    """Check that a file can have a name. Those that are not UTF-8 have special surrogates.

    Args:
        name: The argument's name in the error.
        path: The file's path.

    Raises:
        ValueError: The path has a null character, or an unpaired surrogate. The message does not
            quote it.
    """
    if "\0" in os.fsdecode(path):
        raise ValueError(f"{name} cannot have a null character")
    # Not raised while the UnicodeEncodeError is handled, which would keep the text.
    with suppress(UnicodeEncodeError):
        os.fsencode(path)
        return
    raise _unpaired(name)


def is_encodable(text: str) -> bool:
    """Whether a text is valid Unicode, without an unpaired surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unpaired(name: str) -> ValueError:
    return ValueError(f"{name} cannot be encoded: it has an unpaired surrogate, half a character")


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most ``limit`` characters, with an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quote(value: object, limit: int = _MAX_QUOTED) -> str:
    """Return a value for an error text: bounded, and with control characters escaped.

    Text that could be a key is not shown. Values other than text and numbers are shown by their
    type only: a value passed by mistake may be secret, or endless.
    """
    if isinstance(value, str):
        if has_key(value[: limit + _MAX_QUOTED]):
            return "text that could be a key"
        return repr(shorten(value, limit))
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int | float) and abs(value) < 10**12:
        return repr(value)
    return f"a value of type {type(value).__name__}"
