"""The library's loggers, which write nothing unless the user says where."""

from __future__ import annotations

import logging
from typing import TextIO

PACKAGE = "bitfount_api"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Without a handler, Python itself would print warnings to standard error.
logging.getLogger(PACKAGE).addHandler(logging.NullHandler())


def get_logger(name: str) -> logging.Logger:
    """Return a logger of the library."""
    return logging.getLogger(name)


def write_to_stderr(level: str) -> None:
    """Log from a level on; to standard error, unless a program sets up logging.

    Args:
        level: ``debug``, ``info`` or ``warning``.
    """
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(level.upper())
    if not _has_handlers() and not any(isinstance(each, _Fallback) for each in logger.handlers):
        handler = _Fallback()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)


class _Fallback(logging.StreamHandler[TextIO]):
    """Writes to standard error, until a program sets up logging, which may be later."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if not _has_handlers():
            super().emit(record)


def _has_handlers() -> bool:
    """Whether a program has set up logging."""
    handlers = (*logging.getLogger(PACKAGE).handlers, *logging.getLogger().handlers)
    return not all(isinstance(each, logging.NullHandler | _Fallback) for each in handlers)
