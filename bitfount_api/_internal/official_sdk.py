"""Recognise objects of the official SDK, without importing it."""

from __future__ import annotations


def of_official_sdk(value: object) -> str | None:
    """Return the name of the value's class if it is one of the official SDK; else None.

    For a class derived from one of the SDK, it is the name of the first class of the SDK.
    """
    for kind in type(value).__mro__:
        if kind.__module__.partition(".")[0] == "bitfount":
            return kind.__name__
    return None
