"""What a check has found."""

from __future__ import annotations

import enum

import attrs


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@attrs.frozen
class Finding:
    """One thing that was looked at.

    Args:
        area: What it belongs to, such as ``"Settings"``.
        level: How bad it is.
        text: What was found.
        advice: What to do about it; None where nothing has to be done.
    """

    area: str
    level: Level
    text: str
    advice: str | None = None


@attrs.define
class Report:
    """The findings of one area."""

    area: str
    found: list[Finding] = attrs.field(factory=list)

    def ok(self, text: str) -> None:
        """It is as it should be."""
        self.found.append(Finding(self.area, Level.OK, text))

    def note(self, text: str, advice: str | None = None) -> None:
        """Good to know."""
        self.found.append(Finding(self.area, Level.NOTE, text, advice))

    def warn(self, text: str, advice: str) -> None:
        """It works, but not for long, or not for everything, or not safely."""
        self.found.append(Finding(self.area, Level.WARNING, text, advice))

    def problem(self, text: str, advice: str) -> None:
        """It does not work like that."""
        self.found.append(Finding(self.area, Level.PROBLEM, text, advice))
