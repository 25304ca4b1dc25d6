"""Recognise objects of the official SDK, without importing it."""

from __future__ import annotations


def of_official_sdk(value: object) -> str | None:
    """Return the name of the value's class if it is one of the official SDK; else None.

    For a class derived from one of the SDK, it is the name of the first class of the SDK.
    """
    return next((kind.__name__ for kind in type(value).__mro__ if _is_official(kind)), None)


def derives_from_official_sdk(value: object) -> bool:
    """Whether only a base of the value's class is of the official SDK, so that its code is not."""
    return not _is_official(type(value)) and of_official_sdk(value) is not None


def _is_official(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "bitfount"
