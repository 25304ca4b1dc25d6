"""Check plain arguments: whole numbers, times, and values as errors may quote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import attrs

_MAX_SECONDS = 365 * 86400
_MAX_QUOTED = 80


def is_whole_number(value: object, minimum: int = 0, maximum: int | None = None) -> bool:
    """Whether a value is an integer from ``minimum`` to ``maximum``. True and False are not."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        return False
    return maximum is None or value <= maximum


def whole_number(value: Any, name: str, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a whole number.

    Args:
        value: The value to check.
        name: What the error calls it.
        minimum: The least that is valid.
        maximum: The most that is valid; None for no limit.

    Raises:
        ValueError: It is not a whole number in that range.
    """
    if not is_whole_number(value, minimum, maximum):
        to = "" if maximum is None else f" to {maximum:,}"
        raise ValueError(f"{name} must be a whole number from {minimum}{to}, not {quote(value)}")
    number: int = value
    return number


def whole_number_field(minimum: int) -> Any:
    """Return an attrs validator for :func:`whole_number`."""

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        whole_number(value, attribute.alias or attribute.name, minimum)

    return validate


def check_seconds(name: str, seconds: object) -> None:
    """Check a time limit.

    Args:
        name: What the error calls it.
        seconds: The time; None is valid, and means the default.

    Raises:
        ValueError: It is not a number of seconds over 0, a year at most.
    """
    if seconds is None:
        return
    # True is a number to Python; no socket takes more than a year.
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise ValueError(f"{name} must be a number of seconds, not a {type(seconds).__name__}")
    if not 0 < seconds <= _MAX_SECONDS:
        raise ValueError(f"{name} must be a number of seconds over 0, at most a year: {seconds!r}")


def shorten(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters; what is cut off shows as an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quote(value: object, limit: int = _MAX_QUOTED) -> str:
    """Return a value as an error may show it: bounded, and with control characters escaped.

    Values of other types than text and numbers are named by their type: what was passed by
    mistake may be secret, or endless.
    """
    if isinstance(value, str):
        return repr(shorten(value, limit))
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int | float) and abs(value) < 10**12:
        return repr(value)
    return f"a value of type {type(value).__name__}"
