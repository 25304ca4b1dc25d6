"""Findings of the checks."""

from __future__ import annotations

import contextlib
import enum
import logging
from typing import TYPE_CHECKING

import attrs

from bitfount_api.redaction import hide_keys

if TYPE_CHECKING:
    from collections.abc import Iterator


class Level(enum.StrEnum):
    """Severity of a finding."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@attrs.frozen
class Finding:
    """A result of a check.

    Args:
        area: Area that was checked, such as ``"Settings"``.
        level: Severity.
        text: Description of the finding.
        advice: Advice on how to fix the problem; None if there is nothing to do.
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
        """Add a finding without a problem."""
        self._add(Level.OK, text)

    def note(self, text: str, advice: str | None = None) -> None:
        """Add an informational finding."""
        self._add(Level.NOTE, text, advice)

    def warn(self, text: str, advice: str) -> None:
        """Add a finding about something that works, but not permanently, completely or securely."""
        self._add(Level.WARNING, text, advice)

    def problem(self, text: str, advice: str) -> None:
        """Add a finding about something that does not work."""
        self._add(Level.PROBLEM, text, advice)

    def _add(self, level: Level, text: str, advice: str | None = None) -> None:
        # A variable or a path may hold a key by mistake.
        advice = advice and hide_keys(advice)
        self.found.append(Finding(self.area, level, hide_keys(text), advice))


class _Collector(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())


@contextlib.contextmanager
def collecting_warnings() -> Iterator[list[str]]:
    """Collect the warnings that the library logs in the block, instead of showing them."""
    logger = logging.getLogger("bitfount_api")
    texts: list[str] = []
    before = logger.handlers
    logger.handlers = [_Collector(texts)]
    try:
        yield texts
    finally:
        logger.handlers = before
